"""What a creator does with a result before it pays."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lilypad.agents.challenging import deterring_probability
from lilypad.protocol.deal import Deal


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
