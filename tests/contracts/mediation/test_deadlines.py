"""Each phase has a way on that anybody may take: refused in one second, open in the next, whoever does nothing.

`abandon`, the way out of all of them, is in test_ways_out.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.docket import SILENCE
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.test_ways_out import armed, committed, drawn, ruled, sealed
from tests.contracts.mediation.town import EPOCH, RIGHT, WITH_APPEALS

ARMED, VOTING, SEALED, RULED, NONE = 1, 2, 3, 4, 0
UNTIL_REVEALS = WITH_APPEALS.commit
UNTIL_TALLY = WITH_APPEALS.commit + WITH_APPEALS.reveal


@dataclass(frozen=True)
class Way:
    """From a state, by a call, where it is refused until and including that second, to a phase."""

    state: Callable[[CourtHouse], Case]
    call: Callable[[CourtHouse, Case], object]
    until: Callable[[Case], int]
    error: str
    phase: int


def draw(house: CourtHouse, case: Case) -> None:
    house.act("stranger", case, "draw", case.terms.words(), b"")


def rearm(house: CourtHouse, case: Case) -> None:
    house.act("stranger", case, "rearm", b"")


def reveal_one(house: CourtHouse, case: Case) -> None:
    house.reveal(case, house.ballots(case, RIGHT), 0)


def tally_silence(house: CourtHouse, case: Case) -> None:
    house.tally(case, [SILENCE] * 3)


def tally_one_revealed(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, None, RIGHT, None)
    house.tally(case, ballots)


def execute(house: CourtHouse, case: Case) -> None:
    house.act("stranger", case, "execute", case.terms.words(), list(case.votes), case.verdict)


def some_committed(house: CourtHouse) -> Case:
    case = house.open()
    house.commit(case, house.ballots(case, RIGHT, None, RIGHT))
    return case


def armed_for_long(house: CourtHouse) -> Case:
    """Its randomness can be shown for as long as one likes; only the epoch ends."""
    house.set_life(10 * EPOCH)
    return house.challenged()


WAYS = {
    "armed, its number comes": Way(armed, draw, lambda c: c.ticket, "Randomness_NotYet", VOTING),
    "armed, its number is forgotten": Way(armed, rearm, lambda c: c.ticket + 3_600, "Mediation_NotMissed", ARMED),
    "armed, its epoch has passed": Way(
        armed_for_long, rearm, lambda c: (c.ticket // EPOCH + 1) * EPOCH - 1, "Mediation_NotMissed", ARMED
    ),
    "drawn, somebody did not commit": Way(
        some_committed, reveal_one, lambda c: c.time + UNTIL_REVEALS, "Mediation_TooEarly", VOTING
    ),
    "drawn, nobody did": Way(drawn, tally_silence, lambda c: c.time + UNTIL_TALLY, "Mediation_TooEarly", ARMED),
    "committed, nobody revealed": Way(
        committed, tally_silence, lambda c: c.time + UNTIL_TALLY, "Mediation_TooEarly", ARMED
    ),
    "sealed, one revealed": Way(
        sealed, tally_one_revealed, lambda c: c.time + UNTIL_TALLY, "Mediation_TooEarly", ARMED
    ),
    "ruled, nobody appealed": Way(ruled, execute, lambda c: c.time + WITH_APPEALS.appeal, "Mediation_TooEarly", NONE),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_way_on__is_refused_in_its_last_second_before__and_open_in_the_next(appealing: CourtHouse, way: Way) -> None:
    case = way.state(appealing)
    appealing.evm.now = way.until(case)
    with refused(way.error):
        way.call(appealing, case)
    appealing.evm.now += 1
    way.call(appealing, case)
    assert appealing.phase(case) == way.phase


@pytest.mark.parametrize(("life", "last"), [(3_600, 3_600), (10 * EPOCH, EPOCH // 2 - 1)], ids=["number", "epoch"])
def test_draw__is_open_until_the_last_second_of_its_number_and_its_epoch(
    house: CourtHouse, life: int, last: int
) -> None:
    """The case is made so that its number comes in the middle of an epoch, as late as it can."""
    house.set_life(life)
    house.evm.now += EPOCH // 2 - 600
    case = house.challenged()
    assert case.ticket % EPOCH == EPOCH // 2
    house.evm.now = case.ticket + min(last, EPOCH // 2 - 1)
    house.drawn_by(case, house.act("stranger", case, "draw", case.terms.words(), b""), house.predicted(case))


def test_number_of_an_epochs_first_second__is_drawn_with_and_not_waited_out(house: CourtHouse) -> None:
    """Whoever challenges in the second half of an epoch waits for the next, and has all of it to draw."""
    house.set_life(10 * EPOCH)
    house.evm.now += EPOCH - 601
    case = house.challenged()
    assert case.ticket % EPOCH == 0
    house.evm.now = case.ticket + EPOCH - 1
    with refused("Mediation_NotMissed", ticket=case.ticket):
        rearm(house, case)
    draw(house, case)


def test_signed_tally__is_open_until_the_reveal_window_ends(house: CourtHouse) -> None:
    case = house.open()
    ballots = house.ballots(case, RIGHT)
    house.evm.now = case.time + UNTIL_TALLY + 1
    with refused("Mediation_TooLate", deadline=case.time + UNTIL_TALLY):
        house.tally(case, ballots, house.together(case, ballots))
    house.evm.now -= 1
    house.tally(case, ballots, house.together(case, ballots))
    assert house.status(case) == DealStatus.ACCEPTED


def test_appeal__is_open_until_the_second_before_the_ruling_can_be_carried_out(appealing: CourtHouse) -> None:
    case = ruled(appealing)
    appealing.evm.now = case.time + WITH_APPEALS.appeal
    with refused("Mediation_TooEarly"):
        execute(appealing, case)
    assert appealing.phase(appealing.appeal(case)) == ARMED


def test_expire__of_the_deal__is_open_when_abandon_is(house: CourtHouse) -> None:
    case = house.challenged()
    deadline = case.docket.stage.deadline
    words = (case.terms.words(), (RIGHT.commitment, RIGHT.instruction_count), case.docket.dispute.words())
    house.evm.now = deadline
    with refused("Controller_TooEarly", deadline=deadline):
        house.send("stranger", house.controller, "expire", *words)
    house.evm.now += 1
    house.send("stranger", house.controller, "expire", *words)
    house.act("stranger", case, "abandon", case.terms.words(), [], Verdict.UNDECIDED)
    assert house.nothing_is_bound()


def test_settle_round__is_open_as_soon_as_the_case_has_ended(appealing: CourtHouse) -> None:
    first = ruled(appealing)
    again = appealing.drawn(appealing.appeal(first))
    last = appealing.ruled(again, appealing.ballots(again, RIGHT))
    funds, winner = again.docket.appellant, last.votes[0]
    arguments = (list(first.votes), first.verdict, funds, last.verdict, winner)
    with refused("Mediation_WrongPhase"):
        appealing.act("stranger", first, "settleRound", *arguments)
    appealing.execute(last)
    appealing.act("stranger", first, "settleRound", *arguments)
    assert appealing.nothing_is_bound()
