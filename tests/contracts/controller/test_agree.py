"""agree: two compatible offers become a deal, whoever brings them."""

from __future__ import annotations

from typing import Any

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.settlement import locked
from lilypad.protocol.terms import derive_terms
from lilypad.protocol.words import Shares
from tests.contracts.errors import reverts_with
from tests.contracts.makers import PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS


def test_agree__compatible_offers__opens_the_deal_in_one_slot(protocol: Any, desk: Any) -> None:
    case = desk.agree()

    status, since, digest = protocol.storage.dealOf(protocol.controller, case.id)
    assert (status, since, bytes(digest)) == (DealStatus.AGREED, case.since, bytes(26))


def test_agree__compatible_offers__locks_ceiling_and_collateral(desk: Any, books: Any, maker: Any) -> None:
    job, resource = maker.job(), maker.resource()
    author = desk.roles.author.address
    terms = derive_terms(maker.domain, job, resource, author, Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS))
    with books.changed_by(locked(terms)):
        assert desk.agree(job, resource).terms == terms


def test_agree__compatible_offers__log_carries_all_that_the_terms_follow_from(
    controller: Any, desk: Any, maker: Any, stranger: Any
) -> None:
    job, resource = maker.job(), maker.resource()
    receipt = controller.agree(*maker.pair(job, resource), sender=stranger)

    (event,) = controller.DealAgreed.from_receipt(receipt)
    logged = event.event_arguments
    assert (logged["creator"], logged["provider"]) == (job.creator, resource.provider)
    assert plain(logged["job"]) == plain(job.words())
    assert plain(logged["resource"]) == plain(resource.words())
    assert logged["author"] == desk.roles.author
    assert Shares.unpack(logged["shares"]) == Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)


def plain(words: Any) -> list[Any]:
    """Ape gives the fields of a struct in an event as a bare list, addresses in lower case."""
    return [word.lower() if isinstance(word, str) else word for word in words]


def test_agree__brought_by_creator_without_its_signature__is_agreed(desk: Any, creator: Any) -> None:
    desk.agree(sender=creator, job_signature=b"")


def test_agree__brought_by_provider_without_its_signature__is_agreed(desk: Any, provider: Any) -> None:
    desk.agree(sender=provider, resource_signature=b"")


def test_agree__front_run_by_a_stranger__is_the_same_deal(
    controller: Any, desk: Any, maker: Any, stranger: Any
) -> None:
    job, resource = maker.job(), maker.resource()
    case = desk.agree(job, resource, sender=stranger)

    assert case.terms.solver == desk.roles.solver.address  # not whoever came first
    with desk.nonce_used(job.creator, job.nonce):
        controller.agree(*maker.pair(job, resource), sender=desk.roles.solver)


def test_agree__at_the_edge_of_every_rule__is_agreed(desk: Any, maker: Any, chain: Any, at: Any) -> None:
    now = chain.blocks.head.timestamp + 10
    resource = maker.resource(
        expiry=now,
        shares_bps=SOLVER_BPS + ROYALTY_BPS + PROTOCOL_BPS,
        minimum_payment=maker.job().payment_ceiling,
        late_penalty=maker.job().collateral,
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
    resource = maker.resource(collateral=free, late_penalty=0)
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
