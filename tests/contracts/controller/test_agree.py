"""agree: two compatible offers become a deal, whoever brings them."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.offers import unpack_requirements
from lilypad.protocol.settlement import locked
from lilypad.protocol.words import pack
from tests.contracts.errors import reverts_with
from tests.contracts.makers import PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS


def test_agree__compatible_offers__opens_the_deal_in_one_slot(desk: Any) -> None:
    case = desk.agree()
    assert desk.record(case) == (DealStatus.AGREED, case.since, case.digest_agreed)


def test_agree__compatible_offers__locks_ceiling_and_collateral(desk: Any, books: Any) -> None:
    foreseen = desk.on_paper()
    with books.changed_by(locked(foreseen.terms)):
        assert desk.agree(foreseen.job, foreseen.resource).terms == foreseen.terms


def test_agree__compatible_offers__log_carries_all_that_the_terms_follow_from(
    controller: Any, desk: Any, stranger: Any
) -> None:
    case = desk.on_paper()
    receipt = controller.agree(*desk.maker.pair(case.job, case.resource), sender=stranger)

    (event,) = controller.DealAgreed.from_receipt(receipt)
    told = event.event_arguments
    terms, job = case.terms, case.job
    assert (told["creator"], told["provider"]) == (terms.creator, terms.provider)
    assert told["locks"] == pack(
        ("ceiling", terms.payment_ceiling, 96),
        ("collateral", terms.collateral, 96),
        ("job nonce", job.nonce, 32),
        ("resource nonce", case.resource.nonce, 32),
    )
    _, _, author, solver, conditions, agreement = terms.words()
    assert [bytes(told[name]) for name in ("author", "solver", "conditions")] == [author, solver, conditions]
    signed = [bytes(told[name]) for name in ("verification", "jobDigest", "resourceDigest")]
    assert signed == list(case.agreement.words())
    assert keccak(b"".join(signed)) == agreement
    assert bytes(told["module"]) == job.module
    assert bytes(told["inputs"]) == job.inputs
    assert unpack_requirements(bytes(told["needs"])) == (job.resources, job.windows)


def test_agree__compatible_offers__both_digests_are_those_of_eip_712(desk: Any, maker: Any) -> None:
    case = desk.agree()
    digests = [maker.domain.digest(offer.struct_hash()) for offer in (case.job, case.resource)]
    assert [case.agreement.job_digest, case.agreement.resource_digest] == digests


def test_agree__brought_by_creator_without_its_signature__is_agreed(desk: Any, creator: Any) -> None:
    desk.agree(sender=creator, job_signature=b"")


def test_agree__brought_by_provider_without_its_signature__is_agreed(desk: Any, provider: Any) -> None:
    desk.agree(sender=provider, resource_signature=b"")


def test_agree__at_the_edge_of_every_rule__is_agreed(desk: Any, maker: Any, chain: Any, at: Any) -> None:
    now = chain.blocks.head.timestamp + 10
    resource = maker.resource(
        expiry=now,
        shares_bps=SOLVER_BPS + ROYALTY_BPS + PROTOCOL_BPS,
        minimum_payment=maker.job().payment_ceiling,
        late_penalty_bps=10_000,
        decline_fee_bps=10_000,
    )
    job = maker.job(
        expiry=now,
        target=resource.provider,
        price_per_instruction=resource.price_per_instruction,
        resources=resource.resources,
    )
    at(now)
    assert desk.agree(job, resource).since == now


def test_agree__job_without_solver__is_agreed(desk: Any, maker: Any) -> None:
    nobody = "0x0000000000000000000000000000000000000000"
    case = desk.agree(maker.job(solver=nobody, solver_bps=0))
    assert case.terms.solver == nobody


def test_agree__creator_without_funds__reverts(controller: Any, maker: Any, stranger: Any, books: Any) -> None:
    free = books.of(maker.creator.address).free
    resource = maker.resource(collateral=free)
    with reverts_with(
        "Payments_InsufficientFree",
        controller=controller,
        account=maker.creator.address,
        free=free,
        needed=free + 1,
    ):
        controller.agree(*maker.pair(maker.job(payment_ceiling=free + 1), resource), sender=stranger)


def test_agree__provider_without_funds__reverts(controller: Any, maker: Any, stranger: Any, books: Any) -> None:
    free = books.of(maker.provider.address).free
    with reverts_with(
        "Payments_InsufficientFree",
        controller=controller,
        account=maker.provider.address,
        free=free,
        needed=free + 1,
    ):
        controller.agree(*maker.pair(maker.job(), maker.resource(collateral=free + 1)), sender=stranger)


def test_agree__funds_to_the_last_wei__is_agreed(desk: Any, maker: Any, books: Any) -> None:
    free = books.of(maker.creator.address).free
    collateral = books.of(maker.provider.address).free
    desk.agree(maker.job(payment_ceiling=free), maker.resource(collateral=collateral))

    assert (books.of(maker.creator.address).free, books.of(maker.provider.address).free) == (0, 0)
