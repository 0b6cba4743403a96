"""Whose results a watcher looks at, until when, and what catching a wrong one must bring: pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Self

from lilypad.agents.challenging import deterring_probability
from lilypad.protocol import settlement
from lilypad.protocol.deal import Agreed, Deal, DealStatus
from lilypad.protocol.settlement import Challenge, Change
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import Verification
from lilypad.settings import Settings
from lilypad.types import Address, DealId

MARGIN_SECONDS = 120
"""Kept for the challenge itself to be mined, at the end of a judge window that is long enough."""


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    bond: int
    """The most that its own challenges may lock at the same time, fees and bonds together. Wei of the token."""
    check: float | None = None
    """How probable it is that a result is looked at; None: as `deterring_probability` says."""
    least_reward: int = 0
    """A challenge is worth its gas if it brings more than this. Wei of the token."""
    places: int = 1
    """Jobs that are run at the same time."""
    wait: int = 0
    """Seconds that a creator is given to accept by itself: there is nothing to challenge then."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.watch_bond,
            settings.watch_check,
            settings.watch_reward,
            settings.watch_places,
            settings.watch_wait,
        )

    def chance(self, terms: DealTerms) -> float:
        if self.check is not None:
            return self.check
        return deterring_probability(terms.payment_ceiling, terms.collateral)


def is_drawn(secret: bytes, deal: DealId, chance: float) -> bool:
    """The same at every look, and nothing that anybody without the secret can foresee, try out or steer."""
    lot = int.from_bytes(hmac.digest(secret, deal, hashlib.sha256)[:8], "big")
    return lot < int(chance * (1 << 64))


def may_be_watched(event: Agreed, account: Address, usual: Verification) -> bool:
    """Whether it is somebody else's deal, about which nobody but the network's own court decides. Who signs offers can
    name a court of friends, or a set of mediators that are all its own, and wait there for a watcher's bond.

    Args:
        usual: how this network has disputes decided by default.
    """
    asked = event.agreement.verification
    if account in (event.terms.creator, event.terms.provider):
        return False
    is_same_court = (asked.mediation, asked.mediator_set) == (usual.mediation, usual.mediator_set)
    return is_same_court and asked.mediators >= usual.mediators


def reward(terms: DealTerms, dispute: Challenge) -> int:
    """What whoever challenges has more than before if the result is found wrong; less than nothing where the collateral
    does not even pay the mediators."""
    change = settlement.wrong(terms, dispute).get(dispute.challenger, Change())
    return change.free + change.locked


def last_moment(deal: Deal) -> int:
    """Unix time at which a run must have shown what it shows, so that there is still time for the challenge."""
    window = deal.terms.windows.judge
    return deal.since + window - min(MARGIN_SECONDS, window // 5)


def is_too_late_to_begin(deal: Deal, now: int) -> bool:
    """A run that begins in the last tenth of its time would hardly end in it."""
    return now > last_moment(deal) - deal.terms.windows.judge // 10


def is_own_case(deal: Deal, account: Address) -> bool:
    return deal.dispute is not None and deal.dispute.challenger == account


def locked(deal: Deal, account: Address) -> int:
    """What this account has locked for challenging it, while it is open."""
    if deal.status is not DealStatus.CHALLENGED or deal.dispute is None or not is_own_case(deal, account):
        return 0
    return deal.dispute.fee + deal.dispute.bond
