"""Whoever sees a call before it is mined and is faster: gains nothing, and takes nobody's money with it."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.words import Verification
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE, CEILING, COLLATERAL, OTHER, RIGHT

# ------------------------------------------------------------ agree


def test_agree__brought_by_a_stranger_first__is_the_same_deal_with_the_same_solver(
    controller: Any, desk: Any, roles: Any
) -> None:
    case = desk.on_paper()
    assert desk.agree(case.job, case.resource, sender=roles.stranger).terms == case.terms
    assert case.terms.solver == roles.solver.address  # not whoever came first
    with reverts_with("Storage_LaneBusy", lane=case.lane, status=DealStatus.AGREED):
        desk.agree(case.job, case.resource, sender=roles.solver)


@pytest.mark.parametrize("who", ["creator", "provider"])
def test_agree__one_side_withdraws_first__reverts_and_leaves_the_other_as_it_was(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, roles: Any, who: str
) -> None:
    case, side = desk.on_paper(), getattr(roles, who)
    needed = {"creator": CEILING, "provider": COLLATERAL}[who]
    payments.withdraw(controller, books.of(side).free - needed + 1, sender=side)
    wrong = {"controller": controller, "account": side, "free": needed - 1, "needed": needed}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        desk.agree(case.job, case.resource)
    assert not payments.isNonceUsed(controller, roles.creator, case.job.nonce)
    assert not payments.isNonceUsed(controller, roles.provider, case.resource.nonce)
    payments.deposit(controller, side, 1, sender=roles.holder)
    assert desk.agree(case.job, case.resource).id == case.id


def test_agree__one_side_cancels_first__reverts_and_the_other_s_offer_stays_good(
    controller: Any, payments: Any, desk: Any, maker: Any, roles: Any
) -> None:
    case = desk.on_paper()
    payments.cancelNonce(controller, case.job.nonce, sender=roles.creator)
    with desk.nonce_used(roles.creator, case.job.nonce):
        desk.agree(case.job, case.resource)
    desk.agree(maker.job(), case.resource)


def test_agree_batch__one_pair_brought_first__only_that_one_is_skipped(
    controller: Any, desk: Any, maker: Any, roles: Any
) -> None:
    cases = [desk.on_paper() for _ in range(3)]
    desk.agree(cases[1].job, cases[1].resource, sender=roles.stranger)
    batch = [maker.pair(case.job, case.resource) for case in cases]
    receipt = controller.agreeBatch(batch, sender=roles.solver)
    assert desk.agreed(receipt) == [cases[0].id, cases[2].id]
    assert desk.skipped(receipt) == {1: "Storage_LaneBusy"}


# ------------------------------------------------------------ withdraw


def test_withdraw__deal_agreed_first__takes_no_more_than_is_free(
    controller: Any, payments: Any, desk: Any, books: Any, creator: Any
) -> None:
    """Who has signed an offer and not cancelled it is bound by it, and its withdrawal does not half happen."""
    free = books.of(creator).free
    desk.agree()
    wrong = {"controller": controller, "account": creator, "free": free - CEILING, "needed": free}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        payments.withdraw(controller, free, sender=creator)


def test_withdraw__cancelled_before__nobody_can_come_between(
    controller: Any, payments: Any, desk: Any, books: Any, creator: Any
) -> None:
    case = desk.on_paper()
    payments.cancelNonce(controller, case.job.nonce, sender=creator)
    with desk.nonce_used(creator, case.job.nonce):
        desk.agree(case.job, case.resource)
    payments.withdraw(controller, books.of(creator).free, sender=creator)
    assert books.of(creator).free == 0


# ------------------------------------------------------------ settle


def test_settle__signatures_copied_by_a_stranger__pay_the_same_people(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    case = desk.agree()
    call = (*case.submitted, desk.acceptance(case), desk.submission(case))
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, roles.treasury.address)):
        controller.settle(*call, sender=roles.stranger)
    with books.unchanged(), stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.AGREED):
        controller.settle(*call, sender=roles.provider)


def test_settle__provider_submits_another_result_first__creator_owes_nothing_by_its_signature(
    controller: Any, desk: Any, books: Any, roles: Any, not_accepted: Any
) -> None:
    """The acceptance names the result: a provider that hurries with another one has nobody's."""
    case = desk.agree()
    accepted = desk.acceptance(case)
    dear = desk.submit(case, OTHER)
    with books.unchanged(), stands_at(case, DealStatus.SUBMITTED, not_at=DealStatus.AGREED):
        controller.settle(*case.submitted, accepted, desk.submission(case), sender=roles.stranger)
    with books.unchanged(), not_accepted(dear):
        controller.acceptSigned(*dear.submitted, accepted, sender=roles.provider)


