"""What somebody might try, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.docket import SILENCE, UNIT
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import DELAY, EPOCH, HOUR, OTHER, RIGHT, SETTINGS


def wealth(house: CourtHouse, *names: str) -> int:
    """All that these people have, wherever."""
    total = 0
    for name in names:
        account = house.address(name)
        total += sum(house.balance(house.controller, account)) + sum(house.balance(house.mediators, account))
        total += house.mediator(account)[4]
    return total


def test_self_challenge__of_one_owner_of_all_sides_and_all_seats__loses_money() -> None:
    """Creator, provider, challenger and every mediator are one person: each path burns something of its own."""
    for claim, found, final in ((OTHER, RIGHT, DealStatus.REJECTED), (RIGHT, RIGHT, DealStatus.ACCEPTED)):
        house = CourtHouse(stakes=(200_000,) * 3)
        people = ("creator", "provider", "challenger", *(f"mediator {i}" for i in range(3)))
        before = wealth(house, *people)
        case = house.open(claim)
        ballots = house.ballots(case, found)
        house.tally(case, ballots, house.together(case, ballots))
        assert house.status(case) == final
        assert before - wealth(house, *people) >= SETTINGS.bond * UNIT // 2


def test_bought_minority__does_not_turn_the_verdict_and_loses_its_penalty(house: CourtHouse) -> None:
    case = house.open(OTHER)
    ballots = house.ballots(case, OTHER, RIGHT)
    house.tally(case, ballots, house.together(case, ballots))
    assert house.status(case) == DealStatus.REJECTED
    assert house.mediator(case.docket.seats[0])[0] == 200_000 - SETTINGS.penalty


def test_silent_mediators__delay_and_lose_each_time_they_do(house: CourtHouse) -> None:
    case = house.open()
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    case = house.drawn(house.redrawn(case, house.tally(case, [SILENCE] * 3)))
    ballots = house.ballots(case, RIGHT)
    house.tally(case, ballots, house.together(case, ballots))
    assert house.status(case) == DealStatus.ACCEPTED
    lost = sum(200_000 - house.mediator(account)[0] for account in house.weights)
    assert lost == 3 * SETTINGS.penalty * SETTINGS.silent_percent // 100


def test_withheld_signature__of_one__only_costs_the_others_the_shortcut(house: CourtHouse) -> None:
    case = house.open()
    ballots = [*house.ballots(case, RIGHT)[:2], SILENCE]
    with refused("Mediation_WrongBallot", seat=2):
        house.tally(case, ballots, [b"\x01" * 64] * 3)
    house.commit(case, ballots)
    house.evm.now = case.time + SETTINGS.commit + 1
    house.reveal(case, ballots, 0, 1)
    house.evm.now += SETTINGS.reveal
    house.tally(case, ballots)
    assert house.status(case) == DealStatus.ACCEPTED


def test_verdict__cannot_be_said_again_by_any_call(house: CourtHouse) -> None:
    case = house.open()
    ballots = house.ballots(case, RIGHT)
    house.tally(case, ballots, house.together(case, ballots))
    before = wealth(house, "provider", *house.names.values())
    for function, arguments in (
        ("tally", (case.terms.words(), [], [b.words() for b in ballots], house.together(case, ballots))),
        ("execute", (case.terms.words(), [bytes(32)] * 3, Verdict.RIGHT)),
        ("draw", (case.terms.words(), b"")),
        ("rearm", (b"",)),
        ("appeal", ([bytes(32)] * 3, Verdict.RIGHT)),
        ("commit", ([],)),
        ("settleRound", ([], Verdict.RIGHT, bytes(32), Verdict.RIGHT, bytes(32))),
    ):
        with refused("Mediation_WrongPhase"):
            house.act("stranger", case, function, *arguments)
    house.evm.now = case.docket.stage.deadline + 1
    with refused("Mediation_WrongPhase"):
        house.act("stranger", case, "abandon", case.terms.words(), [], Verdict.RIGHT)
    assert wealth(house, "provider", *house.names.values()) == before


def test_second_account_of_a_party__on_a_seat__is_one_vote_and_loses_its_penalty() -> None:
    """Nobody can tell whose an account is. It is one vote, and pays for a false one."""
    house = CourtHouse(stakes=(200_000,) * 2)
    crony = house.join("the creator's other account", 200_000)
    house.pass_epoch()
    case = house.open()
    claims = [OTHER if seat == crony else RIGHT for seat in case.docket.seats]
    ballots = house.ballots(case, *claims)
    house.tally(case, ballots, house.together(case, ballots))
    assert house.status(case) == DealStatus.ACCEPTED
    assert house.mediator(crony)[0] == 200_000 - SETTINGS.penalty


def test_challenge__of_a_challenged_result__is_refused_so_there_is_one_draw_to_hope_for(house: CourtHouse) -> None:
    terms, deal = house.submitted()
    case = house.challenge(terms, deal)
    for _ in range(3):
        house.evm.now += 61
        with refused("Storage_WrongStatus", actual=DealStatus.CHALLENGED):
            house.challenge(terms, deal)
    house.drawn(case)


def test_challenge__at_any_moment__waits_for_a_number_that_nobody_knows(house: CourtHouse) -> None:
    """Whoever times its challenge knows no more: every seed lies behind all that are known."""
    tickets = []
    for _ in range(10):
        house.evm.now += 61
        tickets.append(house.challenged().ticket - house.evm.now)
        with refused("Randomness_NotYet"):
            house.evm.read(house.randomness, "seed", house.evm.now + tickets[-1], b"")
    assert min(tickets) >= DELAY


@pytest.mark.parametrize("who", ["creator", "provider", "challenger", "mediator 0", "stranger"])
def test_draw__at_any_moment_of_its_epoch_by_anybody__is_the_same(house: CourtHouse, who: str) -> None:
    case = house.challenged()
    house.wait_for_seed(case)
    expected = house.predicted(case)
    house.evm.now = min(case.ticket + HOUR, (case.ticket // EPOCH + 1) * EPOCH - 1)
    house.drawn_by(case, house.act(who, case, "draw", case.terms.words(), b""), expected)


@pytest.mark.parametrize("penalty", [SETTINGS.penalty, 2], ids=["as usual", "one unit for silence"])
def test_mediator_that_leaves_between_challenge_and_draw__sits_and_pays_for_its_silence(penalty: int) -> None:
    house = CourtHouse(replace(SETTINGS, fee=1, bond=1, penalty=penalty), stakes=(200_000,) * 3)
    case = house.challenged()
    for number in range(3):
        house.send(f"mediator {number}", house.mediators, "unstake", 200_000)
    case = house.drawn(case)
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    house.tally(case, [SILENCE] * 3)
    left = 200_000 - penalty * SETTINGS.silent_percent // 100
    for seat in case.docket.seats:
        stake, at_risk, leaving, _, _ = house.mediator(seat)
        assert (stake, at_risk, leaving) == (left, 0, left)


def test_forged_seats__do_not_vote(house: CourtHouse) -> None:
    case = house.open(OTHER)
    crony = house.join("crony", 200_000)
    forged = house.forged(case, crony)
    ballots = house.ballots(forged, OTHER)
    with refused("Mediation_WrongDocket"):
        house.tally(forged, ballots, house.together(forged, ballots))
