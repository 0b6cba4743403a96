"""instant: offers, result and payment in one transaction, for a job that was done before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.offers import Acceptance, Submission
from lilypad.protocol.settlement import Change
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, COLLATERAL, ETHER, OTHER, PROTOCOL_BPS, RIGHT, words

NOTHING = replace(RIGHT, instruction_count=0)
ENDLESS = replace(RIGHT, instruction_count=2**64 - 1)


def digest_of(maker: Any, kind: Any, case: Any, claim: Any = RIGHT) -> bytes:
    message = kind(case.id, claim.commitment, claim.instruction_count)
    return bytes(maker.domain.digest(message.struct_hash()))


@pytest.fixture
def refused(controller: Any, books: Any, maker: Any, stranger: Any) -> Any:
    """The call must be reverted for want of this account's consent to this result."""

    def check(pair: Any, who: str, case: Any, claim: Any = RIGHT, sender: Any = None) -> None:
        kind, signer = {
            "creator": (Acceptance, case.terms.creator),
            "provider": (Submission, case.terms.provider),
        }[who]
        wrong = {"signer": signer, "digest": digest_of(maker, kind, case, claim)}
        with books.unchanged(), reverts_with("Controller_BadSignature", **wrong):
            controller.instant(pair, words(claim), sender=sender or stranger)

    return check


# ------------------------------------------------------------ what it does


@pytest.mark.parametrize("who", ["provider", "creator", "stranger"])
def test_instant__both_consent__provider_is_paid_and_everybody_can_read_it(
    controller: Any, desk: Any, books: Any, roles: Any, who: str
) -> None:
    case = desk.on_paper()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    given = {"creator": {"job_signature": b""}, "provider": {"resource_signature": b""}}.get(who, {})
    with books.changed_by(settlement.direct(case.terms, cost, roles.treasury.address)):
        receipt = controller.instant(desk.done(case, **given), words(RIGHT), sender=getattr(roles, who))

    assert desk.case_of(receipt, case.job, case.resource).terms == case.terms
    (event,) = controller.DealAccepted.from_receipt(receipt)
    assert (bytes(event.id), bytes(event.commitment)) == (case.id, RIGHT.commitment)
    assert (event.instructionCount, event.cost) == (RIGHT.instruction_count, cost)


def test_instant__opens_nothing_and_uses_both_offers_up(controller: Any, protocol: Any, desk: Any, roles: Any) -> None:
    case = desk.on_paper()
    controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    assert tuple(protocol.storage.dealOf(controller, case.id)) == (DealStatus.NONE, 0, bytes(26))
    assert payments.isNonceUsed(controller, roles.creator, case.job.nonce)
    assert payments.isNonceUsed(controller, roles.provider, case.resource.nonce)
    with stands_at(case, DealStatus.NONE, not_at=DealStatus.AGREED):
        controller.late(case.terms.words(), sender=roles.stranger)


@pytest.mark.parametrize("claim", [NOTHING, ENDLESS], ids=["minimum", "ceiling"])
def test_instant__cost_at_its_ends__is_the_model_s(
    controller: Any, desk: Any, books: Any, roles: Any, claim: Any
) -> None:
    case = desk.on_paper()
    cost = settlement.cost(case.terms, claim.instruction_count)
    assert cost in (ETHER, CEILING)
    with books.changed_by(settlement.direct(case.terms, cost, roles.treasury.address)):
        controller.instant(desk.done(case, claim), words(claim), sender=roles.stranger)


@pytest.mark.parametrize("role", ["creator", "provider", "author", "treasury"])
def test_instant__solver_has_another_role_too__is_the_model_s(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any, role: str
) -> None:
    case = desk.on_paper(maker.job(solver=getattr(roles, role).address))
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    with books.changed_by(settlement.direct(case.terms, cost, roles.treasury.address)):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)


def test_instant__provider_without_any_funds__is_paid(
    controller: Any, payments: Any, desk: Any, books: Any, roles: Any
) -> None:
    """Nothing is locked, so the collateral that the offer names need not be there."""
    payments.withdraw(controller, books.of(roles.provider).free, sender=roles.provider)
    case = desk.on_paper()
    assert case.terms.collateral == COLLATERAL
    controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    assert books.of(roles.provider).free > 0


