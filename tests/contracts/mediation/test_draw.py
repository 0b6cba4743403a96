"""The draw: fair, exact, never a party, and beyond anybody's influence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.mediation import draw
from lilypad.types import Address
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import EPOCH, HOUR, RIGHT, SETTINGS


def test_draw__before_its_randomness__is_refused(house: CourtHouse) -> None:
    case = house.challenged()
    house.evm.now = case.ticket
    with refused("Randomness_NotYet", ticket=case.ticket):
        house.act("stranger", case, "draw", case.terms.words(), b"")


def test_draw__twice__is_refused(house: CourtHouse) -> None:
    case = house.challenged()
    house.drawn(case)
    with refused("Mediation_WrongPhase", actual=2, expected=1):
        house.act("stranger", case, "draw", case.terms.words(), b"")


def test_draw__of_many_cases__is_what_the_model_draws() -> None:
    house = CourtHouse(stakes=[100_000 + 37_000 * i for i in range(31)])
    for mediators in (1, 3, 5, 7) * 3:
        house.evm.now += 61
        case = house.open(mediators=mediators)
        assert len(set(case.docket.seats)) == mediators


def test_draw__among_tiny_stakes__is_what_the_model_draws_at_every_edge_between_two() -> None:
    """Of 40 units in all, so that a number often falls on the very first of somebody's, and stakes are all at risk."""
    tiny = replace(SETTINGS, fee=1, bond=1, min_stake=2, penalty=2)
    house = CourtHouse(tiny, stakes=(2, 2, 3, 4, 4, 5, 6, 6, 8))
    for mediators in (1, 3, 5, 3) * 15:
        house.evm.now += 61
        case = house.open(mediators=mediators)
        ballots = house.ballots(case, RIGHT)
        house.tally(case, ballots, house.together(case, ballots))


def test_draw__over_many_seeds__gives_each_its_share_by_chi_square() -> None:
    """On the model, which the test above ties to the contract: 20,000 single draws against the stakes."""
    stakes = [100_000, 200_000, 300_000, 400_000, 1_000_000]
    leaves = [(Address(f"0x{i:040x}"), stake) for i, stake in enumerate(stakes)]
    draws = 20_000
    seen = Counter(draw(leaves, keccak(i.to_bytes(4, "big")), 1, lambda _: True)[0] for i in range(draws))
    expected = {account: draws * stake / sum(stakes) for account, stake in leaves}
    chi_square = sum((seen[account] - e) ** 2 / e for account, e in expected.items())
    assert chi_square < 18.47  # 4 degrees of freedom, one in a thousand


def test_draw__of_two__gives_pairs_their_share_by_chi_square() -> None:
    """Without replacement: whoever is out does not change the chances of the others among themselves."""
    leaves = [(Address(f"0x{i:040x}"), stake) for i, stake in enumerate((1, 2, 3, 4))]
    draws = 20_000
    seen = Counter(tuple(draw(leaves, keccak(i.to_bytes(4, "big")), 2, lambda _: True)) for i in range(draws))
    expected = {(a, b): draws * x / 10 * y / (10 - x) for a, x in leaves for b, y in leaves if a != b}
    assert sum((seen[pair] - e) ** 2 / e for pair, e in expected.items()) < 31.26  # 11 degrees of freedom


def test_draw__never_has_a_party__even_with_nearly_all_of_the_stake() -> None:
    house = CourtHouse(stakes=(100_000,) * 5)
    for party in ("creator", "provider", "challenger"):
        house.join(party, 50_000_000)
    house.pass_epoch()
    parties = {house.address(who) for who in ("creator", "provider", "challenger")}
    for _ in range(10):
        house.evm.now += 61
        assert not parties & set(house.open(mediators=1).docket.seats)


def test_draw__of_somebody_whose_stake_is_at_risk_elsewhere__passes_over_it() -> None:
    house = CourtHouse(stakes=(SETTINGS.min_stake,) * 3)  # five penalties each
    for _ in range(5):
        house.evm.now += 61
        house.open()
    assert all(house.mediator(account)[1] == SETTINGS.min_stake for account in house.weights)
    case = house.challenged()
    house.wait_for_seed(case)
    receipt = house.act("stranger", case, "draw", case.terms.words(), b"")
    assert dict(receipt.events)["CaseDrawn"]["seats"] == ()


def test_draw__without_enough_mediators__is_tried_again_and_then_undecided() -> None:
    house = CourtHouse(stakes=(100_000,) * 2)
    house.join("provider", 100_000)  # a member, and never drawn
    house.pass_epoch()
    case = house.challenged()
    for _ in range(SETTINGS.redraws):
        house.wait_for_seed(case)
        case = house.redrawn(case, house.act("stranger", case, "draw", case.terms.words(), b""))
    house.wait_for_seed(case)
    house.act("stranger", case, "draw", case.terms.words(), b"")
    assert (house.status(case), house.phase(case)) == (DealStatus.UNDECIDED, 0)
    assert house.nothing_is_bound()


