"""The court's log alone tells where a case stands: what agents fold out of it is what the chain has on record."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.agents.books.case_events import CASE_EVENTS, read_case_event
from lilypad.chain.contracts import Event
from lilypad.protocol.case import Case as Told
from lilypad.protocol.case import CasePhase, Due, Opened, apply, due, open_case
from lilypad.protocol.deal import Verdict
from lilypad.protocol.docket import SILENCE, UNIT
from lilypad.protocol.settlement import Challenge
from lilypad.types import Address
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import HOUR, OTHER, RIGHT, WITH_APPEALS
from tests.invariants.evm import Contract, Receipt


class ListeningHouse(CourtHouse):
    """Folds whatever the court says about its one case, and looks each time whether the chain agrees."""

    told: Told | None = None

    def challenge(self, terms: Any, deal: Any) -> Case:
        self.claim = deal[1]
        return super().challenge(terms, deal)

    def send(self, who: str, contract: Contract, function: str, *arguments: Any) -> Receipt:
        receipt = super().send(who, contract, function, *arguments)
        told = [(name, fields) for name, fields in receipt.events if name in CASE_EVENTS]
        for name, fields in told:
            case, meaning = read_case_event(_event(name, fields))
            if isinstance(meaning, Opened):
                fee, bond = self.settings.fee, self.settings.bond
                self.told = open_case(case, self.claim, self._dispute(fee, bond, meaning), meaning, self.evm.now)
            else:
                assert self.told is not None
                self.told = apply(self.told, meaning, self.evm.now)
        if told:
            self.check()
        return receipt

    def _dispute(self, fee: int, bond: int, event: Opened) -> Any:
        seats = event.verification.mediators
        return Challenge(self.address("challenger"), bond * UNIT, self.mediation.address, fee * seats * UNIT)

    def check(self) -> None:
        assert self.told is not None
        phase, time, digest = self.evm.read(self.mediation, "caseOf", self.told.id)
        if phase == CasePhase.NONE:
            assert self.told.phase is CasePhase.CLOSED, "the chain forgets a case that was not appealed"
            return
        waits = self.told.phase in (CasePhase.ARMED, CasePhase.CLOSED)
        expected = (self.told.phase, self.told.ticket if waits else self.told.since, record_of(self.told)[:26])
        assert (phase, self.told.ticket if phase == CasePhase.CLOSED else time, bytes(digest)) == expected

    def now_due(self) -> Due | None:
        assert self.told is not None
        return due(self.told, self.evm.now)


def record_of(case: Told) -> bytes:
    """What contracts/mediation has on record of a case in this phase."""
    round_ = case.docket.hash
    match case.phase:
        case CasePhase.SEALED:
            return keccak(round_ + b"".join(case.seals))
        case CasePhase.RULED:
            return keccak(encode(["bytes32", "uint8", "bytes32[]"], [round_, case.verdict, list(case.votes)]))
        case CasePhase.CLOSED:
            return keccak(encode(["uint8", "bytes32"], [case.verdict, case.winner]))
    return round_


def _event(name: str, fields: dict[str, Any]) -> Event:
    """As an agent's binding decodes it: addresses with their checksum."""
    args = dict(fields)
    if "mediator" in args:
        args["mediator"] = Address(to_checksum_address(args["mediator"]))
    if "seats" in args:
        args["seats"] = [Address(to_checksum_address(seat)) for seat in args["seats"]]
    return Event(name, args, Address("0x"), 0, b"", b"", 0, 0)


@pytest.fixture
def house() -> ListeningHouse:
    return ListeningHouse(WITH_APPEALS, stakes=(200_000,) * 28)


def test_log__of_votes_one_by_one__tells_who_has_sealed_and_opened(house: ListeningHouse) -> None:
    case = house.open()
    ballots = house.ballots(case, RIGHT, OTHER, RIGHT)
    house.commit(case, ballots)
    assert house.told is not None
    assert house.told.has_all_sealed
    assert house.now_due() is None
    house.reveal(case, ballots, 0, 1, 2)
    assert house.told.has_all_revealed
    assert house.now_due() is Due.TALLY
    assert [b.commitment for b in house.told.ballots()] == [RIGHT.commitment, OTHER.commitment, RIGHT.commitment]
    house.tally(case, ballots)
    assert (house.told.phase, house.told.verdict) == (CasePhase.RULED, Verdict.RIGHT)
    house.execute(house.with_ruling(case, house.told.votes, Verdict.RIGHT))
    assert house.told.phase is CasePhase.CLOSED
    assert house.now_due() is None


def test_log__of_a_round_without_a_majority__tells_of_the_next_draw(house: ListeningHouse) -> None:
    case = house.open()
    house.evm.now += WITH_APPEALS.commit + WITH_APPEALS.reveal + 1
    assert house.now_due() is Due.TALLY
    receipt = house.tally(case, [SILENCE] * 3)
    assert house.told is not None
    assert (house.told.phase, house.told.docket.stage.redrawn) == (CasePhase.ARMED, 1)
    again = house.redrawn(case, receipt)
    house.set_life(10**9)
    drawn = house.drawn(again)
    assert (house.told.docket, house.told.phase) == (drawn.docket, CasePhase.VOTING)


def test_log__of_votes_that_came_sealed_with_the_draw__has_all_seals(house: ListeningHouse) -> None:
    case = house.challenged()
    seated = house.foreseen(case)
    ballots = house.ballots(seated, RIGHT)
    house.act("stranger", case, "drawAndCommit", case.terms.words(), b"", house.sealed(seated, ballots))
    assert house.told is not None
    assert (house.told.phase, list(house.told.seals)) == (CasePhase.SEALED, house.seals(seated, ballots))


def test_log__of_an_appeal__keeps_the_rounds_that_are_to_be_settled(house: ListeningHouse) -> None:
    first = house.open()
    ruled = house.ruled(first, house.ballots(first, RIGHT))
    second = house.drawn(house.appeal(ruled))
    assert house.told is not None
    assert (house.told.docket.stage.round, len(house.told.docket.seats)) == (1, 7)
    end = house.ruled(second, house.ballots(second, RIGHT))
    house.execute(end)
    (former,) = house.told.former
    assert (former.docket, former.verdict) == (ruled.docket, Verdict.RIGHT)
    assert house.now_due() is Due.SETTLE_ROUND
    words = (list(former.votes), former.verdict, former.appellant, house.told.verdict, house.told.winner)
    house.send("stranger", house.mediation, "settleRound", former.docket.words(), *words)
    assert house.told.former == ()
    assert house.now_due() is None


def test_log__after_the_mediate_window__says_that_it_may_be_abandoned(house: ListeningHouse) -> None:
    case = house.challenged(mediate=3 * 24 * HOUR)
    house.evm.now = case.docket.stage.deadline + 1
    assert house.now_due() is Due.ABANDON
    house.act("stranger", case, "abandon", case.terms.words(), [], Verdict.UNDECIDED)
    assert house.told is not None
    assert (house.told.phase, house.told.verdict) == (CasePhase.CLOSED, Verdict.UNDECIDED)
