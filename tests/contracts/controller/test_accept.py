"""accept and finalize: the provider is paid, by the creator's word or by its silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.commitment import result_digest
from lilypad.protocol.deal import Claim, DealStatus
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import OTHER, RIGHT, words

COUNTS = [0, 1, 999_993, 5_000_001, 9_999_930, 10_000_000, 2**64 - 1]


def digest(claim: Claim) -> bytes:
    return result_digest(claim.commitment, claim.instruction_count)


@pytest.mark.parametrize("count", COUNTS)
def test_accept__by_creator__pays_everybody_its_share(
    controller: Any, protocol: Any, desk: Any, books: Any, creator: Any, treasury: Any, count: int
) -> None:
    claim = replace(RIGHT, instruction_count=count)
    case = desk.submit(desk.agree(), claim)
    cost = settlement.cost(case.terms, count)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        receipt = controller.accept(*case.submitted, sender=creator)

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, claim.commitment)
    assert (event.instructionCount, event.cost) == (count, cost)
    assert protocol.storage.dealOf(controller, case.id)[0] == DealStatus.ACCEPTED


def test_accept__no_solver__its_share_is_nobody_s(
    controller: Any, desk: Any, books: Any, creator: Any, treasury: Any
) -> None:
    case = desk.submitted(solver=ZERO_ADDRESS, solver_bps=0)
    cost = settlement.cost(case.terms, case.claim.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        controller.accept(*case.submitted, sender=creator)
    assert books.of(ZERO_ADDRESS) == settlement.Change()


def test_accept__protocol_takes_nothing__the_others_have_their_shares(
    controller: Any, desk: Any, books: Any, creator: Any, roles: Any
) -> None:
    controller.setParameters(0, controller.collateralFloorBps(), sender=roles.governor)
    case = desk.submitted()
    cost = settlement.cost(case.terms, case.claim.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, roles.treasury.address)):
        controller.accept(*case.submitted, sender=creator)
    assert books.of(roles.treasury) == settlement.Change()


def test_accept__solver_is_the_creator__both_parts_arrive(
    controller: Any, desk: Any, books: Any, creator: Any, treasury: Any
) -> None:
    case = desk.submitted(solver=creator.address)
    cost = settlement.cost(case.terms, case.claim.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        controller.accept(*case.submitted, sender=creator)


def test_accept__long_after_the_judge_window__is_accepted(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    at(case.since + 10 * case.terms.windows.judge)
    controller.accept(*case.submitted, sender=creator)


def test_accept__another_result__reverts(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.submitted()
    for wrong in (OTHER, replace(RIGHT, instruction_count=0)):
        with reverts_with("Controller_WrongResult", id=case.id, actual=digest(RIGHT), expected=digest(wrong)):
            controller.accept(case.terms.words(), words(wrong), sender=creator)


def test_accept__by_anyone_else__reverts(controller: Any, desk: Any, provider: Any, stranger: Any) -> None:
    case = desk.submitted()
    for caller in (provider, stranger):
        with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=case.terms.creator):
            controller.accept(*case.submitted, sender=caller)


def test_finalize__second_after_the_judge_window__pays_as_accept_does(
    controller: Any, protocol: Any, desk: Any, books: Any, stranger: Any, treasury: Any, at: Any
) -> None:
    case = desk.submitted()
    cost = settlement.cost(case.terms, case.claim.instruction_count)
    at(case.since + case.terms.windows.judge + 1)
    with books.changed_by(settlement.paid(case.terms, cost, treasury.address)):
        receipt = controller.finalize(*case.submitted, sender=stranger)

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert (bytes(event.id), event.cost) == (case.id, cost)
    assert protocol.storage.dealOf(controller, case.id)[0] == DealStatus.ACCEPTED


def test_finalize__inside_judge_window__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    for now in (deadline - 1, deadline):
        at(now)
        with reverts_with("Controller_TooEarly", id=case.id, deadline=deadline, nowAt=now):
            controller.finalize(*case.submitted, sender=provider)


def test_finalize__another_result__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge + 1)
    with reverts_with("Controller_WrongResult", id=case.id, actual=digest(RIGHT), expected=digest(OTHER)):
        controller.finalize(case.terms.words(), words(OTHER), sender=provider)
