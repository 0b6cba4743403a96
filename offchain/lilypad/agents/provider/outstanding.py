"""The offers that a provider has signed and that somebody may still bring to the chain, across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lilypad.store.journal import Journal

KEY = "outstanding_offers"


@dataclass(frozen=True, slots=True)
class Outstanding:
    nonce: int
    expiry: int
    digest: bytes
    """Of all offers of its place."""


class OutstandingOffers:
    """Written before an offer leaves; expired ones are dropped as new ones come."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def add(self, offer: Outstanding, now: int) -> None:
        kept = [*self.valid(now), offer]
        rows: list[dict[str, Any]] = [{"nonce": o.nonce, "expiry": o.expiry, "digest": o.digest.hex()} for o in kept]
        with self._journal.transaction() as tx:
            tx.put(KEY, rows)

    def valid(self, now: int) -> list[Outstanding]:
        rows = self._journal.get(KEY, [])
        found = [Outstanding(row["nonce"], row["expiry"], bytes.fromhex(row["digest"])) for row in rows]
        return [offer for offer in found if offer.expiry >= now]
