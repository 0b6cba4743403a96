"""decline: the provider hands the deal back, inside its window; everybody goes home."""

from __future__ import annotations

from typing import Any

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from tests.contracts.errors import reverts_with


def test_decline__by_provider__sends_everybody_home(
    controller: Any, protocol: Any, desk: Any, books: Any, provider: Any
) -> None:
    case = desk.agree()
    with books.changed_by(settlement.home(case.terms)):
        receipt = controller.decline(case.terms.words(), sender=provider)

    (event,) = controller.DealDeclined.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert protocol.storage.dealOf(controller, case.id)[0] == DealStatus.DECLINED


def test_decline__last_second_of_the_window__is_declined(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.decline)
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
