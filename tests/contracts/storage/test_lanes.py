"""open: one deal at a time in each of a creator's lanes; the next one takes the place of one that has ended."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import Entry
from tests.contracts.errors import reverts_with

from .record import DEAL, NOTHING, PATHS, RESULT, S, lane, state

OPEN = [status for status in PATHS if status.is_open]
ENDED = [status for status in PATHS if status.is_end]
LAST = 2**64 - 1


def name(status: DealStatus) -> str:
    return status.name


def test_statuses__each_is_open_or_an_end() -> None:
    assert {*OPEN, *ENDED} == {*DealStatus} - {S.NONE}


def test_open__empty_lane__is_agreed_from_now(record: Any) -> None:
    assert record.of(1) == NOTHING
    receipt = record.open(1)
    assert record.of(1) == Entry(S.AGREED, receipt.timestamp, DEAL)


@pytest.mark.parametrize("status", OPEN, ids=name)
def test_open__lane_of_an_open_deal__reverts(record: Any, status: DealStatus) -> None:
    """Also for the very same deal."""
    record.bring(1, status)
    before = record.of(1)
    for digest in (RESULT, DEAL):
        with reverts_with("Storage_LaneBusy", lane=record.lane(1), status=status):
            record.open(1, digest)
    assert record.of(1) == before


@pytest.mark.parametrize("status", ENDED, ids=name)
def test_open__lane_of_a_deal_that_has_ended__takes_its_place(record: Any, status: DealStatus) -> None:
    record.bring(1, status)
    receipt = record.open(1, RESULT)
    assert record.of(1) == Entry(S.AGREED, receipt.timestamp, RESULT)


def test_deal__that_was_replaced__is_not_found_any_more(record: Any) -> None:
    record.bring(1, S.DECLINED)
    record.open(1, RESULT)
    with reverts_with("Storage_WrongDigest", lane=record.lane(1), actual=RESULT, expected=DEAL):
        record.advance(1, state(S.AGREED), state(S.ACCEPTED))
    with reverts_with("Storage_WrongStatus", lane=record.lane(1), actual=S.AGREED, expected=S.DECLINED):
        record.advance(1, state(S.DECLINED), state(S.ACCEPTED))


@pytest.mark.parametrize("number", [0, 1, 2**32, LAST])
def test_lane__of_any_number__is_one_of_its_own(record: Any, number: int) -> None:
    record.open(number)
    others = {0, 1, 2, 2**32, 2**63, LAST} - {number}
    assert record.of(number).status == S.AGREED
    assert {record.of(other) for other in others} == {NOTHING}


def test_lane__of_the_same_number__is_each_creator_s_own(record: Any, storage: Any, provider: Any) -> None:
    record.open(1)
    storage.open(lane(provider, 1), RESULT, sender=record.writer)
    assert (record.of(1).digest, record.of(1, creator=provider).digest) == (DEAL, RESULT)
    record.advance(1, state(S.AGREED), state(S.DECLINED))
    assert record.of(1, creator=provider).status == S.AGREED


def test_lane__of_the_same_creator__is_each_writer_s_own(record: Any, storage: Any, provider: Any) -> None:
    """Nobody can occupy another controller's lanes, nor empty them."""
    record.open(1)
    assert record.of(1, writer=provider) == NOTHING
    storage.open(record.lane(1), RESULT, sender=provider)
    storage.advance(record.lane(1), state(S.AGREED, RESULT), state(S.DECLINED), sender=provider)
    assert (record.of(1).status, record.of(1).digest) == (S.AGREED, DEAL)


def test_lane__of_an_agreement__is_the_one_that_the_job_offer_names(desk: Any, maker: Any, record: Any) -> None:
    case = desk.agree(maker.job(lane=LAST))
    found = record.of(LAST, creator=maker.creator.address, writer=desk.controller)
    assert found == Entry(S.AGREED, case.since, case.digest_agreed)
