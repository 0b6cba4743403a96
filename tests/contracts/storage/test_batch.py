"""advanceBatch: as advance for many; whichever does not stand where it should is left alone, and that is told."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from ape.exceptions import ContractLogicError

from tests.contracts.desk import Entry
from tests.contracts.errors import reverts_with

from .record import ARROWS, DEAL, NOTHING, PATHS, RESULT, S, state

OUT_OF_BOUNDS = 0x32
AGREED, ACCEPTED = state(S.AGREED), state(S.ACCEPTED, RESULT)


def test_advance_batch__all_stand_there__moves_all(record: Any) -> None:
    for number in (1, 2, 3):
        record.open(number)
    assert record.advance_batch(*((number, AGREED, ACCEPTED) for number in (3, 1, 2))) == [0, 1, 2]
    assert {record.of(number)[::2] for number in (1, 2, 3)} == {(S.ACCEPTED, RESULT)}


def test_advance_batch__records_when(record: Any, at: Any, chain: Any) -> None:
    record.open(1)
    now = chain.pending_timestamp + 500
    at(now)
    record.advance_batch((1, AGREED, ACCEPTED))
    assert record.of(1) == Entry(S.ACCEPTED, now, RESULT)


def test_advance_batch__some_stand_elsewhere__leaves_them_alone_and_says_which(record: Any) -> None:
    record.bring(1, S.AGREED)
    record.bring(2, S.SUBMITTED)
    record.bring(3, S.DECLINED)
    record.open(4, RESULT)
    record.open(6)
    before = {number: record.of(number) for number in (2, 3, 4, 5)}
    assert record.advance_batch(*((number, AGREED, ACCEPTED) for number in range(1, 7))) == [0, 5]
    assert {number: record.of(number) for number in (2, 3, 4, 5)} == before
    assert [record.of(number).status for number in (1, 6)] == [S.ACCEPTED, S.ACCEPTED]
    assert record.of(5) == NOTHING


def test_advance_batch__same_deal_twice__moves_it_once(record: Any) -> None:
    record.open(1)
    assert record.advance_batch((1, AGREED, ACCEPTED), (1, AGREED, ACCEPTED)) == [0]


def test_advance_batch__two_steps_of_one_deal__are_taken_in_turn(record: Any) -> None:
    record.open(1)
    submitted = state(S.SUBMITTED, RESULT)
    assert record.advance_batch((1, AGREED, submitted), (1, submitted, ACCEPTED)) == [0, 1]


def test_advance_batch__no_arrow_leads_there__leaves_it_alone(record: Any) -> None:
    for number, status in enumerate(PATHS):
        record.bring(number, status)
    backwards = [
        (number, state(status), state(to))
        for number, status in enumerate(PATHS)
        for to in S
        if to not in ARROWS.get(status, ())
    ]
    before = [record.of(number) for number in range(len(PATHS))]
    assert record.advance_batch(*backwards, (100, state(S.NONE, bytes(26)), AGREED)) == []
    assert [record.of(number) for number in range(len(PATHS))] == before
    assert record.of(100) == NOTHING


@pytest.mark.parametrize("number", [9, 0x20 | S.ACCEPTED, 0x30 | S.ACCEPTED, 0x10 | S.SUBMITTED, 255])
def test_advance_batch__to_a_status_that_does_not_exist__is_never_recorded(record: Any, number: int) -> None:
    """Whether it is the entry that is left alone or the whole batch that is refused."""
    record.open(1)
    with suppress(ContractLogicError):
        record.advance_batch((1, AGREED, state(number)))
    assert record.of(1)[::2] == (S.AGREED, DEAL)


def test_advance_batch__deals_of_another_writer__are_unknown(record: Any, storage: Any, provider: Any) -> None:
    record.open(1)
    lists = [record.lane(1)], [AGREED], [ACCEPTED]
    assert storage.advanceBatch.call(*lists, sender=provider) == 0
    storage.advanceBatch(*lists, sender=provider)
    assert record.of(1).status == S.AGREED


def test_advance_batch__nothing__does_nothing(record: Any) -> None:
    assert record.advance_batch() == []


@pytest.mark.parametrize("short", [1, 2])
def test_advance_batch__lists_of_different_length__reverts(record: Any, storage: Any, short: int) -> None:
    record.open(1)
    record.open(2)
    lists = [[record.lane(1), record.lane(2)], [AGREED, AGREED], [ACCEPTED, ACCEPTED]]
    lists[short].pop()
    with reverts_with("Panic", code=OUT_OF_BOUNDS):
        storage.advanceBatch(*lists, sender=record.writer)
    assert [record.of(number).status for number in (1, 2)] == [S.AGREED, S.AGREED]


def test_advance_batch__more_than_can_be_told__is_refused_as_a_whole(record: Any) -> None:
    """A deal that moved without its controller knowing would never be paid."""
    for number in (0, 255, 256):
        record.open(number)
    moves = [(number, AGREED, ACCEPTED) for number in range(257)]
    with reverts_with("Storage_BatchTooLong", count=257, most=256):
        record.advance_batch(*moves)
    assert record.advance_batch(*moves[:256]) == [0, 255]
    assert [record.of(number).status for number in (0, 255, 256)] == [S.ACCEPTED, S.ACCEPTED, S.AGREED]
