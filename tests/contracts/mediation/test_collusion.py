"""A coalition of mediators: what docs/mediation.md computes is what the rules do, and what the contracts do."""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations
from math import comb, sqrt

import pytest
from benchmarks.collusion import MEMBERS, PAGE, SEATS, SHARES
from benchmarks.court_game import HONEST, LIE, SETTINGS, TRUE, Crowd, Plan, majority, majority_among, play, turned

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.docket import SILENCE
from lilypad.protocol.mediation import winner_of
from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import OTHER, RIGHT

CASES = 1_500
NEARLY_NEVER = 3.9
"""Standard deviations: further off by chance once in ten thousand."""


def is_near(found: float, expected: float, cases: int) -> bool:
    return abs(found - expected) <= NEARLY_NEVER * sqrt(expected * (1 - expected) / cases)


@pytest.mark.parametrize("seats", [1, 3, 5])
@pytest.mark.parametrize("colluding", [1, 2, 3])
def test_majority_among__of_few__is_what_counting_all_draws_gives(seats: int, colluding: int) -> None:
    """Exactly: each order in which seven mediators can be drawn is as likely as any other."""
    votes = [
        [b"lie" if member < colluding else b"truth" for member in drawn] for drawn in permutations(range(7), seats)
    ]
    share = sum(winner_of(vote) == b"lie" for vote in votes) / len(votes)
    assert majority_among(7, colluding, seats) == pytest.approx(share)


@pytest.mark.parametrize("seats", [1, 3, 7, 15])
def test_majority_among__of_ever_more__comes_to_the_formula_from_below(seats: int) -> None:
    """So the formula, for a stake of many, is the worst case."""
    shares = [majority_among(30 * 10**i, 10 * 10**i, seats) for i in range(4)]
    assert shares == sorted(shares)
    assert majority(seats, 1 / 3) * 0.999 < shares[-1] <= majority(seats, 1 / 3) + 1e-12


@pytest.mark.parametrize(("seats", "colluding"), [(1, 10), (3, 20), (3, 10), (7, 20), (7, 25)])
def test_round__played_with_the_rules__is_won_as_often_as_computed(seats: int, colluding: int) -> None:
    assert is_near(turned(Crowd(60, colluding), Plan(), seats, CASES), majority_among(60, colluding, seats), CASES)


def test_appeal__of_the_honest__makes_a_coalition_win_every_round() -> None:
    """Of the last, those who sat before are out, so its chance depends on them: between the two formulas."""
    crowd, all_three = Crowd(60, 25), 1.0
    for seats in (3, 7, 15):
        all_three *= majority(seats, 25 / 60)
    found = turned(crowd, Plan(honest_appeals=True), 3, CASES)
    assert found <= all_three + NEARLY_NEVER * sqrt(all_three / CASES)
    assert found < turned(crowd, Plan(), 3, CASES) / 2


def test_silence__of_a_coalition__voids_a_case_as_often_as_computed() -> None:
    once = majority_among(60, 30, 3)
    expected = once ** (1 + SETTINGS.redraws)
    assert is_near(turned(Crowd(60, 30), Plan(vote=SILENCE), 3, CASES), expected, CASES)


def test_one_account__with_all_of_a_coalitions_stake__never_has_more_than_a_seat() -> None:
    """Nobody is drawn twice, so a coalition must be many accounts to have what the formula says."""
    for number in range(50):
        ending = play(Crowd(5, 1), Plan(), 3, number)
        assert ending.verdict is Verdict.WRONG


def test_seats__of_a_blind_mediator__earn_the_fee_or_lose_the_penalty() -> None:
    crowd = Crowd(3, 1)
    assert play(crowd, Plan(claim=TRUE, vote=HONEST), 3, 0).seats_earned(crowd) == SETTINGS.fee
    assert play(crowd, Plan(vote=LIE), 3, 0).seats_earned(crowd) == -SETTINGS.penalty


@pytest.mark.parametrize("name", SHARES)
def test_document__has_the_numbers_of_the_formula(name: str) -> None:
    """Those before the brackets; what is in brackets takes two minutes to play again."""
    table = PAGE.read_text().split("<!-- chances:")[1].split("<!-- end of chances -->")[0]
    row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
    said = re.findall(r"(< )?([\d.]+) % \(", row)
    for (less, percent), seats in zip(said, SEATS, strict=True):
        exact = 100 * majority(seats, SHARES[name] / MEMBERS)
        assert exact < float(percent) if less else abs(exact - float(percent)) <= 0.05


def test_third_of_the_stake__on_the_contracts__turns_no_more_verdicts_than_computed() -> None:
    """200 cases before the real court, each with a wrong result that ten of thirty mediators uphold."""
    house, draws = CourtHouse(stakes=(50_000_000,) * 30), 200
    coalition = {house.address(f"mediator {i}") for i in range(10)}
    seats: Counter[int] = Counter()
    accepted = 0
    for _ in range(draws):
        house.evm.now += 61
        case = house.open(OTHER)
        ballots = house.ballots(case, *[OTHER if seat in coalition else RIGHT for seat in case.docket.seats])
        house.tally(case, ballots, house.together(case, ballots))
        seats[len(coalition & set(case.docket.seats))] += 1
        accepted += house.status(case) == DealStatus.ACCEPTED
    assert accepted == seats[2] + seats[3]
    assert accepted / draws <= majority(3, 1 / 3) + NEARLY_NEVER * sqrt(0.26 * 0.74 / draws)
    assert is_near(accepted / draws, majority_among(30, 10, 3), draws)
    assert chi_square(seats, {i: draws * comb(10, i) * comb(20, 3 - i) / comb(30, 3) for i in range(4)}) < 21.11


def chi_square(seen: Counter[int], expected: dict[int, float]) -> float:
    """Beyond 21.11 by chance once in ten thousand, with 3 degrees of freedom."""
    return sum((seen[key] - e) ** 2 / e for key, e in expected.items())
