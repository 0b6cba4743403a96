"""A mediator may be a contract: it stakes, is drawn and signs as ERC-1271 has it."""

from __future__ import annotations

import pytest
from eth_typing import Hash32

from lilypad.protocol.docket import UNIT
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import RIGHT, key_of
from tests.invariants.evm import Contract, calldata

OWNER = "owner of the wallet"


@pytest.fixture
def court() -> CourtHouse:
    """With two mediators, so that whoever comes third is drawn."""
    return CourtHouse(stakes=(200_000,) * 2)


@pytest.fixture
def wallet(court: CourtHouse) -> Contract:
    wallet = court.evm.deploy("MockWallet", court.address(OWNER))
    court.deposit(court.mediators, wallet.address, 200_000 * UNIT)
    stake = calldata(court.mediators, "stake", 200_000)
    court.send(OWNER, wallet, "execute", court.mediators.address, stake)
    court.reweigh(wallet.address)
    court.pass_epoch()
    return wallet


def commit_signed_by(court: CourtHouse, case: Case, wallet: Contract, who: str) -> tuple[int, bytes, bytes]:
    seat = list(case.docket.seats).index(wallet.address)
    seal = court.seals(case, court.ballots(case, RIGHT))[seat]
    digest = Hash32(court.domain.commit_digest(case.round, seal))
    return seat, seal, bytes(key_of(who).unsafe_sign_hash(digest).signature)


def test_commit__signed_as_the_contract_wants_it__is_recorded(court: CourtHouse, wallet: Contract) -> None:
    case = court.open()
    vote = commit_signed_by(court, case, wallet, OWNER)
    receipt = court.act("stranger", case, "commit", [vote])
    assert dict(receipt.events)["VoteCommitted"] == {"id": case.docket.id, "mediator": wallet.address, "hash": vote[1]}


def test_commit__signed_by_somebody_else__is_refused(court: CourtHouse, wallet: Contract) -> None:
    case = court.open()
    with refused("Mediation_BadSignature", mediator=wallet.address.lower()):
        court.act("stranger", case, "commit", [commit_signed_by(court, case, wallet, "stranger")])
