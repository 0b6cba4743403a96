"""late: no result in time; the creator is refunded and given the penalty that the provider signed."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import COLLATERAL


@pytest.mark.parametrize("bps", [0, 1, 9_999, 10_000])
def test_late__second_after_the_submit_window__refunds_and_fines(
    controller: Any, desk: Any, maker: Any, books: Any, stranger: Any, at: Any, bps: int
) -> None:
    case = desk.agree(resource=maker.resource(late_penalty_bps=bps))
    assert case.terms.late_penalty == COLLATERAL * bps // 10_000
    at(case.since + case.terms.windows.submit + 1)
    with books.changed_by(settlement.late(case.terms)):
        receipt = controller.late(case.terms.words(), sender=stranger)

    (event,) = controller.DealLate.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert desk.record(case) == (DealStatus.LATE, receipt.timestamp, case.digest_agreed)


def test_late__inside_submit_window__reverts(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.agree()
    deadline = case.since + case.terms.windows.submit
    for now in (deadline - 1, deadline):
        at(now)
        with reverts_with("Controller_TooEarly", id=case.id, deadline=deadline, nowAt=now):
            controller.late(case.terms.words(), sender=creator)


def test_late__result_submitted_in_time__reverts_for_ever(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    at(case.since + 10 * case.terms.windows.submit)
    with stands_at(case, DealStatus.SUBMITTED, not_at=DealStatus.AGREED):
        controller.late(case.terms.words(), sender=creator)
