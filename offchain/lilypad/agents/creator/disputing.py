"""Disputing a result: by whom and when it is worth it, and what it takes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lilypad.agents.network import Actor, show_id
from lilypad.agents.work.results import ResultRecord
from lilypad.chain.receipts import Receipt
from lilypad.errors import FaultError
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Deal, DealStatus, deadline
from lilypad.protocol.docket import Ballot
from lilypad.protocol.mediation import UPHOLDS, class_of


class Check(enum.StrEnum):
    """What a creator does with a result whose every byte is what was committed to, before it pays."""

    NEVER = "never"
    """Accept it."""
    SOMETIMES = "sometimes"
    """Challenge it with a probability that nobody else knows the outcome of."""
    ALWAYS = "always"
    """Challenge it."""
    RERUN = "rerun"
    """Run the job here, and challenge a result that is another."""


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    check: Check = Check.NEVER
    probability: float | None = None
    """For SOMETIMES; None takes `deterring_probability`."""


def deterring_probability(price: int, collateral: int) -> float:
    """How often results must be challenged so that a provider that cheats loses, and twice that to be sure.

    A cheat gains `price`; with chance q it is challenged, and then loses `collateral` unless its friends win the case:
    with a third of the stake they do with chance P = 7/27 where three are drawn. It loses on average when
    q > price / ((1 - P) (price + collateral)): docs/mediation.md.
    """
    lost = price + collateral
    return min(1.0, 2 * 27 / 20 * price / lost) if lost else 1.0


def is_drawn(policy: CheckPolicy, lot: float, deal: Deal) -> bool:
    """Whether this result is challenged without being looked at.

    Args:
        lot: drawn once, from 0 to 1, when the job was signed: so taking a job up again does not draw again.
    """
    if policy.check is Check.ALWAYS:
        return True
    if policy.check is not Check.SOMETIMES:
        return False
    chance = policy.probability
    if chance is None:
        chance = deterring_probability(deal.terms.payment_ceiling, deal.terms.collateral)
    return lot < chance


def disagrees(record: ResultRecord, deal: Deal) -> bool:
    """Whether who found this would vote against the result."""
    assert deal.claim is not None  # noqa: S101 - whoever asks has a submitted deal
    ballot = Ballot(commitment(record.result), record.instruction_count)
    return class_of(ballot, deal.claim, deal.agreement.verification.tolerance_bps) != UPHOLDS


async def dispute(actor: Actor, deal: Deal) -> Receipt:
    """Challenges a result, at the price that the mediation asks now; what is missing in the vault is deposited first.

    Raises:
        FaultError: the deal has no result that can be challenged, or the wallet is too poor.
        TransactionRevertedError: nobody can judge, or it is too late.
    """
    if deal.status is not DealStatus.SUBMITTED:
        why = "the deal has no result yet" if deal.status is DealStatus.AGREED else f"it is {deal.status.name.lower()}"
        raise FaultError(f"nothing can be challenged: {why}", deal=show_id(deal.id))
    fee, bond = await actor.quote(deal.agreement.verification)
    funds = await actor.funds(actor.account)
    missing = fee + bond - funds.free
    if missing > funds.wallet:
        raise FaultError(
            "the wallet is too poor for a challenge: send it LILY (`lilypad wallet fund` on a local chain)",
            missing=missing - funds.wallet,
            until=deadline(deal),
        )
    if missing > 0:
        await actor.deposit(missing, key=f"challenge:{deal.id.hex()}")
    return await actor.challenge(deal, fee + bond)
