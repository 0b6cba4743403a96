"""Mediators that are contracts, and answer as badly as they can when they are asked for their signature (ERC-1271)."""

from __future__ import annotations

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.den import NO_CONSENT, Den, Trick
from tests.contracts.mediation.town import OTHER, RIGHT, SETTINGS
from tests.invariants.evm import calldata

A_LOT = 400_000
"""Gas for a commit of three, one of them a bomb of 200 kB, which costs its own contract 100,000."""


@pytest.fixture
def den() -> Den:
    """Two honest mediators and the contract: all three sit in every case."""
    return Den(stakes=(200_000,) * 2)


@pytest.mark.parametrize("trick", NO_CONSENT)
def test_commit__with_a_contract_that_does_not_agree__goes_on_without_it(den: Den, trick: Trick) -> None:
    case = den.open()
    den.play(trick)
    with refused("Mediation_BadSignature", mediator=den.hostile.address.lower()):
        den.commit(case, den.ballots(case, RIGHT))
    ballots = den.honest(case)
    den.commit(case, ballots)
    den.evm.now = case.time + SETTINGS.commit + 1
    den.reveal(case, ballots, *[i for i in range(3) if i != den.seat_of(case)])
    den.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    den.tally(case, ballots)
    assert den.status(case) == DealStatus.ACCEPTED
    assert den.mediator(den.hostile.address)[0] == 200_000 - SETTINGS.penalty * SETTINGS.silent_percent // 100
    assert den.nothing_is_bound()


@pytest.mark.parametrize("trick", NO_CONSENT)
def test_draw_with_votes__of_a_contract_that_does_not_agree__leaves_the_case_to_be_drawn(
    den: Den, trick: Trick
) -> None:
    case = den.foreseen(den.challenged())
    den.play(trick)
    ballots = den.ballots(case, RIGHT)
    words = [ballot.words() for ballot in ballots]
    arguments = (case.terms.words(), b"")
    with refused("Mediation_BadSignature"):
        den.act("stranger", den.undrawn(case), "drawAndTally", *arguments, words, den.together(case, ballots))
    with refused("Mediation_BadSignature"):
        den.act("stranger", den.undrawn(case), "drawAndCommit", *arguments, den.sealed(case, ballots))
    den.act("stranger", den.undrawn(case), "drawAndCommit", *arguments, den.sealed(case, den.honest(case)))


@pytest.mark.parametrize("trick", [Trick.AGREE, Trick.BOMB])
def test_vote__of_a_contract_that_agrees__counts_whatever_else_it_answers(den: Den, trick: Trick) -> None:
    case = den.open()
    den.play(trick)
    ballots = den.ballots(case, RIGHT)
    assert den.commit(case, ballots).gas_used < A_LOT
    assert den.tally(case, ballots, den.together(case, ballots)).gas_used < A_LOT
    assert den.status(case) == DealStatus.ACCEPTED


@pytest.mark.parametrize("function", ["collect", "commit"])
def test_contract_that_calls_back__finds_every_door_closed(den: Den, function: str) -> None:
    """What it tries succeeds right afterwards: it only agrees where its own try has failed."""
    case = den.open()
    ballots = den.ballots(case, RIGHT)
    own, other, third = sorted(den.sealed(case, ballots), key=lambda vote: vote[0] != den.seat_of(case))
    arguments = {"collect": (case.docket.seats[other[0]],), "commit": (case.docket.words(), [other])}[function]
    den.play(Trick.CALL_BACK, calldata(den.mediation, function, *arguments))
    den.act("stranger", case, "commit", [own])
    den.send("stranger", den.mediation, function, *arguments)
    den.act("stranger", case, "commit", [third] if function == "commit" else [other, third])
    den.tally(case, ballots)
    assert den.status(case) == DealStatus.ACCEPTED


def test_contract__votes_by_its_own_calls__like_anybody(den: Den) -> None:
    case = den.open(OTHER)
    ballots = den.ballots(case, RIGHT)
    seat = den.seat_of(case)
    seal = den.seals(case, ballots)[seat]
    den.send_by(den.hostile, den.mediation, "commit", case.docket.words(), [(seat, seal, b"")])
    den.commit(case, den.honest(case))
    den.tally(case, ballots)
    assert den.status(case) == DealStatus.REJECTED
