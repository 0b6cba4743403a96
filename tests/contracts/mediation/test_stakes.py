"""Stakes: what counts, from when on, and what may leave."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from lilypad.protocol.docket import UNIT
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import RIGHT, SETTINGS

BAD_EPOCH = keccak(text="Mediators_BadEpoch(uint256,uint256,uint256)")[:4].hex()
UNBONDING = 38 * 24 * 3600
NAME = "mediator 0"


def test_stake__locks_it_in_the_vault(house: CourtHouse) -> None:
    account = house.address(NAME)
    assert house.balance(house.mediators, account) == (0, 200_000 * UNIT)
    assert house.mediator(account) == (200_000, 0, 0, 0, 0)


def test_stake__without_the_funds__is_refused(house: CourtHouse) -> None:
    with refused("Payments_InsufficientFree", needed=UNIT):
        house.send("poor", house.mediators, "stake", 1)


def test_stake__beyond_what_is_counted__is_refused(house: CourtHouse) -> None:
    with refused("Mediators_StakeTooLarge", stake=1 << 40):
        house.send("rich", house.mediators, "stake", 1 << 40)
    with refused("Mediators_StakeTooLarge"):
        house.send("rich", house.mediators, "stake", (1 << 256) - 300_000)


def test_stake__beyond_what_a_tree_counts__is_refused(house: CourtHouse) -> None:
    """One mediator may have as much as all together may; but there are others."""
    most = (1 << 40) - 1
    with refused("Mediators_TreeFull", most=most):
        house.send("rich", house.mediators, "stake", most)


def test_stake__counts_from_the_next_epoch_on(house: CourtHouse) -> None:
    before = house.evm.read(house.mediators, "setOf", 0)[1]
    house.join("newcomer", 500_000)
    assert house.evm.read(house.mediators, "setOf", 0) == (10, before)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 0) == (10, before + 500_000)


def test_stake__below_the_least__counts_nothing(house: CourtHouse) -> None:
    before = house.evm.read(house.mediators, "setOf", 0)[1]
    house.join("small", SETTINGS.min_stake - 1)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 0)[1] == before


def test_unstake__leaves_the_draws_at_once_and_the_vault_after_unbonding(house: CourtHouse) -> None:
    account = house.address(NAME)
    house.send(NAME, house.mediators, "unstake", 200_000)
    leaves_at = house.evm.now + UNBONDING
    house.reweigh(account)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 0)[1] == 8 * 200_000

    house.evm.now = leaves_at
    with refused("Mediators_NothingToRelease", leavesAt=leaves_at):
        house.send("stranger", house.mediators, "release", account)
    house.evm.now = leaves_at + 1
    house.send("stranger", house.mediators, "release", account)
    assert house.balance(house.mediators, account) == (200_000 * UNIT, 0)
    assert house.mediator(account)[:3] == (0, 0, 0)


def test_unstake__more_than_stays__is_refused(house: CourtHouse) -> None:
    house.send(NAME, house.mediators, "unstake", 150_000)
    with refused("Mediators_StakeTooSmall", staying=50_000, asked=50_001):
        house.send(NAME, house.mediators, "unstake", 50_001)


def test_release__of_what_a_case_may_still_take__is_refused(house: CourtHouse) -> None:
    """Everything asked to leave long ago; then a draw of the last epoch in which it counted."""
    case = house.challenged()
    seats = house.predicted_after_waiting(case)
    for seat in seats:
        house.send(house.name_of(seat), house.mediators, "unstake", 200_000)
    case = house.drawn(case)
    assert list(case.docket.seats) == seats
    house.evm.now += UNBONDING + 1
    house.send("stranger", house.mediators, "release", seats[0])
    assert house.mediator(seats[0])[:3] == (SETTINGS.penalty, SETTINGS.penalty, SETTINGS.penalty)
    with refused("Mediators_NothingToRelease", atRisk=SETTINGS.penalty):
        house.send("stranger", house.mediators, "release", seats[0])


def test_release__of_what_was_slashed_meanwhile__gives_the_rest(house: CourtHouse) -> None:
    case = house.open()
    loser = case.docket.seats[0]
    house.send(house.name_of(loser), house.mediators, "unstake", 200_000)
    other = house.ballots(case, RIGHT)
    other[0] = house.ballots(case, house.other)[0]
    house.tally(case, other, house.together(case, other))
    house.evm.now += UNBONDING + 1
    house.send("stranger", house.mediators, "release", loser)
    assert house.balance(house.mediators, loser) == ((200_000 - SETTINGS.penalty) * UNIT, 0)


def test_sets__are_joined_and_left(house: CourtHouse) -> None:
    for number in range(4):
        house.send(f"mediator {number}", house.mediators, "joinSet", 7)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 7) == (4, 800_000)
    case = house.challenged(mediator_set=7)
    house.wait_for_seed(case)
    receipt = house.act("stranger", case, "draw", case.terms.words(), b"")
    members = {house.address(f"mediator {number}").lower() for number in range(4)}
    assert set(dict(receipt.events)["CaseDrawn"]["seats"]) <= members

    house.send(NAME, house.mediators, "leaveSet", 7)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 7) == (4, 600_000)
    with refused("Mediators_NotMember", set=7):
        house.send(NAME, house.mediators, "leaveSet", 7)


def test_sets__three_besides_that_of_all(house: CourtHouse) -> None:
    for number in (1, 2, 3):
        house.send(NAME, house.mediators, "joinSet", number)
    with refused("Mediators_AlreadyMember", set=2):
        house.send(NAME, house.mediators, "joinSet", 2)
    with refused("Mediators_TooManySets", most=3):
        house.send(NAME, house.mediators, "joinSet", 4)
    house.send(NAME, house.mediators, "leaveSet", 2)
    house.send(NAME, house.mediators, "joinSet", 4)
    house.send(NAME, house.mediators, "unstake", 50_000)
    house.pass_epoch()
    assert [house.evm.read(house.mediators, "setOf", n)[1] for n in (1, 2, 3, 4)] == [150_000, 0, 150_000, 150_000]


def test_sets__of_all__and_without_a_stake__are_refused(house: CourtHouse) -> None:
    with refused("Mediators_NotMember", set=0):
        house.send(NAME, house.mediators, "joinSet", 0)
    with refused("Mediators_NotMember", set=0):
        house.send(NAME, house.mediators, "leaveSet", 0)
    with refused("Mediators_NotMember", set=5):
        house.send("stranger", house.mediators, "joinSet", 5)


def test_collect__moves_what_was_earned_into_the_controllers_compartment(house: CourtHouse) -> None:
    case = house.open()
    ballots = house.ballots(case, RIGHT)
    house.tally(case, ballots, house.together(case, ballots))
    earner = case.docket.seats[1]
    house.send("stranger", house.mediation, "collect", earner)
    assert house.balance(house.controller, earner) == (SETTINGS.fee * UNIT, 0)
    house.send("stranger", house.mediation, "collect", earner)
    assert house.balance(house.controller, earner) == (SETTINGS.fee * UNIT, 0)


def test_court__alone_draws_pays_and_takes(house: CourtHouse) -> None:
    funds = bytes(32)
    call = (0, bytes(32), 1, 1, [])
    dismissal = (bytes(32), bytes(32), [], [], bytes(32), 0, 0, funds, 0, "0x" + "00" * 20, 0)
    calls = [("seat", call), ("dismiss", dismissal), ("bond", funds), ("refund", funds), ("setMinStake", 0)]
    for function, argument in [*calls, ("takeOwed", house.address(NAME))]:
        with refused("Mediators_NotCourt", caller=house.address("stranger").lower()):
            house.send("stranger", house.mediators, function, argument)


def test_sets__one_of_several_is_left__the_others_still_follow_the_stake(house: CourtHouse) -> None:
    for number in (7, 8):
        house.send(NAME, house.mediators, "joinSet", number)
    house.send(NAME, house.mediators, "leaveSet", 7)
    house.join(NAME, 50_000)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 7) == (1, 0)
    assert house.evm.read(house.mediators, "setOf", 8) == (1, 250_000)


def test_sets__that_nobody_ever_joined__are_empty(house: CourtHouse) -> None:
    assert house.evm.read(house.mediators, "setOf", 99) == (0, 0)


@pytest.mark.parametrize("epoch", [0, 599, 7 * 24 * 3600 + 1])
def test_deployment__epoch_too_short_or_too_long__reverts(house: CourtHouse, epoch: int) -> None:
    court = (house.payments.address, house.controller.address, house.randomness.address, epoch)
    with pytest.raises(RuntimeError, match=BAD_EPOCH):
        house.evm.deploy("LilypadMediation", *court, SETTINGS.word(), house.address("governor"))