def test_settle__late_is_called_first__ends_the_deal_once(
    controller: Any, desk: Any, books: Any, roles: Any, at: Any
) -> None:
    case = desk.agree()
    at(case.since + case.terms.windows.submit + 1)
    controller.late(case.terms.words(), sender=roles.creator)
    with books.unchanged(), stands_at(case, DealStatus.LATE, not_at=DealStatus.AGREED):
        controller.settle(*case.submitted, desk.acceptance(case), b"", sender=roles.provider)


def test_settle_batch__copied_by_a_stranger__does_nothing_and_stops_nothing(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    cases = [desk.agree(), desk.agree()]
    entries = [desk.settling(case) for case in cases]
    with books.unchanged():
        controller.settleBatch(entries, sender=roles.stranger)
    receipt = controller.settleBatch(entries, sender=roles.provider)
    assert desk.settled(receipt) == [case.id for case in cases]


def test_settle_batch__one_entry_settled_first__the_others_are_paid(controller: Any, desk: Any, roles: Any) -> None:
    first, second = desk.agree(), desk.agree()
    entries = [desk.settling(first), desk.settling(second)]
    controller.settle(*first.submitted, b"", desk.submission(first), sender=roles.creator)
    receipt = controller.settleBatch(entries, sender=roles.provider)
    assert desk.settled(receipt) == [second.id]
    assert desk.skipped(receipt) == {0: "Storage_WrongDigest"}


# ------------------------------------------------------------ challenge


def test_challenge__copied_and_brought_first__second_challenger_locks_nothing(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    """The copyist risks its own bond and has the reward: what matters is that somebody challenged."""
    case = desk.submitted()
    challenged = desk.challenge(case, by=roles.creator)
    with books.unchanged(), stands_at(case, DealStatus.CHALLENGED, not_at=DealStatus.SUBMITTED):
        controller.challenge(*case.disputable, ANY_PRICE, sender=roles.challenger)
    desk.decide(challenged, Verdict.WRONG)
    assert books.of(roles.challenger).locked == 0


def test_challenge__creator_accepts_first__challenger_locks_nothing(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    case = desk.submitted()
    controller.accept(*case.submitted, sender=roles.creator)
    with books.unchanged(), stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.SUBMITTED):
        controller.challenge(*case.disputable, ANY_PRICE, sender=roles.challenger)


def test_challenge__mediation_raises_its_price_first__challenger_pays_no_more_than_it_allowed(
    controller: Any, desk: Any, maker: Any, compiled: Any, books: Any, roles: Any
) -> None:
    rogue = roles.holder.deploy(compiled.MockRogueMediation)
    verification = Verification(rogue.address)
    rogue.set(3, 1, [], False, sender=roles.stranger)
    case = desk.submit(desk.agree(maker.job(verification=verification), maker.resource(verification=verification)))
    rogue.set(3, 2, [], False, sender=roles.stranger)
    with books.unchanged(), reverts_with("Controller_MediationTooDear", id=case.id, locked=5, maxLocked=4):
        controller.challenge(*case.disputable, 4, sender=roles.challenger)


def test_verdict__call_copied_from_the_mediation__is_not_its(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    case = desk.challenged()
    with (
        books.unchanged(),
        reverts_with("Controller_NotParty", id=case.id, caller=roles.stranger, expected=desk.mediation),
    ):
        controller.verdict(*case.disputed, Verdict.WRONG, sender=roles.stranger)
