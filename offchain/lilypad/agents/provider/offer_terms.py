"""What a provider asks of every deal."""

from __future__ import annotations

from dataclasses import dataclass

from lilypad.protocol.allow_list import EVERY_CURATED, AllowList
from lilypad.protocol.words import Verification, Windows
from lilypad.types import Resources


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """Amounts in wei of the token."""

    capacity: Resources
    """Of the machine, for all deals together."""
    price_per_instruction: int
    minimum_payment: int
    collateral: int
    late_penalty_bps: int
    """Of the collateral, for no result in time."""
    windows: Windows
    verifications: tuple[Verification, ...]
    """How disputes may be decided: one for each kind of job that it runs."""
    allowed: AllowList = EVERY_CURATED
    """The module versions it runs; empty for every curated one."""
    shares_bps: int = 3_000
    decline_fee_bps: int = 0
    """Of the collateral, for not taking a deal after all."""
    lifetime_seconds: int = 3_600
    places: int = 2
    """Jobs at the same time."""
    largest: Resources | None = None
    """The most that one of them can have, where the capacity is that of several machines."""
