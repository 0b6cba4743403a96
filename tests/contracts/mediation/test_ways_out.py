"""Nothing stays stuck: out of every state there is a call that anybody may make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.docket import UNIT
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import RIGHT, WITH_APPEALS


def armed(house: CourtHouse) -> Case:
    return house.challenged()


def drawn(house: CourtHouse) -> Case:
    return house.open()


def committed(house: CourtHouse) -> Case:
    case = house.open()
    house.commit(case, house.ballots(case, RIGHT))
    return case


def revealed(house: CourtHouse) -> Case:
    case = committed(house)
    house.reveal(case, house.ballots(case, RIGHT), 0, 1)
    return case


def sealed(house: CourtHouse) -> Case:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    house.act("stranger", house.undrawn(case), "drawAndCommit", case.terms.words(), b"", house.sealed(case, ballots))
    case = replace(case, time=house.evm.now, seals=tuple(house.seals(case, ballots)))
    house.reveal(case, ballots, 1)
    return case


def ruled(house: CourtHouse) -> Case:
    case = house.open()
    return house.ruled(case, house.ballots(case, RIGHT))


def appealed(house: CourtHouse) -> Case:
    return house.appeal(ruled(house))


def drawn_again(house: CourtHouse) -> Case:
    return house.drawn(appealed(house))


STATES = {
    armed: [],
    drawn: [10_000] * 3,
    committed: [10_000] * 3,
    revealed: [0, 0, 10_000],
    sealed: [10_000, 0, 10_000],
    ruled: [0] * 3,
    appealed: [],
    drawn_again: [10_000] * 7,
}
"""What each seat loses when nobody does anything any more, in units."""


def abandon(house: CourtHouse, case: Case) -> None:
    house.act("stranger", case, "abandon", case.terms.words(), list(case.votes or case.seals), case.verdict)


@pytest.mark.parametrize("is_expired", [False, True], ids=["deal open", "deal expired"])
@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_abandon__after_the_mediate_window__sets_everybody_free(
    appealing: CourtHouse, state: Callable[[CourtHouse], Case], is_expired: bool
) -> None:
    house = appealing
    case = state(house)
    house.evm.now = case.docket.stage.deadline
    with refused("Mediation_TooEarly", deadline=case.docket.stage.deadline):
        abandon(house, case)
    house.evm.now += 1
    if is_expired:
        dispute = case.docket.dispute.words()
        words = (case.terms.words(), (case.docket.claim.commitment, case.docket.claim.instruction_count), dispute)
        house.send("stranger", house.controller, "expire", *words)
    abandon(house, case)
    assert house.status(case) == DealStatus.UNDECIDED
    assert [200_000 - house.mediator(seat)[0] for seat in case.docket.seats] == STATES[state]
    assert house.balance(house.mediators, house.address("appellant"))[1] == 0
    with refused("Mediation_WrongPhase"):
        abandon(house, case)


def test_abandoned_appeal__lets_the_first_round_go_too(appealing: CourtHouse) -> None:
    first = ruled(appealing)
    case = appealing.drawn(appealing.appeal(first))
    appealing.evm.now = case.docket.stage.deadline + 1
    abandon(appealing, case)
    arguments = (list(first.votes), first.verdict, case.docket.appellant, Verdict.UNDECIDED, bytes(32))
    appealing.act("stranger", first, "settleRound", *arguments)
    assert appealing.nothing_is_bound()
    assert [appealing.mediator(seat)[4] for seat in first.docket.seats] == [0] * 3  # no fee ever came
    locked = 7 * WITH_APPEALS.fee * UNIT + 2 * WITH_APPEALS.bond * UNIT
    assert appealing.balance(appealing.mediators, appealing.address("appellant")) == (locked, 0)


def test_verdict__of_a_deal_that_expired__does_not_pass(house: CourtHouse) -> None:
    """The controller said its last word; what is left is to abandon the case."""
    case = house.open()
    ballots = house.ballots(case, RIGHT)
    house.evm.now = case.docket.stage.deadline + 1
    words = (case.terms.words(), (RIGHT.commitment, RIGHT.instruction_count), case.docket.dispute.words())
    house.send("stranger", house.controller, "expire", *words)
    with refused("Mediation_TooLate"):
        house.tally(case, ballots, house.together(case, ballots))
    abandon(house, case)
    assert house.nothing_is_bound()
