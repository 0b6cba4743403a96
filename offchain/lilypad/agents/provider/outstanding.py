"""The offers that a provider has signed and that somebody may still bring to the chain, across restarts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
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
    """Written before an offer leaves, forgotten when it can never again be taken."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __iter__(self) -> Iterator[Outstanding]:
        """The oldest first."""
        return map(_read, self._journal.get(KEY, []))

    def add(self, offer: Outstanding) -> None:
        """In place of an earlier one with its nonce: at most one of the two is ever taken."""
        self._write([*(other for other in self if other.nonce != offer.nonce), offer])

    def forget(self, nonces: Container[int]) -> None:
        self._write([offer for offer in self if offer.nonce not in nonces])

    def _write(self, offers: Iterable[Outstanding]) -> None:
        with self._journal.transaction() as tx:
            tx.put(KEY, [_row(offer) for offer in offers])


def _row(offer: Outstanding) -> dict[str, Any]:
    packed = None if offer.resources is None else hex(offer.resources.pack())
    return {"nonce": offer.nonce, "expiry": offer.expiry, "digest": offer.digest.hex(), "resources": packed}


def _read(row: dict[str, Any]) -> Outstanding:
    packed = row.get("resources")
    resources = None if packed is None else Resources.unpack(int(packed, 16))
    return Outstanding(row["nonce"], row["expiry"], bytes.fromhex(row["digest"]), resources)
