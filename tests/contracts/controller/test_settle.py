"""settle: both sides agree on this very result, in one transaction, before it was submitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import stands_at
from tests.contracts.makers import OTHER, RIGHT

NOTHING = replace(RIGHT, instruction_count=0)


@pytest.mark.parametrize("who", ["provider", "creator", "stranger"])
def test_settle__agreed__pays_with_both_consents(
    controller: Any, desk: Any, books: Any, roles: Any, treasury: Any, who: str
) -> None:
    case = desk.agree()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    accepted = b"" if who == "creator" else desk.acceptance(case)
    submitted = b"" if who == "provider" else desk.submission(case)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        receipt = controller.settle(*case.submitted, accepted, submitted, sender=getattr(roles, who))

    (event,) = controller.DealSettled.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, RIGHT.commitment)
    assert event.instructionCount == RIGHT.instruction_count
    assert desk.record(case) == (DealStatus.ACCEPTED, receipt.timestamp, case.digest_submitted)


@pytest.mark.parametrize("after", [0, 1, 10**6])
def test_settle__submit_window_over__is_still_settled_while_nobody_called_late(
    controller: Any, desk: Any, provider: Any, at: Any, after: int
) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.submit + after)
    controller.settle(*case.submitted, desk.acceptance(case), b"", sender=provider)


def test_settle__creator_alone_with_a_count_of_zero__reverts(
    controller: Any, desk: Any, creator: Any, not_submitted: Any
) -> None:
    case = replace(desk.agree(), claim=NOTHING)
    for submitted in (b"", desk.acceptance(case, NOTHING), desk.submission(case, RIGHT)):
        with not_submitted(case):
            controller.settle(*case.submitted, b"", submitted, sender=creator)


def test_settle__provider_alone__reverts(controller: Any, desk: Any, provider: Any, not_accepted: Any) -> None:
    case = desk.agree()
    for accepted in (b"", desk.submission(case), desk.acceptance(case, OTHER)):
        with not_accepted(case):
            controller.settle(*case.submitted, accepted, b"", sender=provider)


def test_settle__acceptance_of_another_deal__reverts(
    controller: Any, desk: Any, provider: Any, not_accepted: Any
) -> None:
    first, second = desk.agree(), desk.agree()
    with not_accepted(second):
        controller.settle(*second.submitted, desk.acceptance(first), b"", sender=provider)


@pytest.mark.parametrize("claim", [RIGHT, OTHER], ids=["the same", "another"])
def test_settle__result_submitted_before__reverts_and_the_acceptance_is_good_for_accept_signed(
    controller: Any, desk: Any, stranger: Any, claim: Any
) -> None:
    """One signature of the creator serves both ways, so a provider that hurries breaks nothing."""
    case = desk.submit(desk.agree(), claim)
    accepted = desk.acceptance(case, claim)
    with stands_at(case, DealStatus.SUBMITTED, not_at=DealStatus.AGREED):
        controller.settle(*case.submitted, accepted, desk.submission(case, claim), sender=stranger)
    controller.acceptSigned(*case.submitted, accepted, sender=stranger)
    assert desk.record(case).status == DealStatus.ACCEPTED


def test_settle__again__reverts(controller: Any, desk: Any, books: Any, provider: Any) -> None:
    case = desk.agree()
    call = (*case.submitted, desk.acceptance(case), b"")
    controller.settle(*call, sender=provider)
    with books.unchanged(), stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.AGREED):
        controller.settle(*call, sender=provider)
