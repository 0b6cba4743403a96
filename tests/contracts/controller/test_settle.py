"""settle: both sides agree on this very result, in one transaction, before or after it was submitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.commitment import result_digest
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.offers import Acceptance, Submission
from tests.contracts.errors import reverts_with
from tests.contracts.makers import OTHER, RIGHT, words

NOTHING = replace(RIGHT, instruction_count=0)


def digest_of(maker: Any, kind: Any, case: Any, claim: Any) -> bytes:
    message = kind(case.id, claim.commitment, claim.instruction_count)
    return maker.domain.digest(message.struct_hash())


@pytest.mark.parametrize("who", ["provider", "creator", "stranger"])
def test_settle__agreed__pays_with_both_consents(
    controller: Any, protocol: Any, desk: Any, books: Any, roles: Any, treasury: Any, who: str
) -> None:
    case = desk.agree()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    accepted = b"" if who == "creator" else desk.acceptance(case)
    submitted = b"" if who == "provider" else desk.submission(case)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        receipt = controller.settle(case.terms.words(), words(RIGHT), accepted, submitted, sender=getattr(roles, who))

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, RIGHT.commitment)
    assert (event.instructionCount, event.cost) == (RIGHT.instruction_count, cost)
    status, _, digest = protocol.storage.dealOf(controller, case.id)
    assert status == DealStatus.ACCEPTED
    assert bytes(digest) == result_digest(RIGHT.commitment, RIGHT.instruction_count)


def test_settle__submitted__anyone_brings_the_creator_s_acceptance(
    controller: Any, desk: Any, books: Any, stranger: Any, treasury: Any
) -> None:
    case = desk.submitted()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        controller.settle(*case.submitted, desk.acceptance(case), b"", sender=stranger)


def test_settle__agreed_and_submit_window_over__is_still_settled(
    controller: Any, desk: Any, provider: Any, at: Any
) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.submit + 1)
    controller.settle(case.terms.words(), words(RIGHT), desk.acceptance(case), b"", sender=provider)


def test_settle__creator_alone_with_a_count_of_zero__reverts(
    controller: Any, desk: Any, maker: Any, creator: Any
) -> None:
    case = desk.agree()
    digest = digest_of(maker, Submission, case, NOTHING)
    for submitted in (b"", desk.acceptance(case, NOTHING), desk.submission(case, RIGHT)):
        with reverts_with("Controller_BadSignature", signer=case.terms.provider, digest=digest):
            controller.settle(case.terms.words(), words(NOTHING), b"", submitted, sender=creator)


def test_settle__provider_alone__reverts(controller: Any, desk: Any, maker: Any, provider: Any) -> None:
    case = desk.agree()
    digest = digest_of(maker, Acceptance, case, RIGHT)
    for accepted in (b"", desk.submission(case), desk.acceptance(case, OTHER)):
        with reverts_with("Controller_BadSignature", signer=case.terms.creator, digest=digest):
            controller.settle(case.terms.words(), words(RIGHT), accepted, b"", sender=provider)


def test_settle__acceptance_of_another_deal__reverts(controller: Any, desk: Any, maker: Any, provider: Any) -> None:
    first, second = desk.agree(), desk.agree()
    digest = digest_of(maker, Acceptance, second, RIGHT)
    with reverts_with("Controller_BadSignature", signer=second.terms.creator, digest=digest):
        controller.settle(second.terms.words(), words(RIGHT), desk.acceptance(first), b"", sender=provider)


@pytest.mark.parametrize("who", ["creator", "provider"])
def test_settle__submitted_another_result__reverts_even_with_both_consents(
    controller: Any, desk: Any, roles: Any, who: str
) -> None:
    case = desk.submitted()
    actual = result_digest(RIGHT.commitment, RIGHT.instruction_count)
    expected = result_digest(NOTHING.commitment, NOTHING.instruction_count)
    accepted, submitted = desk.acceptance(case, NOTHING), desk.submission(case, NOTHING)
    with reverts_with("Controller_WrongResult", id=case.id, actual=actual, expected=expected):
        controller.settle(case.terms.words(), words(NOTHING), accepted, submitted, sender=getattr(roles, who))


def test_settle__again__reverts(controller: Any, desk: Any, provider: Any) -> None:
    case = desk.agree()
    call = (case.terms.words(), words(RIGHT), desk.acceptance(case), b"")
    controller.settle(*call, sender=provider)
    with reverts_with("Storage_WrongStatus", id=case.id, actual=DealStatus.ACCEPTED, expected=DealStatus.AGREED):
        controller.settle(*call, sender=provider)
