"""decline: the provider hands the deal back, inside its window, for the fee that it signed; everybody goes home."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from tests.contracts.errors import reverts_with
from tests.contracts.makers import COLLATERAL


@pytest.mark.parametrize("bps", [0, 1, 9_999, 10_000])
def test_decline__by_provider__sends_everybody_home_and_gives_the_creator_the_fee(
    controller: Any, desk: Any, maker: Any, books: Any, provider: Any, bps: int
) -> None:
    case = desk.agree(resource=maker.resource(decline_fee_bps=bps))
    assert case.terms.decline_fee == COLLATERAL * bps // 10_000
    with books.changed_by(settlement.declined(case.terms)):
        receipt = controller.decline(case.terms.words(), sender=provider)

    (event,) = controller.DealDeclined.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert desk.record(case) == (DealStatus.DECLINED, receipt.timestamp, case.digest_agreed)


def test_decline__fee_of_a_collateral_that_no_share_divides__is_rounded_down(
    controller: Any, desk: Any, maker: Any, books: Any, provider: Any
) -> None:
    case = desk.agree(resource=maker.resource(decline_fee_bps=1, collateral=COLLATERAL + 9_999))
    with books.changed_by(settlement.declined(case.terms)):
        controller.decline(case.terms.words(), sender=provider)
    assert case.terms.decline_fee == COLLATERAL // 10_000


@pytest.mark.parametrize("before", [0, 1])
def test_decline__last_seconds_of_the_window__is_declined(
    controller: Any, desk: Any, provider: Any, at: Any, before: int
) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.decline - before)
    controller.decline(case.terms.words(), sender=provider)


def test_decline__second_after_the_window__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.agree()
    deadline = case.since + case.terms.windows.decline
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.decline(case.terms.words(), sender=provider)


def test_decline__by_anyone_else__reverts(controller: Any, desk: Any, creator: Any, stranger: Any) -> None:
    case = desk.agree()
    for caller in (creator, stranger):
        with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=case.terms.provider):
            controller.decline(case.terms.words(), sender=caller)
