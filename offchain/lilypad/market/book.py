"""The order book: signed offers that wait for their match.

A convenience that nobody has to trust: every offer carries its maker's signature, and the chain checks it again.
It forgets everything when its process ends; makers announce their offers again until they see them agreed.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lilypad.errors import OfferInvalidError
from lilypad.protocol.allow_list import EVERY_CURATED, AllowList
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.signing import signer_of
from lilypad.types import Address, DealId


class OfferStatus(enum.StrEnum):
    RESTING = "resting"
    """Waits for its match."""
    AGREED = "agreed"
    """Is part of a deal on chain."""
    REFUSED = "refused"
    """Can make no deal any more, or never could; the reason says why."""


@dataclass(frozen=True, slots=True)
class SignedJob:
    offer: JobOffer
    signature: bytes

    @property
    def maker(self) -> Address:
        return self.offer.creator


@dataclass(frozen=True, slots=True)
class SignedResource:
    offer: ResourceOffer
    signature: bytes
    allowed: AllowList = EVERY_CURATED
    """The list that the offer has the root of."""

    @property
    def maker(self) -> Address:
        return self.offer.provider


Signed = SignedJob | SignedResource


@dataclass(slots=True)
class Entry:
    """An offer in the book, under the EIP-712 digest that its maker signed."""

    digest: bytes
    signed: Signed
    status: OfferStatus = OfferStatus.RESTING
    reason: str = ""
    deal: DealId | None = None
    block: int = 0
    """Where the chain says so, or what it had come to when the offer was refused."""
    is_checked: bool = False
    """Whether the chain was asked for its nonce."""
    heard: int = 0
    """When it was announced last. Who offers a machine says so again and again; one that is silent may be gone."""


class OrderBook:
    """Offers by digest. Adding one again is harmless, whoever does it."""

    def __init__(self, domain: Domain, capacity: int = 100_000) -> None:
        self.domain = domain
        self._capacity = capacity
        self._entries: dict[bytes, Entry] = {}
        self._ways: dict[tuple[Address, int], list[Entry]] = {}
        """Offers with the same maker and nonce are one offer in several ways: at most one of them can be taken."""
        self.position = 0
        """The block up to which the chain was read."""

    def add(self, signed: Signed, now: int) -> Entry:
        """
        Raises:
            OfferInvalidError: not signed by its maker, without the modules it is for, expired, or the book is full.
        """
        digest = self.domain.digest(signed.offer.struct_hash())
        if (known := self._entries.get(digest)) is not None:
            known.heard = now
            return known
        if signer_of(self.domain, signed.offer, signed.signature) != signed.maker:
            raise OfferInvalidError(
                "the signature is not the maker's for this chain and controller", maker=signed.maker
            )
        if isinstance(signed, SignedResource) and signed.allowed.root != signed.offer.modules:
            raise OfferInvalidError("the modules listed are not those that the offer is signed for")
        if now > signed.offer.expiry:
            raise OfferInvalidError("the offer has expired", expiry=signed.offer.expiry, now=now)
        if len(self._entries) >= self._capacity:
            self.forget(now)
        if len(self._entries) >= self._capacity:
            raise OfferInvalidError("the order book is full: try again later", capacity=self._capacity)
        entry = self._entries[digest] = Entry(digest, signed, heard=now)
        self._ways.setdefault((signed.maker, signed.offer.nonce), []).append(entry)
        return entry

    def get(self, digest: bytes) -> Entry | None:
        return self._entries.get(digest)

    def resting(self, kind: type[Signed]) -> Iterator[Entry]:
        for entry in self._entries.values():
            if entry.status is OfferStatus.RESTING and isinstance(entry.signed, kind):
                yield entry

    def agreed(self, digests: tuple[bytes, ...], deal: DealId, block: int = 0) -> None:
        """The chain says that these offers made a deal, whoever brought them there."""
        for digest in digests:
            if (entry := self._entries.get(digest)) is not None:
                entry.status, entry.deal, entry.reason = OfferStatus.AGREED, deal, ""
                entry.block = block
                self._refuse_others(entry)

    def _refuse_others(self, agreed: Entry) -> None:
        for entry in self._ways[agreed.signed.maker, agreed.signed.offer.nonce]:
            if entry.status is OfferStatus.RESTING:
                entry.status, entry.reason, entry.block = OfferStatus.REFUSED, "Payments_NonceUsed", agreed.block

    def reopen(self, to_block: int) -> None:
        """The chain has taken back its blocks above this one, and the deals in them: their offers wait again, and so do
        those that were refused for what is no longer there."""
        for entry in self._entries.values():
            if entry.block > to_block:
                entry.status, entry.deal, entry.reason, entry.block = OfferStatus.RESTING, None, "", 0

    def refuse(self, entry: Entry, reason: str) -> None:
        if entry.status is OfferStatus.RESTING:
            entry.status, entry.reason, entry.block = OfferStatus.REFUSED, reason, self.position

    def counts(self) -> dict[tuple[str, str], int]:
        """How many offers of each kind have which status."""
        names = {SignedJob: "job", SignedResource: "resource"}
        return Counter((names[type(entry.signed)], entry.status.value) for entry in self._entries.values())

    def forget(self, now: int, buried: int = 0) -> None:
        """What has expired, and what came to its end in this block or before, where the chain takes nothing back."""
        self._entries = {d: e for d, e in self._entries.items() if _is_wanted(e, now, buried)}
        kept = {way: [e for e in entries if e.digest in self._entries] for way, entries in self._ways.items()}
        self._ways = {way: entries for way, entries in kept.items() if entries}


def _is_wanted(entry: Entry, now: int, buried: int) -> bool:
    return now <= entry.signed.offer.expiry and not 0 < entry.block <= buried