# ------------------------------------------------------------ money that is not there


def test_instant__free_balance_is_exactly_the_cost__pays_all_of_it(
    controller: Any, payments: Any, desk: Any, books: Any, roles: Any
) -> None:
    case = desk.on_paper()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    payments.withdraw(controller, books.of(roles.creator).free - cost, sender=roles.creator)
    controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    assert books.of(roles.creator) == Change()


def test_instant__a_wei_too_little__reverts_whatever_is_locked(
    controller: Any, payments: Any, desk: Any, books: Any, roles: Any
) -> None:
    desk.agree()  # locks the creator's ceiling, and that is out of reach
    case = desk.on_paper()
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    payments.withdraw(controller, books.of(roles.creator).free - cost + 1, sender=roles.creator)
    wrong = {"controller": controller, "account": roles.creator, "free": cost - 1, "needed": cost}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    assert not payments.isNonceUsed(controller, roles.creator, case.job.nonce)


def test_instant__creator_is_the_solver__cannot_pay_with_what_it_is_about_to_receive(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    case = desk.on_paper(maker.job(solver=roles.creator.address))
    cost = settlement.cost(case.terms, RIGHT.instruction_count)
    payments.withdraw(controller, books.of(roles.creator).free - cost + 1, sender=roles.creator)
    wrong = {"controller": controller, "account": roles.creator, "free": cost - 1, "needed": cost}
    with reverts_with("Payments_InsufficientFree", **wrong):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)


# ------------------------------------------------------------ consent


def test_instant__without_the_creators_consent__reverts(desk: Any, maker: Any, roles: Any, refused: Any) -> None:
    case = desk.on_paper()
    offer_alone = maker.sign(maker.creator, case.job)
    swapped = maker.sign(maker.creator, Submission(case.id, RIGHT.commitment, RIGHT.instruction_count))
    for signature in (b"", offer_alone, swapped, desk.submission(case), desk.acceptance(case, OTHER), bytes(65)):
        pair = desk.done(case, job_signature=signature)
        refused(pair, "creator", case)
        refused(pair, "creator", case, sender=roles.provider)


def test_instant__without_the_providers_consent__reverts(desk: Any, maker: Any, roles: Any, refused: Any) -> None:
    case = desk.on_paper()
    offer_alone = maker.sign(maker.provider, case.resource)
    swapped = maker.sign(maker.provider, Acceptance(case.id, RIGHT.commitment, RIGHT.instruction_count))
    for signature in (b"", offer_alone, swapped, desk.acceptance(case), desk.submission(case, NOTHING), bytes(65)):
        pair = desk.done(case, resource_signature=signature)
        refused(pair, "provider", case)
        refused(pair, "provider", case, sender=roles.creator)


def test_instant__consent_to_a_smaller_bill__reverts(desk: Any, roles: Any, refused: Any) -> None:
    case = desk.on_paper()
    cheap = desk.done(case, NOTHING, resource_signature=b"")
    refused(cheap, "creator", case, ENDLESS, sender=roles.provider)


@pytest.mark.parametrize(
    ("side", "change"),
    [("resource", {"minimum_payment": CEILING}), ("job", {"solver_bps": 212}), ("job", {"inputs": bytes(32)})],
    ids=["price", "solver", "inputs"],
)
def test_instant__consent_to_another_pair__reverts(desk: Any, refused: Any, side: str, change: Any) -> None:
    """Both signed for one pair; whoever brings another one has the consent of neither."""
    signed = desk.on_paper()
    other = desk.on_paper(
        **{"job": signed.job, "resource": signed.resource, side: replace(getattr(signed, side), **change)}
    )
    pair = desk.done(other, job_signature=desk.acceptance(signed), resource_signature=desk.submission(signed))
    refused(pair, "creator", other)


