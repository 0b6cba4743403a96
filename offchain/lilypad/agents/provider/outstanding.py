"""The offers that a provider has signed and that somebody may still bring to the chain, across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lilypad.store.journal import Journal
from lilypad.types import Resources

KEY = "outstanding_offers"


@dataclass(frozen=True, slots=True)
class Outstanding:
    nonce: int
    expiry: int
    digest: bytes
    """Of all offers of its place."""
    resources: Resources | None
    """What it offers, and so keeps booked; None if an earlier version wrote it, which offered the same for each place
    whatever the machine had."""


class OutstandingOffers:
    """Written before an offer leaves; old ones are dropped as new ones come."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def add(self, offer: Outstanding, since: int) -> None:
        """Beside those that expire at `since` or later."""
        with self._journal.transaction() as tx:
            tx.put(KEY, [_row(each) for each in [*self.expiring(since), offer]])

    def expiring(self, since: int) -> list[Outstanding]:
        """At that time or later."""
        found = map(_read, self._journal.get(KEY, []))
        return [offer for offer in found if offer.expiry >= since]


def _row(offer: Outstanding) -> dict[str, Any]:
    packed = None if offer.resources is None else hex(offer.resources.pack())
    return {"nonce": offer.nonce, "expiry": offer.expiry, "digest": offer.digest.hex(), "resources": packed}


def _read(row: dict[str, Any]) -> Outstanding:
    packed = row.get("resources")
    resources = None if packed is None else Resources.unpack(int(packed, 16))
    return Outstanding(row["nonce"], row["expiry"], bytes.fromhex(row["digest"]), resources)
