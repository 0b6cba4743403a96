"""Commit and reveal: sealed votes that nobody can copy, open early, change or cast for another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lilypad.protocol.docket import SILENCE, Ballot
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import OTHER, RIGHT, SETTINGS


@pytest.fixture
def case(house: CourtHouse) -> Case:
    return house.open()


def test_commit__by_each_mediator_itself__is_recorded(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT)
    for i, seat in enumerate(case.docket.seats):
        seal = house.seals(case, ballots)[i]
        receipt = house.act(house.name_of(seat), case, "commit", [(i, seal, b"")])
        assert dict(receipt.events)["VoteCommitted"]["hash"] == seal
    house.tally(case, ballots)


def test_commit__until_the_last_second_of_its_window(house: CourtHouse, case: Case) -> None:
    house.evm.now = case.time + SETTINGS.commit
    house.commit(case, house.ballots(case, RIGHT, None))
    house.evm.now += 1
    with refused("Mediation_TooLate", deadline=case.time + SETTINGS.commit):
        house.commit(case, house.ballots(case, None, RIGHT))


def test_commit__for_anothers_seat_or_none__is_refused(house: CourtHouse, case: Case) -> None:
    seal = house.seals(case, house.ballots(case, RIGHT))[0]
    with refused("Mediation_NotSeated", seat=0):
        house.act("stranger", case, "commit", [(0, seal, b"")])
    with refused("Mediation_NotSeated", seat=1):
        house.act(house.name_of(case.docket.seats[0]), case, "commit", [(1, seal, b"")])
    with refused("Mediation_NotSeated", seat=3):
        house.act("stranger", case, "commit", [(3, seal, b"")])


def test_commit__with_anothers_signature__is_refused(house: CourtHouse, case: Case) -> None:
    (seat, seal, _), (_, _, foreign), _ = house.sealed(case, house.ballots(case, RIGHT))
    for signature in (foreign, foreign[:63], b"\x01" * 65):
        with refused("Mediation_BadSignature", mediator=case.docket.seats[0].lower()):
            house.act("stranger", case, "commit", [(seat, seal, signature)])


def test_commit__twice__is_refused(house: CourtHouse, case: Case) -> None:
    house.commit(case, house.ballots(case, RIGHT))
    with refused("Mediation_AlreadyCommitted", seat=0):
        house.commit(case, house.ballots(case, OTHER))


@pytest.mark.parametrize("seal", [bytes(32), (1).to_bytes(32, "big")], ids=["zero", "nothing but the mark"])
def test_commit__of_what_looks_like_none__is_refused(house: CourtHouse, case: Case, seal: bytes) -> None:
    with refused("Mediation_WrongBallot", seat=0):
        house.act(house.name_of(case.docket.seats[0]), case, "commit", [(0, seal, b"")])


def test_commit__of_another_round__is_worth_nothing(house: CourtHouse, case: Case) -> None:
    other = house.open()
    with refused("Mediation_BadSignature"):
        house.act("stranger", other, "commit", house.sealed(case, house.ballots(case, RIGHT)))


def test_copied_seal__can_not_be_revealed(house: CourtHouse, case: Case) -> None:
    """The copier commits to the same hash, and sees the salt when its victim reveals."""
    honest = house.ballots(case, RIGHT)
    seal = house.seals(case, honest)[0]
    house.act(house.name_of(case.docket.seats[1]), case, "commit", [(1, seal, b"")])
    house.commit(case, house.ballots(case, RIGHT, None, RIGHT))
    house.reveal(case, honest, 0)
    copied = [honest[0], honest[0], honest[2]]
    with refused("Mediation_WrongBallot", seat=1):
        house.reveal(case, copied, 1)
    with refused("Mediation_WrongBallot", seat=1):
        house.tally(case, copied)


def test_reveal__before_all_have_committed__is_refused(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT)
    house.commit(case, house.ballots(case, RIGHT, RIGHT, None))
    with refused("Mediation_TooEarly", deadline=case.time + SETTINGS.commit):
        house.reveal(case, ballots, 0)
    house.evm.now = case.time + SETTINGS.commit + 1
    house.reveal(case, ballots, 0)


def test_reveal__as_soon_as_all_have_committed(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT)
    house.commit(case, ballots)
    receipt = house.reveal(case, ballots, 0, 2)
    assert [event for event, _ in receipt.events] == ["VoteRevealed", "VoteRevealed"]
    house.tally(case, ballots)


@pytest.mark.parametrize("changes", [{"commitment": OTHER.commitment}, {"instruction_count": 1}, {"is_fetched": False}])
def test_reveal__of_another_vote_than_was_sealed__is_refused(house: CourtHouse, case: Case, changes: dict) -> None:
    ballots = house.ballots(case, RIGHT)
    house.commit(case, ballots)
    ballots[0] = replace(ballots[0], **changes)
    with refused("Mediation_WrongBallot", seat=0):
        house.reveal(case, ballots, 0)
    with refused("Mediation_WrongBallot", seat=0):
        house.tally(case, ballots)


def test_reveal__after_its_window__is_refused(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT)
    house.commit(case, ballots)
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    with refused("Mediation_TooLate"):
        house.reveal(case, ballots, 0)
    with refused("Mediation_TooLate"):
        house.tally(case, ballots)


def test_tally__cannot_call_a_vote_silent_that_was_revealed(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT)
    house.commit(case, ballots)
    house.reveal(case, ballots, 0, 1)
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    with refused("Mediation_WrongBallot", seat=0):
        house.tally(case, [SILENCE, ballots[1], SILENCE])
    with refused("Mediation_WrongBallot", seat=0):
        house.tally(case, [house.ballots(case, OTHER)[0], ballots[1], SILENCE])
    house.tally(case, [ballots[0], ballots[1], SILENCE])


def test_tally__with_a_silent_seat__waits_for_the_end_of_the_window(house: CourtHouse, case: Case) -> None:
    ballots = [*house.ballots(case, RIGHT)[:2], SILENCE]
    house.commit(case, ballots)
    house.evm.now = until = case.time + SETTINGS.commit + SETTINGS.reveal
    house.reveal(case, ballots, 0, 1)
    with refused("Mediation_TooEarly", deadline=until):
        house.tally(case, ballots)
    house.evm.now += 1
    house.tally(case, ballots)


def test_tally__with_too_few_ballots_or_signatures__is_refused(house: CourtHouse, case: Case) -> None:
    words = [ballot.words() for ballot in house.ballots(case, RIGHT)]
    with refused("Mediation_WrongCount", given=2, seats=3):
        house.act("stranger", case, "tally", case.terms.words(), [], words[:2], [])
    with refused("Mediation_WrongCount", given=1, seats=3):
        house.act("stranger", case, "tally", case.terms.words(), [], words, [b"\x01" * 64])


def test_together__every_mediator_must_have_signed_the_seals_of_all(house: CourtHouse, case: Case) -> None:
    """So a mediator that signs before it opens its vote knows that nobody can still choose."""
    ballots = house.ballots(case, RIGHT)
    signatures = house.together(case, ballots)
    changed = [ballots[0], house.ballots(case, OTHER)[1], ballots[2]]
    with refused("Mediation_BadSignature"):
        house.act("stranger", case, "tally", case.terms.words(), [], [b.words() for b in changed], signatures)
    with refused("Mediation_WrongBallot", seat=2):
        silent = [*(b.words() for b in ballots[:2]), SILENCE.words()]
        house.act("stranger", case, "tally", case.terms.words(), [], silent, signatures)
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    with refused("Mediation_TooLate"):
        house.tally(case, ballots, signatures)


def sealed_with_the_draw(house: CourtHouse, ballots: list[Ballot], case: Case) -> Case:
    house.act("stranger", house.undrawn(case), "drawAndCommit", case.terms.words(), b"", house.sealed(case, ballots))
    seals = tuple(house.seals(case, ballots)) if all(ballot.is_cast for ballot in ballots) else ()
    return replace(case, time=house.evm.now, seals=seals)


def test_draw_and_commit__of_some__leaves_the_others_time(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    case = sealed_with_the_draw(house, [*ballots[:2], SILENCE], case)
    assert house.phase(case) == 2
    house.act("stranger", case, "commit", house.sealed(case, ballots)[2:])
    house.tally(case, ballots)


def test_draw_and_commit__of_all__is_sealed_in_one_word(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    case = sealed_with_the_draw(house, ballots, case)
    assert house.phase(case) == 3
    with refused("Mediation_WrongPhase", actual=3, expected=2):
        house.commit(case, ballots)
    house.tally(case, ballots)
    assert house.nothing_is_bound()


def test_draw_and_commit__in_another_order_than_the_seats__is_refused(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    swapped = house.sealed(case, house.ballots(case, RIGHT))[::-1]
    with refused("Mediation_NotSeated", seat=2):
        house.act("stranger", house.undrawn(case), "drawAndCommit", case.terms.words(), b"", swapped)


def test_sealed__may_be_revealed_one_by_one__and_the_silent_is_told_apart(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    case = sealed_with_the_draw(house, ballots, case)
    house.reveal(case, ballots, 2)
    with refused("Mediation_WrongBallot", seat=2):
        house.reveal(case, ballots, 2)
    with refused("Mediation_WrongBallot", seat=0):
        house.reveal(case, house.ballots(case, OTHER), 0)
    house.reveal(case, ballots, 0)
    house.evm.now = case.time + SETTINGS.commit + SETTINGS.reveal + 1
    with refused("Mediation_WrongBallot", seat=0):
        house.tally(case, [SILENCE, SILENCE, ballots[2]])
    with refused("Mediation_TooLate"):
        house.tally(case, ballots)
    house.tally(case, [ballots[0], SILENCE, ballots[2]])
    assert house.mediator(case.docket.seats[1])[0] == 200_000 - SETTINGS.penalty // 2


def test_sealed__with_other_seals_than_came__is_refused(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    case = sealed_with_the_draw(house, ballots, case)
    others = house.ballots(case, OTHER)
    forged = replace(case, seals=tuple(house.seals(case, others)))
    with refused("Mediation_WrongDocket"):
        house.tally(forged, others)


def test_draw_and_tally__in_one(house: CourtHouse) -> None:
    case = house.foreseen(house.challenged())
    ballots = house.ballots(case, RIGHT)
    words = [ballot.words() for ballot in ballots]
    arguments = (case.terms.words(), b"", words, house.together(case, ballots))
    house.act("stranger", house.undrawn(case), "drawAndTally", *arguments)
    assert house.phase(case) == 0
    assert house.nothing_is_bound()


def test_commit__of_nothing__is_refused(house: CourtHouse, case: Case) -> None:
    """Zero is how an empty seat is told; the lowest bit marks what was revealed, and is not the committer's."""
    for seal in (bytes(32), bytes(31) + b"\x01"):
        with refused("Mediation_WrongBallot", seat=0):
            house.act(house.name_of(case.docket.seats[0]), case, "commit", [(0, seal, b"")])


def test_reveal__of_silence_or_of_what_was_never_committed__is_refused(house: CourtHouse, case: Case) -> None:
    ballots = house.ballots(case, RIGHT, None, RIGHT)
    house.commit(case, ballots)
    house.evm.now = case.time + SETTINGS.commit + 1
    with refused("Mediation_WrongBallot", seat=0):
        house.reveal(case, [SILENCE, *ballots[1:]], 0)
    with refused("Mediation_WrongBallot", seat=1):
        house.reveal(case, house.ballots(case, RIGHT), 1)


def test_reveal__other_seats_than_ballots__is_refused(house: CourtHouse, case: Case) -> None:
    house.commit(case, house.ballots(case, RIGHT))
    with refused("Mediation_WrongCount", given=0, seats=1):
        house.act("stranger", case, "reveal", [], [0], [])


def test_tally__of_a_vote_that_was_never_committed__is_refused(house: CourtHouse, case: Case) -> None:
    house.commit(case, house.ballots(case, RIGHT, None, RIGHT))
    with refused("Mediation_WrongBallot", seat=1):
        house.tally(case, house.ballots(case, RIGHT))
