"""instantBatch: a provider brings instant deals of many creators; a bad one is skipped and takes no other down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from eth_utils.crypto import keccak

from lilypad.types import ZERO_ADDRESS
from tests.contracts.makers import CEILING, MANIFEST, PROTOCOL_BPS, ROYALTY_BPS

BLOCK_GAS = 30_000_000
BURN = 2
NO_SHARES = {"solver": ZERO_ADDRESS, "solver_bps": 0, "royalty_bps": 0, "protocol_bps": 0}


# ------------------------------------------------------------ what it does


def test_instant_batch__of_none__does_nothing(controller: Any, desk: Any, books: Any, told: Any, stranger: Any) -> None:
    with books.unchanged():
        receipt = controller.instantBatch([], sender=stranger)
    assert (told(receipt), desk.skipped(receipt)) == ([], {})


def test_instant_batch__of_several_creators__is_as_instant_for_each(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, second: Any, roles: Any
) -> None:
    mine, theirs = maker.instant(), maker.instant(creator=second.address, cost=CEILING, solver_bps=0)
    with books.changed_by(paid(mine, theirs)):
        receipt = controller.instantBatch([entry(mine), entry(theirs, key=second)], sender=roles.provider)
    assert desk.skipped(receipt) == {}
    for deal, event in zip((mine, theirs), controller.DealInstant.from_receipt(receipt), strict=True):
        told = event.event_arguments  # `event.provider` is ape's own
        words = deal.words(maker.author, MANIFEST)
        assert (told["creator"], told["provider"]) == (deal.creator, roles.provider)
        assert bytes(told["module"]) == maker.module
        assert (bytes(told["inputs"]), bytes(told["commitment"])) == (deal.inputs, deal.commitment)
        assert int.from_bytes(bytes(told["author"]), "big") == int(maker.author, 16) | deal.cost << 160
        assert (told["solver"], bytes(told["numbers"])) == (deal.solver, words[-1])
        assert payments.isNonceUsed(controller, deal.creator, deal.nonce)


def test_instant_batch__without_shares__provider_has_everything(
    controller: Any, maker: Any, books: Any, paid: Any, roles: Any
) -> None:
    controller.setParameters(0, controller.collateralFloorBps(), sender=roles.governor)
    module = keccak(bytes(12) + bytes.fromhex(maker.author[2:]) + bytes(32) + MANIFEST)
    deals = [maker.instant(module=module, **NO_SHARES) for _ in range(2)]
    signed = [(deal.words(maker.author, MANIFEST), maker.sign(maker.creator, deal)) for deal in deals]
    with books.changed_by(paid(*deals, bps=0)):
        controller.instantBatch([(words, s[:32], s[32:]) for words, s in signed], sender=roles.provider)


@pytest.mark.parametrize("role", ["creator", "provider", "author", "treasury"])
def test_instant_batch__solver_has_another_role_too__is_paid_in_both(
    controller: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any, role: str
) -> None:
    deals = [maker.instant(solver=getattr(roles, role).address) for _ in range(2)]
    with books.changed_by(paid(*deals)):
        controller.instantBatch([entry(deal) for deal in deals], sender=roles.provider)


@pytest.mark.parametrize("cost", [0, 1, 79, 10_000])
def test_instant_batch__little_or_nothing__is_rounded_as_the_model_does(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any, cost: int
) -> None:
    deals = [maker.instant(cost=cost) for _ in range(3)]
    with books.changed_by(paid(*deals)):
        receipt = controller.instantBatch([entry(deal) for deal in deals], sender=roles.provider)
    assert desk.skipped(receipt) == {}


@pytest.mark.parametrize("bps", [0, PROTOCOL_BPS - 1])
def test_instant_batch__protocol_share_lowered_since__the_provider_has_the_difference(
    controller: Any, maker: Any, books: Any, entry: Any, paid: Any, told: Any, line: Any, roles: Any, bps: int
) -> None:
    deal = maker.instant()
    controller.setParameters(bps, controller.collateralFloorBps(), sender=roles.governor)
    with books.changed_by(paid(deal, bps=bps)):
        receipt = controller.instantBatch([entry(deal)], sender=roles.provider)
    assert told(receipt) == [line(replace(deal, protocol_bps=bps))]


def test_instant_batch__provider_has_collateral_locked__keeps_it(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, roles: Any
) -> None:
    """The shares pass through its account."""
    case = desk.agree()
    controller.instantBatch([entry(maker.instant())], sender=roles.provider)
    assert books.of(roles.provider).locked == case.terms.collateral


def test_instant_batch__of_32_creators__costs_each_little(
    controller: Any, payments: Any, desk: Any, maker: Any, entry: Any, roles: Any
) -> None:
    keys = [Account.from_key(keccak(text=f"creator {number}")) for number in range(32)]
    deals = [maker.instant(creator=key.address) for key in keys]
    for key in keys:
        payments.deposit(controller, key.address, CEILING, sender=roles.holder)
    entries = [entry(deal, key=key) for deal, key in zip(deals, keys, strict=True)]
    receipt = controller.instantBatch(entries, sender=roles.provider)
    assert desk.skipped(receipt) == {}
    assert receipt.gas_used < BLOCK_GAS // 30


# ------------------------------------------------------------ entries that are skipped


def test_instant_batch__bad_entries__are_skipped_for_the_reasons_of_instant(
    controller: Any,
    payments: Any,
    desk: Any,
    maker: Any,
    books: Any,
    entry: Any,
    paid: Any,
    told: Any,
    line: Any,
    second: Any,
    roles: Any,
) -> None:
    first, last, before, cancelled = (maker.instant() for _ in range(4))
    controller.instantBatch([entry(before)], sender=roles.provider)
    payments.cancelNonce(controller, cancelled.nonce, sender=roles.creator)
    free = books.of(roles.creator).free
    other = maker.sign(maker.creator, maker.instant())
    high = 10_001 - ROYALTY_BPS - PROTOCOL_BPS
    bad = [
        ("Controller_NotParty", entry(maker.instant(provider=roles.stranger.address))),
        ("Controller_OfferExpired", entry(maker.instant(expiry=1))),
        ("Controller_SharesTooHigh", entry(maker.instant(protocol_bps=PROTOCOL_BPS - 1))),
        ("Controller_SharesTooHigh", entry(maker.instant(solver_bps=high))),
        ("Controller_BadSignature", entry(maker.instant(), bytes(64))),
        ("Controller_BadSignature", entry(maker.instant(), other)),
        ("Controller_BadSignature", entry(maker.instant(), key=second)),
        ("Controller_BadSignature", entry(replace(maker.instant(), royalty_bps=ROYALTY_BPS + 1))),
        ("Controller_BadSignature", entry(maker.instant(creator=ZERO_ADDRESS), bytes(64))),
        ("Payments_NonceUsed", entry(before)),
        ("Payments_NonceUsed", entry(cancelled)),
        ("Payments_NonceUsed", entry(first)),
        ("Payments_InsufficientFree", entry(maker.instant(cost=free))),
        ("Payments_InsufficientFree", entry(maker.instant(cost=2**96 - 1))),
    ]
    with books.changed_by(paid(first, last)):
        receipt = controller.instantBatch([entry(first), *(e for _, e in bad), entry(last)], sender=roles.provider)
    assert desk.skipped(receipt) == {index: name for index, (name, _) in enumerate(bad, start=1)}
    assert told(receipt) == [line(first), line(last)]


def test_instant_batch__of_bad_entries_only__pays_nobody_and_uses_no_nonce(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, entry: Any, roles: Any
) -> None:
    deals = [maker.instant(expiry=1), maker.instant(cost=2**96 - 1)]
    with books.unchanged():
        receipt = controller.instantBatch([entry(deal) for deal in deals], sender=roles.provider)
    assert desk.skipped(receipt) == {0: "Controller_OfferExpired", 1: "Payments_InsufficientFree"}
    assert not any(payments.isNonceUsed(controller, deal.creator, deal.nonce) for deal in deals)
    assert not payments.isNonceUsed(controller, ZERO_ADDRESS, 0)


def test_instant_batch__expiry__is_the_last_second(
    controller: Any, desk: Any, maker: Any, entry: Any, chain: Any, at: Any, roles: Any
) -> None:
    now = chain.pending_timestamp + 100
    entries = [entry(maker.instant(expiry=now)), entry(maker.instant(expiry=now - 1))]
    at(now)
    receipt = controller.instantBatch(entries, sender=roles.provider)
    assert desk.skipped(receipt) == {1: "Controller_OfferExpired"}


@pytest.mark.parametrize("who", ["creator", "stranger", "solver"])
def test_instant_batch__sent_by_anyone_but_the_provider__is_skipped(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, roles: Any, who: str
) -> None:
    """The provider has signed nothing here: sending is its consent."""
    with books.unchanged():
        receipt = controller.instantBatch([entry(maker.instant())], sender=getattr(roles, who))
    assert desk.skipped(receipt) == {0: "Controller_NotParty"}


def test_instant_batch__signature_in_the_other_half_of_the_order__is_skipped(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, roles: Any
) -> None:
    deal = maker.instant()
    good = maker.sign_long(maker.creator, deal)
    s, parity = SECPK1_N - int.from_bytes(good[32:64], "big"), 28 - good[64]
    with books.unchanged():
        # The highest bit of such an s is set, so that the 64 bytes cannot even say it.
        receipt = controller.instantBatch(
            [entry(deal, good[:32] + (s | parity << 255).to_bytes(32, "big"))], sender=roles.provider
        )
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}
