"""instant: offers, result and payment in one text that both sign, for a job that was done before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.offers import InstantDeal
from lilypad.protocol.settlement import Change
from lilypad.protocol.words import pack_funds
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS


@pytest.fixture
def bring(controller: Any, maker: Any, roles: Any) -> Any:
    """Brings an instant deal, with both signatures unless others are given."""

    def call(deal: InstantDeal, sender: Any = None, **signatures: bytes) -> Any:
        return controller.instant(*maker.done(deal, **signatures), sender=sender or roles.stranger)

    return call


@pytest.fixture
def paid(books: Any, roles: Any) -> Any:
    """The block must move what the model says."""
    treasury = roles.treasury.address
    return lambda deal, bps=PROTOCOL_BPS: books.changed_by(
        settlement.instant(deal, roles.author.address, bps, treasury)
    )


# ------------------------------------------------------------ what it does


@pytest.mark.parametrize("who", ["provider", "creator", "stranger"])
def test_instant__both_consent__provider_is_paid_and_everybody_can_read_it(
    controller: Any, maker: Any, bring: Any, paid: Any, roles: Any, who: str
) -> None:
    deal = maker.instant()
    given = {} if who == "stranger" else {f"{who}_signature": b""}
    with paid(deal):
        receipt = bring(deal, getattr(roles, who), **given)

    (event,) = controller.DealInstant.from_receipt(receipt)
    told = event.event_arguments  # `event.provider` is ape's own
    assert (told["creator"], told["provider"], bytes(told["module"])) == (roles.creator, roles.provider, deal.module)
    assert (bytes(told["inputs"]), bytes(told["commitment"])) == (deal.inputs, deal.commitment)
    assert bytes(told["author"]) == pack_funds(roles.author.address, deal.cost)
    assert told["solver"] == roles.solver
    assert bytes(told["numbers"]) == deal.words(roles.author.address, bytes(32))[-1]


def test_instant__opens_nothing_and_uses_the_creator_s_nonce_alone(
    payments: Any, controller: Any, storage: Any, maker: Any, bring: Any, roles: Any
) -> None:
    deal = maker.instant()
    bring(deal)
    assert tuple(storage.dealOf(controller, roles.creator, 0)) == (DealStatus.NONE, 0, bytes(26))
    assert payments.isNonceUsed(controller, roles.creator, deal.nonce)
    assert not payments.isNonceUsed(controller, roles.provider, deal.nonce)


@pytest.mark.parametrize("cost", [0, 1, 29, 30, 47, 48, 78, 79, 10_000])
def test_instant__cost_so_small_that_shares_are_rounded_away__is_the_model_s(
    maker: Any, bring: Any, paid: Any, cost: int
) -> None:
    deal = maker.instant(cost=cost)
    with paid(deal):
        bring(deal)


@pytest.mark.parametrize("role", ["creator", "provider", "author", "treasury"])
def test_instant__solver_has_another_role_too__is_the_model_s(
    maker: Any, bring: Any, paid: Any, roles: Any, role: str
) -> None:
    deal = maker.instant(solver=getattr(roles, role).address)
    with paid(deal):
        bring(deal)


def test_instant__without_solver__its_share_is_nobody_s(maker: Any, bring: Any, paid: Any, books: Any) -> None:
    deal = maker.instant(solver=ZERO_ADDRESS, solver_bps=0)
    with paid(deal):
        bring(deal)
    assert books.of(ZERO_ADDRESS) == Change()


def test_instant__shares_of_the_whole_cost__leave_the_provider_nothing(
    maker: Any, bring: Any, paid: Any, books: Any, roles: Any
) -> None:
    before = books.of(roles.provider)
    deal = maker.instant(solver_bps=10_000 - ROYALTY_BPS - PROTOCOL_BPS, cost=10_000)
    with paid(deal):
        bring(deal)
    assert books.of(roles.provider) == before


def test_instant__shares_above_the_whole_cost__reverts_although_both_signed(maker: Any, bring: Any, books: Any) -> None:
    deal = maker.instant(solver_bps=10_001 - ROYALTY_BPS - PROTOCOL_BPS)
    with books.unchanged(), reverts_with("Controller_SharesTooHigh", totalBps=10_001, limitBps=10_000):
        bring(deal)
    every = maker.instant(solver_bps=65_535, protocol_bps=65_535)
    total = 2 * 65_535 + ROYALTY_BPS
    with books.unchanged(), reverts_with("Controller_SharesTooHigh", totalBps=total, limitBps=10_000):
        bring(every)


def test_instant__provider_without_any_funds__is_paid(
    controller: Any, payments: Any, maker: Any, bring: Any, books: Any, roles: Any
) -> None:
    """Nothing is locked, so no collateral need be there."""
    payments.withdraw(controller, books.of(roles.provider).free, sender=roles.provider)
    bring(maker.instant())
    assert books.of(roles.provider).free > 0


# ------------------------------------------------------------ money that is not there


def test_instant__free_balance_is_exactly_the_cost__pays_all_of_it(
    controller: Any, payments: Any, maker: Any, bring: Any, books: Any, roles: Any
) -> None:
    deal = maker.instant()
    payments.withdraw(controller, books.of(roles.creator).free - deal.cost, sender=roles.creator)
    bring(deal)
    assert books.of(roles.creator) == Change()


@pytest.mark.parametrize("solver", ["solver", "creator"])
def test_instant__a_wei_too_little__reverts_whatever_is_locked_or_about_to_be_received(
    controller: Any, payments: Any, desk: Any, maker: Any, bring: Any, books: Any, roles: Any, solver: str
) -> None:
    desk.agree()  # locks the creator's ceiling, and that is out of reach
    deal = maker.instant(solver=getattr(roles, solver).address)
    payments.withdraw(controller, books.of(roles.creator).free - deal.cost + 1, sender=roles.creator)
    wrong = {"controller": controller, "account": roles.creator, "free": deal.cost - 1, "needed": deal.cost}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        bring(deal)
    assert not payments.isNonceUsed(controller, roles.creator, deal.nonce)


@pytest.mark.parametrize("provider", ["creator", "provider"])
def test_instant__the_largest_amount__reverts(
    controller: Any, maker: Any, books: Any, roles: Any, provider: str
) -> None:
    """Also to oneself, where the credit would be there before anybody looked."""
    deal = maker.instant(cost=2**96 - 1, provider=getattr(roles, provider).address)
    call = maker.done(deal, provider_signature=maker.sign(getattr(maker, provider), deal))
    free = books.of(roles.creator).free
    wrong = {"controller": controller, "account": roles.creator, "free": free, "needed": 2**96 - 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        controller.instant(*call, sender=roles.stranger)


# ------------------------------------------------------------ the protocol's share


@pytest.mark.parametrize("bps", [0, PROTOCOL_BPS - 1])
def test_instant__protocol_share_lowered_since__the_provider_has_the_difference(
    controller: Any, maker: Any, bring: Any, paid: Any, roles: Any, bps: int
) -> None:
    deal = maker.instant()
    controller.setParameters(bps, controller.collateralFloorBps(), sender=roles.governor)
    with paid(deal, bps):
        receipt = bring(deal)
    (event,) = controller.DealInstant.from_receipt(receipt)
    taken = replace(deal, protocol_bps=bps)
    assert bytes(event.numbers) == taken.words(roles.author.address, bytes(32))[-1]


def test_instant__protocol_share_raised_since__reverts(
    controller: Any, maker: Any, bring: Any, books: Any, roles: Any
) -> None:
    deal = maker.instant()
    controller.setParameters(PROTOCOL_BPS + 1, controller.collateralFloorBps(), sender=roles.governor)
    wrong = {"totalBps": PROTOCOL_BPS + 1, "limitBps": PROTOCOL_BPS}
    with books.unchanged(), reverts_with("Controller_SharesTooHigh", **wrong):
        bring(deal)


# ------------------------------------------------------------ once, and in time


def test_instant__again__reverts(desk: Any, maker: Any, bring: Any, books: Any, roles: Any) -> None:
    deal = maker.instant()
    bring(deal)
    with books.unchanged(), desk.nonce_used(roles.creator, deal.nonce):
        bring(deal)


def test_instant__nonce_of_an_offer__only_one_of_the_two_is_good(desk: Any, maker: Any, bring: Any, roles: Any) -> None:
    case = desk.agree()
    with desk.nonce_used(roles.creator, case.job.nonce):
        bring(maker.instant(nonce=case.job.nonce))
    deal = maker.instant()
    bring(deal)
    with desk.nonce_used(roles.creator, deal.nonce):
        desk.agree(maker.job(nonce=deal.nonce))


def test_instant__cancelled__reverts_if_the_creator_did(
    controller: Any, payments: Any, desk: Any, maker: Any, bring: Any, roles: Any
) -> None:
    cancelled, kept = maker.instant(), maker.instant()
    payments.cancelNonce(controller, cancelled.nonce, sender=roles.creator)
    payments.cancelNonce(controller, kept.nonce, sender=roles.provider)  # not its to cancel
    with desk.nonce_used(roles.creator, cancelled.nonce):
        bring(cancelled)
    bring(kept)


def test_instant__expired__reverts_a_second_later(maker: Any, bring: Any, chain: Any, at: Any, roles: Any) -> None:
    expiry = chain.pending_timestamp + 100
    for now in (expiry - 1, expiry):
        at(now)
        bring(maker.instant(expiry=expiry))
    at(expiry + 1)
    with reverts_with("Controller_OfferExpired", signer=roles.creator, expiry=expiry, nowAt=expiry + 1):
        bring(maker.instant(expiry=expiry))


def test_instant__shares__are_those_that_were_signed(maker: Any, bring: Any, books: Any, roles: Any) -> None:
    deal = maker.instant(cost=CEILING)
    bring(deal)
    found = [books.of(who).free for who in (roles.solver, roles.author, roles.treasury)]
    assert found == [deal.cost * bps // 10_000 for bps in (SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)]
