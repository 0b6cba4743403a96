"""accept, acceptSigned and finalize: the provider is paid, by the creator's word or by its silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.types import ZERO_ADDRESS
from tests.contracts.desk import holds
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, OTHER, RIGHT, words

COUNTS = [0, 1, 999_993, 5_000_001, 9_999_930, 10_000_000, 2**64 - 1]


@pytest.fixture
def paid(desk: Any, books: Any, treasury: Any) -> Any:
    """The block must pay for the case's result, and nothing else."""

    def check(case: Any) -> Any:
        cost = settlement.cost(case.terms, case.claim.instruction_count)
        return books.changed_by(settlement.paid(case.terms, cost, treasury.address))

    return check


# ------------------------------------------------------------ accept


@pytest.mark.parametrize("count", COUNTS)
def test_accept__by_creator__pays_everybody_its_share(
    controller: Any, desk: Any, paid: Any, creator: Any, count: int
) -> None:
    case = desk.submit(desk.agree(), replace(RIGHT, instruction_count=count))
    with paid(case):
        receipt = controller.accept(*case.submitted, sender=creator)

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert desk.record(case) == (DealStatus.ACCEPTED, receipt.timestamp, case.digest_submitted)


def test_accept__no_share_for_anybody__provider_has_the_whole_cost(
    controller: Any, protocol: Any, desk: Any, maker: Any, paid: Any, roles: Any
) -> None:
    controller.setParameters(0, controller.collateralFloorBps(), sender=roles.governor)
    module = bytes(protocol.modules.moduleId(roles.author, 0, bytes([1] * 32)))
    protocol.modules.publish(bytes([1] * 32), "gratis", "1.0.0", 0, sender=roles.author)
    protocol.modules.curate(module, 2, sender=roles.curator)
    case = desk.submit(desk.agree(maker.job(module=module, solver_bps=0)))
    assert case.terms.shares.total_bps == 0
    with paid(case):
        controller.accept(*case.submitted, sender=roles.creator)


def test_accept__no_solver__its_share_is_nobody_s(
    controller: Any, desk: Any, books: Any, paid: Any, creator: Any
) -> None:
    case = desk.submitted(solver=ZERO_ADDRESS, solver_bps=0)
    with paid(case):
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


@pytest.mark.parametrize("role", ["creator", "provider", "author", "treasury"])
def test_accept__solver_has_another_role_too__both_parts_arrive(
    controller: Any, desk: Any, paid: Any, roles: Any, role: str
) -> None:
    case = desk.submitted(solver=getattr(roles, role).address)
    with paid(case):
        controller.accept(*case.submitted, sender=roles.creator)


def test_accept__long_after_the_judge_window__is_accepted(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    at(case.since + 10 * case.terms.windows.judge)
    controller.accept(*case.submitted, sender=creator)


def test_accept__another_result__reverts(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.submitted()
    for other in (OTHER, replace(RIGHT, instruction_count=0)):
        wrong = replace(case, claim=other)
        with holds(case, case.digest_submitted, not_=wrong.digest_submitted):
            controller.accept(*wrong.submitted, sender=creator)


def test_accept__by_anyone_else__reverts(controller: Any, desk: Any, provider: Any, stranger: Any) -> None:
    case = desk.submitted()
    for caller in (provider, stranger):
        with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=case.terms.creator):
            controller.accept(*case.submitted, sender=caller)


# ------------------------------------------------------------ acceptSigned


@pytest.mark.parametrize("who", ["provider", "stranger", "creator"])
def test_accept_signed__brought_by_anyone__pays_as_accept_does(
    controller: Any, desk: Any, paid: Any, roles: Any, who: str
) -> None:
    case = desk.submitted()
    with paid(case):
        receipt = controller.acceptSigned(*case.submitted, desk.acceptance(case), sender=getattr(roles, who))

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert desk.record(case) == (DealStatus.ACCEPTED, receipt.timestamp, case.digest_submitted)


def test_accept_signed__by_a_contract__is_asked(
    controller: Any, payments: Any, desk: Any, maker: Any, stranger: Any, wallet: Any, not_accepted: Any
) -> None:
    job = maker.job(creator=wallet.address)
    case = desk.submit(desk.agree(job, job_signature=maker.sign_long(maker.creator, job)))
    with not_accepted(case):
        controller.acceptSigned(*case.submitted, desk.submission(case), sender=stranger)
    controller.acceptSigned(*case.submitted, desk.acceptance(case, long=True), sender=stranger)
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    assert payments.balanceOf(controller, wallet) == (CEILING - cost, 0)


def test_accept_signed__without_the_creator_s_signature__reverts(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any, not_accepted: Any
) -> None:
    case, another = desk.submitted(), desk.submitted()
    false = {
        "none": b"",
        "of zeros": bytes(64),
        "the provider's": desk.submission(case),
        "under another deal": desk.acceptance(another),
        "under another result": desk.acceptance(case, OTHER),
        "under the offer": maker.sign(maker.creator, case.job),
    }
    with books.unchanged():
        for signature in false.values():
            with not_accepted(case):
                controller.acceptSigned(*case.submitted, signature, sender=roles.provider)


def test_accept_signed__for_another_result_than_was_submitted__reverts(
    controller: Any, desk: Any, stranger: Any
) -> None:
    case = desk.submitted()
    wrong = replace(case, claim=OTHER)
    with holds(case, case.digest_submitted, not_=wrong.digest_submitted):
        controller.acceptSigned(*wrong.submitted, desk.acceptance(case, OTHER), sender=stranger)


# ------------------------------------------------------------ finalize


def test_finalize__second_after_the_judge_window__pays_as_accept_does(
    controller: Any, desk: Any, paid: Any, stranger: Any, at: Any
) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge + 1)
    with paid(case):
        receipt = controller.finalize(*case.submitted, sender=stranger)

    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert bytes(event.id) == case.id
    assert desk.record(case) == (DealStatus.ACCEPTED, receipt.timestamp, case.digest_submitted)


def test_finalize__inside_judge_window__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    for now in (deadline - 1, deadline):
        at(now)
        with reverts_with("Controller_TooEarly", id=case.id, deadline=deadline, nowAt=now):
            controller.finalize(*case.submitted, sender=provider)


def test_finalize__another_result__reverts(controller: Any, desk: Any, provider: Any, at: Any) -> None:
    case = desk.submitted()
    wrong = replace(case, claim=OTHER)
    at(case.since + case.terms.windows.judge + 1)
    with holds(case, case.digest_submitted, not_=wrong.digest_submitted):
        controller.finalize(case.terms.words(), words(OTHER), sender=provider)