def test_instant__protocol_share_raised_since__reverts(
    controller: Any, desk: Any, roles: Any, books: Any, maker: Any
) -> None:
    """The shares are part of what both consented to."""
    case = desk.on_paper()
    controller.setParameters(PROTOCOL_BPS + 1, controller.collateralFloorBps(), sender=roles.governor)
    shares = replace(case.terms.shares, protocol_bps=PROTOCOL_BPS + 1)
    now = replace(case, terms=replace(case.terms, shares=shares))
    wrong = {"signer": roles.creator, "digest": digest_of(maker, Acceptance, now)}
    with books.unchanged(), reverts_with("Controller_BadSignature", **wrong):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)


def test_instant__contract_as_creator__is_asked(
    controller: Any, compiled: Any, payments: Any, desk: Any, maker: Any, roles: Any
) -> None:
    wallet = roles.holder.deploy(compiled.MockWallet, roles.creator)
    payments.deposit(controller, wallet, CEILING, sender=roles.holder)
    case = desk.on_paper(maker.job(creator=wallet.address))
    with reverts_with("Controller_BadSignature", signer=wallet, digest=digest_of(maker, Acceptance, case)):
        controller.instant(desk.done(case, job_signature=desk.submission(case)), words(RIGHT), sender=roles.stranger)
    controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    assert payments.balanceOf(controller, wallet)[0] < CEILING


# ------------------------------------------------------------ offers that are not good (any more)


def test_instant__again__reverts(controller: Any, desk: Any, roles: Any) -> None:
    case = desk.on_paper()
    controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    with desk.nonce_used(roles.creator, case.job.nonce):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    with desk.nonce_used(roles.creator, case.job.nonce):
        controller.agree(desk.maker.pair(case.job, case.resource), sender=roles.stranger)


def test_instant__deal_agreed_before__is_not_paid_a_second_time(controller: Any, desk: Any, roles: Any) -> None:
    """The signatures of a cooperative settlement are those of an instant deal: only one of the two can happen."""
    case = desk.agree()
    with desk.nonce_used(roles.creator, case.job.nonce):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)
    controller.settle(case.terms.words(), words(RIGHT), desk.acceptance(case), b"", sender=roles.provider)
    with desk.nonce_used(roles.creator, case.job.nonce):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)


@pytest.mark.parametrize("side", ["creator", "provider"])
def test_instant__cancelled_by_one_side__reverts(controller: Any, desk: Any, roles: Any, side: str) -> None:
    case = desk.on_paper()
    nonce = {"creator": case.job, "provider": case.resource}[side].nonce
    payments.cancelNonce(controller, nonce, sender=getattr(roles, side))
    with reverts_with("Controller_NonceUsed", signer=getattr(roles, side), nonce=nonce):
        controller.instant(desk.done(case), words(RIGHT), sender=roles.stranger)


@pytest.mark.parametrize("side", ["job", "resource"])
def test_instant__expired__reverts_a_second_later(
    controller: Any, desk: Any, maker: Any, chain: Any, at: Any, roles: Any, side: str
) -> None:
    expiry = chain.pending_timestamp + 100
    offer = {side: getattr(maker, side)(expiry=expiry)}
    first = desk.on_paper(**offer)
    later = desk.on_paper(**{side: getattr(maker, side)(expiry=expiry)})
    at(expiry)
    controller.instant(desk.done(first), words(RIGHT), sender=roles.stranger)
    signer = {"job": roles.creator, "resource": roles.provider}[side]
    at(expiry + 1)
    with reverts_with("Controller_OfferExpired", signer=signer, expiry=expiry, nowAt=expiry + 1):
        controller.instant(desk.done(later), words(RIGHT), sender=roles.stranger)


def test_instant__offers_that_do_not_fit__revert(controller: Any, desk: Any, maker: Any, roles: Any) -> None:
    poor = desk.on_paper(resource=maker.resource(collateral=COLLATERAL - 1))
    with reverts_with("Controller_CollateralTooLow", collateral=COLLATERAL - 1, needed=COLLATERAL):
        controller.instant(desk.done(poor), words(RIGHT), sender=roles.stranger)
    alone = desk.on_paper(resource=maker.resource(provider=roles.creator.address))
    with reverts_with("Controller_SelfDeal", account=roles.creator):
        controller.instant(desk.done(alone), words(RIGHT), sender=roles.creator)
