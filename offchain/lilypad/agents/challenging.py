"""Challenging a result: how often it deters, what it costs, and how that is paid."""

from __future__ import annotations

from lilypad.agents.network import Actor, show_id
from lilypad.chain.receipts import Receipt
from lilypad.errors import FaultError
from lilypad.protocol.deal import Deal, DealStatus, deadline

TURNS = 8
TOO_POOR = "the wallet is too poor for a challenge: send it LILY (`lilypad wallet fund` on a local chain)"


def deterring_probability(price: int, collateral: int) -> float:
    """How often results must be looked at so that a provider that cheats loses, and twice that to be sure.

    A cheat gains `price`; with chance q it is challenged, and then loses `collateral` unless its friends win the case:
    with a third of the stake they do with chance P = 7/27 where three are drawn. It loses on average when
    q > price / ((1 - P) (price + collateral)): docs/mediation.md.
    """
    lost = price + collateral
    return min(1.0, 2 * 27 / 20 * price / lost) if lost else 1.0


async def challenge(actor: Actor, deal: Deal) -> Receipt:
    """Has mediators decide, at the price that they ask now; what is missing in the vault is deposited first.

    Raises:
        FaultError: the deal has no result that can be challenged, or the wallet is too poor.
        TransactionRevertedError: nobody can judge, or it is too late.
    """
    if deal.status is not DealStatus.SUBMITTED:
        why = "the deal has no result yet" if deal.status is DealStatus.AGREED else f"it is {deal.status.name.lower()}"
        raise FaultError(f"nothing can be challenged: {why}", deal=show_id(deal.id))
    price = sum(await actor.quote(deal.agreement.verification))
    await provide(actor, deal, price)
    return await actor.challenge(deal, price)


async def provide(actor: Actor, deal: Deal, price: int) -> None:
    """Deposits what the free balance lacks of it. What was brought may be spent before it is used, by another deal of
    the same account: so there is more than one turn, each with a key of its own.

    Raises:
        FaultError: the wallet is too poor.
    """
    for turn in range(TURNS):
        funds = await actor.funds(actor.account)
        missing = price - funds.free
        if missing <= 0:
            return
        if missing > funds.wallet:
            raise FaultError(TOO_POOR, missing=missing - funds.wallet, until=deadline(deal))
        await actor.deposit(missing, key=f"challenge:{deal.id.hex()}:{missing}:{turn}")
