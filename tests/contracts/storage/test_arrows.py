"""The record: one space per writer, and only the arrows of DealStatus in it."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.errors import reverts_with

S = DealStatus
ARROWS = {
    S.AGREED: {S.SUBMITTED, S.ACCEPTED, S.DECLINED, S.LATE},
    S.SUBMITTED: {S.ACCEPTED, S.CHALLENGED},
    S.CHALLENGED: {S.ACCEPTED, S.REJECTED, S.UNDECIDED},
}
PATHS = {
    S.AGREED: [],
    S.SUBMITTED: [S.SUBMITTED],
    S.CHALLENGED: [S.SUBMITTED, S.CHALLENGED],
    S.ACCEPTED: [S.ACCEPTED],
    S.REJECTED: [S.SUBMITTED, S.CHALLENGED, S.REJECTED],
    S.DECLINED: [S.DECLINED],
    S.LATE: [S.LATE],
    S.UNDECIDED: [S.SUBMITTED, S.CHALLENGED, S.UNDECIDED],
}
DEAL, DIGEST, NO_DIGEST = b"d" * 32, b"r" * 26, bytes(26)


@pytest.fixture
def storage(protocol: Any) -> Any:
    return protocol.storage


@pytest.mark.parametrize("status", PATHS, ids=lambda status: status.name)
def test_advance__every_arrow_from_a_status__and_no_other(
    storage: Any, stranger: Any, chain: Any, status: DealStatus
) -> None:
    storage.open(DEAL, sender=stranger)
    at = S.AGREED
    for step in PATHS[status]:
        storage.advance(DEAL, at, step, DIGEST, sender=stranger)
        at = step
    for to in DealStatus:
        if to in ARROWS.get(status, ()):
            snapshot = chain.snapshot()
            receipt = storage.advance(DEAL, status, to, DIGEST, sender=stranger)
            found = storage.dealOf(stranger, DEAL)
            assert (found[0], found[1], bytes(found[2])) == (to, receipt.timestamp, DIGEST)
            chain.restore(snapshot)
        else:
            fields = {"id": DEAL, "from": status, "to": to}
            with reverts_with("Storage_NotForward", **fields):
                storage.advance(DEAL, status, to, DIGEST, sender=stranger)


def test_advance__from_another_status_than_it_has__reverts(storage: Any, stranger: Any) -> None:
    storage.open(DEAL, sender=stranger)
    with reverts_with("Storage_WrongStatus", id=DEAL, actual=S.AGREED, expected=S.SUBMITTED):
        storage.advance(DEAL, S.SUBMITTED, S.ACCEPTED, DIGEST, sender=stranger)


def test_advance__unknown_deal__reverts(storage: Any, stranger: Any) -> None:
    with reverts_with("Storage_NotForward", **{"id": DEAL, "from": S.NONE, "to": S.AGREED}):
        storage.advance(DEAL, S.NONE, S.AGREED, DIGEST, sender=stranger)


def test_open__known_deal__reverts_even_after_its_end(storage: Any, stranger: Any) -> None:
    storage.open(DEAL, sender=stranger)
    with reverts_with("Storage_DealExists", id=DEAL):
        storage.open(DEAL, sender=stranger)
    storage.advance(DEAL, S.AGREED, S.DECLINED, NO_DIGEST, sender=stranger)
    with reverts_with("Storage_DealExists", id=DEAL):
        storage.open(DEAL, sender=stranger)


def test_advance__deal_of_another_writer__is_unknown(storage: Any, desk: Any, controller: Any, stranger: Any) -> None:
    case = desk.agree()
    with reverts_with("Storage_WrongStatus", id=case.id, actual=S.NONE, expected=S.AGREED):
        storage.advance(case.id, S.AGREED, S.ACCEPTED, DIGEST, sender=stranger)
    assert storage.dealOf(controller, case.id)[0] == S.AGREED