def test_joining_or_leaving__once_the_case_is_open__does_not_steer_its_draw(house: CourtHouse) -> None:
    case = house.challenged()
    house.wait_for_seed(case)
    expected = house.predicted(case)
    for number in range(20):
        house.join(f"late {number}", 100_000)
    for seat in house.weights:
        if seat not in expected and not house.name_of(seat).startswith("late"):
            house.send(house.name_of(seat), house.mediators, "unstake", 200_000)
            house.reweigh(seat)
    house.send(house.name_of(expected[0]), house.mediators, "unstake", 200_000)
    assert list(house.drawn(case).docket.seats) == expected


def test_draw__in_a_later_epoch_than_its_seed__is_refused_and_armed_again(house: CourtHouse) -> None:
    """Between the two, whoever knows the seed could have joined."""
    case = house.challenged()
    house.evm.now = max(case.ticket + 1, (case.ticket // EPOCH + 1) * EPOCH)
    house.set_life(10 * EPOCH)
    with refused("Mediation_StaleSeed", knownAt=case.ticket):
        house.act("stranger", case, "draw", case.terms.words(), b"")
    receipt = house.act("stranger", case, "rearm", b"")
    again = house.rearmed(case, receipt)
    assert again.ticket > house.evm.now
    house.drawn(again)


def test_rearm__while_the_draw_can_be_made__is_refused(house: CourtHouse) -> None:
    case = house.challenged()
    with refused("Randomness_NotYet"):
        house.act("stranger", case, "rearm", b"")
    house.wait_for_seed(case)
    with refused("Mediation_NotMissed", ticket=case.ticket):
        house.act("stranger", case, "rearm", b"")


def test_rearm__once_the_seed_is_gone__waits_for_another(house: CourtHouse) -> None:
    case = house.challenged()
    house.evm.now = case.ticket + HOUR + 1
    with refused("Randomness_Missed", ticket=case.ticket):
        house.act("stranger", case, "draw", case.terms.words(), b"")
    house.drawn(house.rearmed(case, house.act("stranger", case, "rearm", b"")))


@pytest.mark.parametrize("minute", range(0, 120, 13))
def test_seed__is_known_in_the_first_half_of_an_epoch__whenever_the_challenge_is_made(
    house: CourtHouse, minute: int
) -> None:
    """So that there is as much time left to draw, and nobody gains a second try by timing its challenge."""
    house.evm.now += minute * 60
    case = house.challenged()
    assert case.ticket % EPOCH <= EPOCH // 2
    assert case.ticket - house.evm.now >= 600


def test_draw__with_false_terms_or_docket__is_refused(house: CourtHouse) -> None:
    case, other = house.challenged(), house.challenged()
    house.wait_for_seed(other)
    with refused("Mediation_WrongDocket", id=case.docket.id):
        house.act("stranger", case, "draw", other.terms.words(), b"")
    with refused("Mediation_WrongDocket", id=case.docket.id):
        house.act("stranger", house.forged(case, house.address("crony")), "draw", case.terms.words(), b"")


def test_draw__when_no_time_is_left_for_the_votes__is_refused(house: CourtHouse) -> None:
    case = house.challenged()
    house.set_life(10**9)
    house.evm.now = case.docket.stage.deadline - SETTINGS.voting_time + 1
    case = house.rearmed(case, house.act("stranger", case, "rearm", b""))
    house.wait_for_seed(case)
    with refused("Mediation_TooLate", deadline=case.docket.stage.deadline - SETTINGS.voting_time):
        house.act("stranger", case, "draw", case.terms.words(), b"")


def test_draw__among_a_hundred_times_as_many__costs_a_tenth_more_at_most() -> None:
    """Three levels of the tree more; benchmarks/draw_cost.py goes on to 10,000 mediators."""
    costs = []
    for members in (10, 1_000):
        house = CourtHouse(stakes=(200_000,) * members)
        case = house.challenged()
        house.wait_for_seed(case)
        costs.append(house.act("stranger", case, "draw", case.terms.words(), b"").gas_used)
    assert costs[0] < costs[1] < 1.1 * costs[0]


@pytest.mark.parametrize("function", ["drawAndCommit", "drawAndTally"])
def test_draw_with_votes__without_enough_mediators__is_tried_again_and_counts_none(function: str) -> None:
    house = CourtHouse(stakes=(100_000,) * 2)
    house.join("provider", 100_000)  # a member, and never drawn
    house.pass_epoch()
    case = house.challenged()
    house.wait_for_seed(case)
    votes = ([],) if function == "drawAndCommit" else ([], [])
    receipt = house.act("stranger", case, function, case.terms.words(), b"", *votes)
    assert [event for event, _ in receipt.events] == ["CaseDrawn", "CaseArmed"]
    assert house.nothing_is_bound()
