"""instantBatch: the same creator several times, too many entries, and who cannot be in one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS

BLOCK_GAS = 30_000_000
BURN = 2
NO_SHARES = {"solver": ZERO_ADDRESS, "solver_bps": 0, "royalty_bps": 0, "protocol_bps": 0}


# ------------------------------------------------------------ the same creator several times


def test_instant_batch__same_deal_twice__is_paid_once(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any
) -> None:
    deal, other = maker.instant(), maker.instant()
    with books.changed_by(paid(deal, other)):
        entries = [entry(deal), entry(deal), entry(other), entry(deal)]
        receipt = controller.instantBatch(entries, sender=roles.provider)
    assert desk.skipped(receipt) == dict.fromkeys((1, 3), "Payments_NonceUsed")


def test_instant_batch__two_deals_with_one_nonce__the_first_that_can_be_paid_is(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any
) -> None:
    """And the one before it is told what stood in its way then, not what would now."""
    dear = maker.instant(cost=books.of(roles.creator).free + 1)
    fair, late = replace(dear, cost=CEILING), replace(dear, cost=1)
    with books.changed_by(paid(fair)):
        receipt = controller.instantBatch([entry(dear), entry(fair), entry(late)], sender=roles.provider)
    assert desk.skipped(receipt) == {0: "Payments_InsufficientFree", 2: "Payments_NonceUsed"}


def test_instant_batch__creator_runs_out_of_funds__the_first_deals_are_paid(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any
) -> None:
    payments.withdraw(controller, books.of(roles.creator).free - 2 * CEILING, sender=roles.creator)
    deals = [maker.instant(cost=CEILING) for _ in range(3)]
    with books.changed_by(paid(*deals[:2])):
        receipt = controller.instantBatch([entry(deal) for deal in deals], sender=roles.provider)
    assert desk.skipped(receipt) == {2: "Payments_InsufficientFree"}
    assert books.of(roles.creator) == Change()
    assert not payments.isNonceUsed(controller, deals[2].creator, deals[2].nonce)


def test_instant_batch__provider_is_a_creator_too__pays_from_what_it_had_before(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, entry: Any, paid: Any, roles: Any
) -> None:
    """It has its part of the batch when the last deal is paid."""
    payments.withdraw(controller, books.of(roles.provider).free - 5, sender=roles.provider)
    own = maker.instant(creator=roles.provider.address, cost=5, solver=roles.provider.address)
    more = replace(own, cost=6, nonce=own.nonce + 1)
    deal = maker.instant()
    entries = [entry(deal), entry(more, key=maker.provider), entry(own, key=maker.provider)]
    with books.changed_by(paid(deal, own)):
        receipt = controller.instantBatch(entries, sender=roles.provider)
    assert desk.skipped(receipt) == {1: "Payments_InsufficientFree"}


# ------------------------------------------------------------ at most 256


def test_instant_batch__of_257__is_refused_as_a_whole(
    controller: Any, maker: Any, books: Any, entry: Any, paid: Any, desk: Any, roles: Any
) -> None:
    good, idle = maker.instant(), entry(maker.instant(expiry=1))
    entries = [*[idle] * 256, entry(good)]
    with books.unchanged(), reverts_with("Payments_BatchTooLong", count=257, most=256):
        controller.instantBatch(entries, sender=roles.provider, gas_limit=BLOCK_GAS)
    with books.changed_by(paid(good)):
        receipt = controller.instantBatch(entries[1:], sender=roles.provider, gas_limit=BLOCK_GAS)
    assert desk.skipped(receipt) == dict.fromkeys(range(255), "Controller_OfferExpired")


# ------------------------------------------------------------ contracts as creators


def test_instant_batch__contract_as_creator__is_skipped_unasked(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, told: Any, line: Any, signer: Any, roles: Any
) -> None:
    """Keys only: no signer's code runs in a batch, so none can burn the gas of the others."""
    signer.play(BURN, b"", sender=roles.stranger)
    honest = [maker.instant(), maker.instant()]
    before, after = map(entry, honest)
    theirs, funds = entry(maker.instant(creator=signer.address)), books.of(signer)
    receipt = controller.instantBatch([before, theirs, after], sender=roles.provider)
    assert told(receipt) == list(map(line, honest))
    assert desk.skipped(receipt) == {1: "Controller_BadSignature"}
    assert receipt.gas_used < 300_000
    assert books.of(signer) == funds


def test_instant_batch__shares__are_those_that_were_signed(
    controller: Any, maker: Any, books: Any, entry: Any, roles: Any
) -> None:
    deals = [maker.instant(cost=CEILING) for _ in range(2)]
    controller.instantBatch([entry(deal) for deal in deals], sender=roles.provider)
    found = [books.of(who).free for who in (roles.solver, roles.author, roles.treasury)]
    assert found == [2 * (CEILING * bps // 10_000) for bps in (SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)]
