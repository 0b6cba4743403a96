"""submitResult: the provider commits to a result, once, inside the submit window."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import OTHER, RIGHT, words


def test_submit__by_provider__is_recorded_and_no_money_moves(
    controller: Any, desk: Any, books: Any, provider: Any
) -> None:
    case = desk.agree()
    with books.unchanged():
        receipt = controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)

    (event,) = controller.ResultSubmitted.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, RIGHT.commitment)
    assert event.instructionCount == RIGHT.instruction_count
    assert desk.record(case) == (DealStatus.SUBMITTED, receipt.timestamp, case.digest_submitted)


@pytest.mark.parametrize("before", [0, 1])
def test_submit__last_seconds_of_the_window__is_submitted(
    controller: Any, desk: Any, provider: Any, at: Any, before: int
) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.submit - before)
    controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)


def test_submit__second_after_the_window__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.agree()
    deadline = case.since + case.terms.windows.submit
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)


def test_submit__second_result__reverts(controller: Any, desk: Any, provider: Any) -> None:
    case = desk.submitted()
    with stands_at(case, DealStatus.SUBMITTED, not_at=DealStatus.AGREED):
        controller.submitResult(case.terms.words(), words(OTHER), sender=provider)


def test_submit__by_anyone_else__reverts(controller: Any, desk: Any, creator: Any, stranger: Any) -> None:
    case = desk.agree()
    for caller in (creator, stranger):
        with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=case.terms.provider):
            controller.submitResult(case.terms.words(), words(RIGHT), sender=caller)
