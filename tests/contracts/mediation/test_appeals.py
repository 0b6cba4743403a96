"""Appeals: more mediators, a larger bond, and who pays for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.docket import SILENCE, UNIT
from lilypad.protocol.mediation import UPHOLDS, appeal_bond, appeal_fee
from lilypad.protocol.settlement import BURNED
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import OTHER, RIGHT, WITH_APPEALS

FEE = WITH_APPEALS.fee * UNIT
PENALTY = WITH_APPEALS.penalty * UNIT


def ruled(house: CourtHouse, case: Case, *claims: object) -> Case:
    return house.ruled(case, house.ballots(case, *claims))


def settle(house: CourtHouse, former: Case, appealed: Case, final: Verdict, winner: bytes) -> None:
    arguments = (list(former.votes), former.verdict, appealed.docket.appellant, final, winner)
    house.act("stranger", former, "settleRound", *arguments)


def test_ruling__waits_for_an_appeal_and_is_then_carried_out_by_anyone(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(OTHER), RIGHT)
    assert appealing.status(case) == DealStatus.CHALLENGED
    appealing.evm.now = case.time + WITH_APPEALS.appeal
    arguments = (case.terms.words(), list(case.votes), case.verdict)
    with refused("Mediation_TooEarly", deadline=case.time + WITH_APPEALS.appeal):
        appealing.act("stranger", case, "execute", *arguments)
    appealing.execute(case)
    assert appealing.status(case) == DealStatus.REJECTED
    assert appealing.nothing_is_bound()


def test_execute__of_another_ruling_than_was_made__is_refused(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    appealing.evm.now = case.time + WITH_APPEALS.appeal + 1
    with refused("Mediation_WrongDocket"):
        appealing.act("stranger", case, "execute", case.terms.words(), list(case.votes), Verdict.WRONG)
    votes = [OTHER.commitment, *case.votes[1:]]
    with refused("Mediation_WrongDocket"):
        appealing.act("stranger", case, "execute", case.terms.words(), votes, case.verdict)


def test_appeal__draws_seven_others_than_the_first_three(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    again = appealing.drawn(appealing.appeal(case))
    assert len(again.docket.seats) == 7
    assert not {*again.docket.seats} & {*case.docket.seats, appealing.address("appellant")}
    assert appealing.balance(appealing.mediators, appealing.address("appellant")) == (0, 7 * FEE + 4_000 * UNIT)


def test_appeal__after_its_window__is_refused(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    appealing.evm.now = case.time + WITH_APPEALS.appeal + 1
    with refused("Mediation_TooLate", deadline=case.time + WITH_APPEALS.appeal):
        appealing.appeal(case)


def test_appeal__without_the_funds__is_refused(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    with refused("Payments_InsufficientFree"):
        appealing.act("poor", case, "appeal", list(case.votes), case.verdict)


def test_appeal__that_turns_the_ruling__slashes_the_first_round_and_repays_the_appellant(appealing: CourtHouse) -> None:
    """Three mediators bought by the provider uphold a wrong result."""
    case = ruled(appealing, appealing.open(OTHER), OTHER)
    assert case.verdict is Verdict.RIGHT
    again = appealing.drawn(appealing.appeal(case))
    final = ruled(appealing, again, RIGHT)
    appealing.execute(final)
    assert appealing.status(case) == DealStatus.REJECTED
    appellant = appealing.address("appellant")
    assert appealing.balance(appealing.mediators, appellant) == (appeal_bond(WITH_APPEALS, 1), 0)
    assert appealing.balance(appealing.mediators, final.docket.seats[0])[0] == FEE

    settle(appealing, case, again, Verdict.WRONG, RIGHT.commitment)
    unburned = 3 * PENALTY // 2
    assert appealing.balance(appealing.mediators, appellant)[0] == appeal_bond(WITH_APPEALS, 1) + unburned
    assert appealing.balance(appealing.controller, appellant) == (3 * FEE, 0)  # of the round that earned nothing
    assert [appealing.mediator(seat)[0] for seat in case.docket.seats] == [180_000] * 3
    assert appealing.nothing_is_bound()


def test_appeal__that_turns_a_split_ruling__is_repaid_before_the_honest_one(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(OTHER), RIGHT, OTHER, OTHER)
    again = appealing.drawn(appealing.appeal(case))
    appealing.execute(ruled(appealing, again, RIGHT))
    settle(appealing, case, again, Verdict.WRONG, RIGHT.commitment)
    unburned = 2 * PENALTY // 2
    appellant, honest = appealing.address("appellant"), case.docket.seats[0]
    repaid = min(unburned, appeal_fee(case.docket, 1))
    assert appealing.balance(appealing.mediators, appellant)[0] == appeal_bond(WITH_APPEALS, 1) + repaid
    assert appealing.balance(appealing.mediators, honest)[0] == unburned - repaid
    assert appealing.mediator(honest)[4] == 3 * FEE
    assert appealing.nothing_is_bound()


def test_appeal__that_turns_a_ruling_of_small_penalties__has_back_what_there_is() -> None:
    """Three penalties of which half is burned are less than the fee of seven; the first round's own fee is on top."""
    house = CourtHouse(replace(WITH_APPEALS, penalty=2_000), stakes=(200_000,) * 12)
    case = ruled(house, house.open(OTHER), OTHER)
    again = house.drawn(house.appeal(case))
    last = house.ruled(again, house.ballots(again, RIGHT))
    house.execute(last)
    settle(house, case, again, Verdict.WRONG, RIGHT.commitment)
    appellant = house.address("appellant")
    assert house.balance(house.mediators, appellant) == (appeal_bond(WITH_APPEALS, 1) + 3 * 2_000 * UNIT // 2, 0)
    assert house.balance(house.controller, appellant) == (3 * FEE, 0)
    assert house.nothing_is_bound()


def test_appeal__that_fails__loses_fee_and_bond(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    again = appealing.drawn(appealing.appeal(case))
    burned = appealing.balance(appealing.mediators, BURNED)[0]
    appealing.execute(ruled(appealing, again, RIGHT))
    bond = appeal_bond(WITH_APPEALS, 1)
    assert appealing.balance(appealing.mediators, appealing.address("appellant")) == (0, 0)
    share = (7 * FEE + bond // 2) // 7
    assert appealing.balance(appealing.mediators, again.docket.seats[0])[0] == share
    assert appealing.balance(appealing.mediators, BURNED)[0] - burned == bond - 7 * (share - FEE)
    settle(appealing, case, again, Verdict.RIGHT, UPHOLDS)
    assert [appealing.mediator(seat)[4] for seat in case.docket.seats] == [FEE] * 3
    assert appealing.nothing_is_bound()


def test_second_appeal__has_fifteen_and_is_the_last(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(OTHER), OTHER)
    second = ruled(appealing, appealing.drawn(appealing.appeal(case)), RIGHT)
    third = appealing.drawn(appealing.appeal(second, "provider's friend"))
    assert len(third.docket.seats) == 15
    ballots = appealing.ballots(third, RIGHT)
    appealing.tally(third, ballots, appealing.together(third, ballots))
    assert appealing.status(case) == DealStatus.REJECTED
    settle(appealing, second, third, Verdict.WRONG, RIGHT.commitment)
    settle(appealing, case, second, Verdict.WRONG, RIGHT.commitment)
    assert appealing.nothing_is_bound()


def test_draw__has_nobody_who_appealed_in_any_round__even_with_nearly_all_of_the_stake(appealing: CourtHouse) -> None:
    case = appealing.open(OTHER)
    for who in ("appellant", "provider's friend"):
        appealing.join(who, 50_000_000)
    first = ruled(appealing, case, OTHER)
    appealing.pass_epoch()
    second = ruled(appealing, appealing.drawn(appealing.appeal(first)), RIGHT)
    third = appealing.drawn(appealing.appeal(second, "provider's friend"))
    appellants = {appealing.address("appellant"), appealing.address("provider's friend")}
    assert appealing.address("provider's friend") in second.docket.seats
    assert not appellants & {*third.docket.seats}


def test_settle_round__twice_or_with_another_end__is_refused(appealing: CourtHouse) -> None:
    case = ruled(appealing, appealing.open(), RIGHT)
    again = appealing.drawn(appealing.appeal(case))
    with refused("Mediation_WrongPhase", expected=5):
        settle(appealing, case, again, Verdict.RIGHT, UPHOLDS)
    appealing.execute(ruled(appealing, again, RIGHT))
    with refused("Mediation_WrongPhase", expected=5):
        settle(appealing, case, again, Verdict.WRONG, OTHER.commitment)
    settle(appealing, case, again, Verdict.RIGHT, UPHOLDS)
    with refused("Mediation_WrongDocket"):
        settle(appealing, case, again, Verdict.RIGHT, UPHOLDS)


def test_appeal__whose_round_decides_nothing__leaves_the_ruling_standing(appealing: CourtHouse) -> None:
    """Whoever appeals and then has its mediators keep silent delays, and pays for it, and changes nothing."""
    case = ruled(appealing, appealing.open(), RIGHT)
    again = appealing.appeal(case)
    for _ in range(WITH_APPEALS.redraws + 1):
        drawn = appealing.drawn(again)
        appealing.evm.now = drawn.time + WITH_APPEALS.commit + WITH_APPEALS.reveal + 1
        receipt = appealing.tally(drawn, [SILENCE] * 7)
        if "CaseArmed" in dict(receipt.events):
            again = appealing.redrawn(drawn, receipt)
    assert appealing.status(case) == DealStatus.ACCEPTED
    appellant = appealing.address("appellant")
    assert appealing.balance(appealing.mediators, appellant) == (7 * FEE + appeal_bond(WITH_APPEALS, 1), 0)
    settle(appealing, case, again, Verdict.RIGHT, UPHOLDS)
    assert appealing.nothing_is_bound()


@pytest.mark.parametrize("mediate", [22_800, 30_000])
def test_ruling__without_time_for_another_round__is_final_at_once(appealing: CourtHouse, mediate: int) -> None:
    case = appealing.drawn(appealing.challenged(mediate=mediate))
    ballots = appealing.ballots(case, RIGHT)
    appealing.tally(case, ballots, appealing.together(case, ballots))
    assert (appealing.status(case), appealing.phase(case)) == (DealStatus.ACCEPTED, 0)
