"""advance: only the arrows of DealStatus, and only from where the deal stands exactly."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import Entry
from tests.contracts.errors import reverts_with

from .record import ARROWS, DEAL, NOTHING, PATHS, RESULT, S, state

NO_SUCH_STATUS = 0x21
"""Solidity's own code for a number that is not of an enum."""


def not_forward(lane: bytes, start: int, to: int) -> Any:
    return reverts_with("Storage_NotForward", **{"lane": lane, "from": start, "to": to})


@pytest.mark.parametrize("status", PATHS, ids=lambda status: status.name)
def test_advance__every_arrow_from_a_status__and_no_other(record: Any, chain: Any, status: DealStatus) -> None:
    record.bring(1, status)
    for to in DealStatus:
        if to in ARROWS.get(status, ()):
            snapshot = chain.snapshot()
            receipt = record.advance(1, state(status), state(to, RESULT))
            assert record.of(1) == Entry(to, receipt.timestamp, RESULT)
            chain.restore(snapshot)
        else:
            before = record.of(1)
            with not_forward(record.lane(1), status, to):
                record.advance(1, state(status), state(to, RESULT))
            assert record.of(1) == before


def test_advance__returns_since_when_the_deal_stood_there(record: Any, storage: Any, at: Any, chain: Any) -> None:
    opened = chain.pending_timestamp + 100
    at(opened)
    record.open(1)
    at(opened + 777)
    moves = record.lane(1), state(S.AGREED), state(S.SUBMITTED, RESULT)
    assert storage.advance.call(*moves, sender=record.writer) == opened
    record.advance(1, *moves[1:])
    assert record.of(1) == Entry(S.SUBMITTED, opened + 777, RESULT)


def test_advance__from_another_status_than_it_has__reverts(record: Any) -> None:
    record.open(1)
    with reverts_with("Storage_WrongStatus", lane=record.lane(1), actual=S.AGREED, expected=S.SUBMITTED):
        record.advance(1, state(S.SUBMITTED), state(S.ACCEPTED))
    assert record.of(1).status == S.AGREED


@pytest.mark.parametrize("wrong", [RESULT, bytes(26), DEAL[:-1] + b"e", b"e" + DEAL[1:]])
def test_advance__from_another_digest_than_it_has__reverts(record: Any, wrong: bytes) -> None:
    record.open(1)
    with reverts_with("Storage_WrongDigest", lane=record.lane(1), actual=DEAL, expected=wrong):
        record.advance(1, state(S.AGREED, wrong), state(S.SUBMITTED, RESULT))
    assert record.of(1).digest == DEAL


def test_advance__lane_that_was_never_used__reverts(record: Any) -> None:
    with reverts_with("Storage_WrongStatus", lane=record.lane(1), actual=S.NONE, expected=S.AGREED):
        record.advance(1, state(S.AGREED), state(S.SUBMITTED))
    for to in DealStatus:
        with not_forward(record.lane(1), S.NONE, to):
            record.advance(1, state(S.NONE, bytes(26)), state(to))
    assert record.of(1) == NOTHING


@pytest.mark.parametrize("number", [9, 15, 0x20 | S.ACCEPTED, 0x30 | S.ACCEPTED, 0x10 | S.SUBMITTED, 255])
def test_advance__to_a_status_that_does_not_exist__reverts(record: Any, number: int) -> None:
    """Nor do the bits of one pass for those of an arrow from another."""
    record.open(1)
    with reverts_with("Panic", code=NO_SUCH_STATUS):
        record.advance(1, state(S.AGREED), state(number))
    assert record.of(1).status == S.AGREED


def test_advance__claiming_to_know_since_when__finds_nothing(record: Any) -> None:
    """A state is a slot with zero for since: nobody has to repeat, or can forge, the time."""
    receipt = record.open(1)
    timed = (int.from_bytes(state(S.AGREED), "big") | receipt.timestamp << 8).to_bytes(32, "big")
    with reverts_with("Storage_WrongDigest", lane=record.lane(1), actual=DEAL, expected=DEAL):
        record.advance(1, timed, state(S.SUBMITTED))


def test_advance__deal_of_another_writer__is_unknown(storage: Any, desk: Any, stranger: Any) -> None:
    case = desk.agree()
    with reverts_with("Storage_WrongStatus", lane=case.lane, actual=S.NONE, expected=S.AGREED):
        storage.advance(case.lane, state(S.AGREED, case.digest_agreed), state(S.ACCEPTED), sender=stranger)
    assert desk.record(case).status == S.AGREED
