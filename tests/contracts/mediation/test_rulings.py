"""What a round means for the deal, and for the mediators."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lilypad.protocol.deal import Claim, DealStatus
from lilypad.protocol.docket import SILENCE, UNIT, Ballot
from lilypad.protocol.settlement import BURNED
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import OTHER, RIGHT, SETTINGS

FEE = SETTINGS.fee * UNIT
PENALTY = SETTINGS.penalty * UNIT
CANNOT_RUN = Claim(bytes(32), 0)


def decided(house: CourtHouse, case: Case, ballots: list[Ballot]) -> None:
    house.tally(case, ballots, house.together(case, ballots))
    assert house.phase(case) == 0
    assert house.nothing_is_bound()


def owed(house: CourtHouse, case: Case) -> list[int]:
    return [house.mediator(seat)[4] for seat in case.docket.seats]


def stakes(house: CourtHouse, case: Case) -> list[int]:
    return [house.mediator(seat)[0] for seat in case.docket.seats]


def test_all_uphold__the_result_is_right_and_all_are_paid(house: CourtHouse) -> None:
    case = house.open()
    decided(house, case, house.ballots(case, RIGHT))
    assert house.status(case) == DealStatus.ACCEPTED
    assert owed(house, case) == [FEE] * 3


def test_most_could_not_fetch__the_provider_pays_the_mediators(house: CourtHouse) -> None:
    case = house.open()
    before = house.balance(house.controller, house.address("challenger"))[0]
    decided(house, case, house.ballots(case, RIGHT, fetched=False))
    assert house.status(case) == DealStatus.ACCEPTED
    bond = SETTINGS.bond * UNIT
    assert house.balance(house.controller, house.address("challenger"))[0] == before + 3 * FEE + bond


def test_one_could_not_fetch__the_result_is_right(house: CourtHouse) -> None:
    case = house.open()
    before = house.balance(house.controller, house.address("challenger"))[0]
    ballots = house.ballots(case, RIGHT)
    ballots[0] = replace(ballots[0], is_fetched=False)
    decided(house, case, ballots)
    assert house.balance(house.controller, house.address("challenger"))[0] == before


def test_most_find_another_output__the_result_is_wrong(house: CourtHouse) -> None:
    case = house.open(OTHER)
    decided(house, case, house.ballots(case, RIGHT))
    assert house.status(case) == DealStatus.REJECTED
    assert owed(house, case) == [FEE] * 3


def test_minority__is_slashed_and_the_majority_shares_what_is_not_burned(house: CourtHouse) -> None:
    case = house.open()
    burned = house.balance(house.mediators, BURNED)[0]
    decided(house, case, house.ballots(case, OTHER, RIGHT))
    assert house.status(case) == DealStatus.ACCEPTED
    assert stakes(house, case) == [200_000 - SETTINGS.penalty, 200_000, 200_000]
    assert owed(house, case) == [0, 3 * FEE // 2, 3 * FEE // 2]
    assert [house.balance(house.mediators, seat)[0] for seat in case.docket.seats] == [0, PENALTY // 4, PENALTY // 4]
    assert house.balance(house.mediators, BURNED)[0] - burned == PENALTY // 2


def test_fee__that_does_not_divide__leaves_the_rest_to_the_first_who_earns(house: CourtHouse) -> None:
    """Seven fees among six: not a unit of them is lost."""
    case = house.open(mediators=7)
    ballots = house.ballots(case, OTHER, RIGHT)
    house.tally(case, ballots, house.together(case, ballots))
    fees = 7 * SETTINGS.fee * UNIT
    owed = [house.mediator(seat)[4] for seat in case.docket.seats]
    assert owed == [0, fees // 6 + fees % 6, *[fees // 6] * 5]
    assert fees % 6 != 0


def test_slashed_below_the_least_stake__counts_no_more_from_the_next_epoch_on(house: CourtHouse) -> None:
    small = CourtHouse(stakes=(SETTINGS.min_stake,) * 3)
    case = small.open()
    decided(small, case, small.ballots(case, OTHER, RIGHT))
    small.pass_epoch()
    assert small.evm.read(small.mediators, "setOf", 0)[1] == 2 * SETTINGS.min_stake


@pytest.mark.parametrize(
    ("billed", "counted", "tolerance", "status"),
    [
        (100, 100, 0, DealStatus.ACCEPTED),
        (101, 100, 0, DealStatus.REJECTED),
        (99, 100, 0, DealStatus.REJECTED),
        (110, 100, 1_000, DealStatus.ACCEPTED),
        (111, 100, 1_000, DealStatus.REJECTED),
        (90, 100, 1_000, DealStatus.ACCEPTED),
        (89, 100, 1_000, DealStatus.REJECTED),
        (2**64 - 1, 2**64 - 1, 65_535, DealStatus.ACCEPTED),
        (1, 0, 65_535, DealStatus.REJECTED),
    ],
)
def test_bill__is_judged_within_the_tolerance(
    house: CourtHouse, billed: int, counted: int, tolerance: int, status: DealStatus
) -> None:
    case = house.open(Claim(RIGHT.commitment, billed), tolerance_bps=tolerance)
    decided(house, case, house.ballots(case, Claim(RIGHT.commitment, counted)))
    assert house.status(case) == status


def test_right_output_and_wrong_bill__needs_the_same_majority(house: CourtHouse) -> None:
    """One upholds, one finds another bill, one another output: no class has more than half."""
    case = house.open()
    ballots = house.ballots(case, RIGHT, Claim(RIGHT.commitment, 1), OTHER)
    receipt = house.tally(case, ballots, house.together(case, ballots))
    again = house.redrawn(case, receipt)
    assert stakes(house, case) == [200_000] * 3
    case = house.drawn(again)
    decided(house, case, house.ballots(case, RIGHT))


def test_nobody_could_run_it__everybody_goes_home(house: CourtHouse) -> None:
    case = house.open()
    decided(house, case, house.ballots(case, CANNOT_RUN))
    assert house.status(case) == DealStatus.UNDECIDED
    assert (owed(house, case), stakes(house, case)) == ([0] * 3, [200_000] * 3)


def test_commitment_to_zero__is_not_upheld_by_those_who_could_not_run_it(house: CourtHouse) -> None:
    case = house.open(CANNOT_RUN)
    decided(house, case, house.ballots(case, CANNOT_RUN))
    assert house.status(case) == DealStatus.UNDECIDED
    case = house.open(CANNOT_RUN)
    decided(house, case, house.ballots(case, RIGHT))
    assert house.status(case) == DealStatus.REJECTED


def silent_round(house: CourtHouse, case: Case, speakers: int) -> Case:
    ballots = [*house.ballots(case, RIGHT)[:speakers], *[SILENCE] * (3 - speakers)]
    house.commit(case, ballots)
    house.evm.now = case.time + SETTINGS.commit + 1
    house.reveal(case, ballots, *range(speakers))
    house.evm.now += SETTINGS.reveal
    receipt = house.tally(case, ballots)
    return house.redrawn(case, receipt) if "CaseArmed" in dict(receipt.events) else case


def test_two_of_three_speak__is_a_ruling_and_the_silent_one_pays_a_part(house: CourtHouse) -> None:
    case = house.open()
    silent_round(house, case, speakers=2)
    assert house.status(case) == DealStatus.ACCEPTED
    assert stakes(house, case) == [200_000, 200_000, 200_000 - SETTINGS.penalty // 2]
    assert owed(house, case) == [3 * FEE // 2, 3 * FEE // 2, 0]


def test_one_of_three_speaks__has_what_the_silent_lose_and_the_round_is_drawn_again(house: CourtHouse) -> None:
    case = house.open()
    again = silent_round(house, case, speakers=1)
    assert again.docket.stage.redrawn == 1
    assert house.balance(house.mediators, case.docket.seats[0])[0] == PENALTY // 2
    assert owed(house, case) == [0, 0, 0]
    case = house.drawn(again)
    decided(house, case, house.ballots(case, RIGHT))


def test_nobody_speaks_in_any_round__is_undecided_and_the_silent_lose_each_time(house: CourtHouse) -> None:
    case = house.open()
    for _ in range(SETTINGS.redraws):
        case = house.drawn(silent_round(house, case, speakers=0))
    silent_round(house, case, speakers=0)
    assert (house.status(case), house.phase(case)) == (DealStatus.UNDECIDED, 0)
    lost = sum(200_000 - house.mediator(account)[0] for account in house.weights)
    assert lost == 9 * SETTINGS.penalty // 2
    assert house.balance(house.mediators, BURNED)[0] == lost * UNIT
    assert house.nothing_is_bound()


def test_redraw__that_no_longer_fits_the_deals_window__is_the_end(house: CourtHouse) -> None:
    case = house.open()
    house.evm.now = case.docket.stage.deadline - SETTINGS.commit
    receipt = house.tally(case, [SILENCE] * 3)
    assert "CaseArmed" not in dict(receipt.events)
    assert house.status(case) == DealStatus.UNDECIDED
