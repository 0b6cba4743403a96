"""submitResult: the provider commits to a result, once, inside the submit window."""

from __future__ import annotations

from typing import Any

from lilypad.protocol.commitment import result_digest
from lilypad.protocol.deal import DealStatus
from tests.contracts.errors import reverts_with
from tests.contracts.makers import OTHER, RIGHT, words


def test_submit__by_provider__is_recorded_and_no_money_moves(
    controller: Any, protocol: Any, desk: Any, books: Any, provider: Any
) -> None:
    case = desk.agree()
    with books.unchanged():
        receipt = controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)

    (event,) = controller.ResultSubmitted.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, RIGHT.commitment)
    assert event.instructionCount == RIGHT.instruction_count
    status, since, digest = protocol.storage.dealOf(controller, case.id)
    assert (status, since) == (DealStatus.SUBMITTED, receipt.timestamp)
    assert bytes(digest) == result_digest(RIGHT.commitment, RIGHT.instruction_count)


def test_submit__last_second_of_the_window__is_submitted(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.submit)
    controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)


def test_submit__second_after_the_window__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.agree()
    deadline = case.since + case.terms.windows.submit
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.submitResult(case.terms.words(), words(RIGHT), sender=provider)


def test_submit__second_result__reverts(controller: Any, desk: Any, provider: Any) -> None:
    case = desk.submitted()
    with reverts_with("Storage_WrongStatus", id=case.id, actual=DealStatus.SUBMITTED, expected=DealStatus.AGREED):
        controller.submitResult(case.terms.words(), words(OTHER), sender=provider)


def test_submit__by_anyone_else__reverts(controller: Any, desk: Any, creator: Any, stranger: Any) -> None:
    case = desk.agree()
    for caller in (creator, stranger):
        with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=case.terms.provider):
            controller.submitResult(case.terms.words(), words(RIGHT), sender=caller)
