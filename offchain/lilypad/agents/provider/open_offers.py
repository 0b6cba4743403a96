"""Which of a provider's offers may still become deals: by what the chain says at the end of the block up to which the
provider has read its deals.

An offer is used up there or it is not, and if it is, its deal is known or there is none: it was called back. So nothing
has to be waited for, and a reorganisation is nothing special: what it has undone is open again at the next look, with
what it offers, until its deal comes back or it is called back once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from lilypad.agents.network import Actor
from lilypad.agents.provider.outstanding import Outstanding, OutstandingOffers
from lilypad.agents.provider.place import Place
from lilypad.chain.cursor import Tip
from lilypad.chain.feed import REORG_DEPTH
from lilypad.protocol.deal import Deal
from lilypad.types import DealId

CLOCK_SECONDS = 15
"""By which the chain's time may be behind this machine's: so long an offer may be taken after it has expired here."""
REMEMBER_SECONDS = 3_600
"""After its end an offer is remembered: its deal may need as long to be confirmed."""


class Deals(Protocol):
    """The part of a deal book that offers depend on."""

    def __iter__(self) -> Iterator[Deal]: ...

    def notes(self, id_: DealId) -> dict[str, Any]: ...

    def first_block(self, id_: DealId) -> int | None: ...


class OpenOffers:
    def __init__(self, actor: Actor, outstanding: OutstandingOffers, rebuild: Callable[[Outstanding], Place]) -> None:
        """`rebuild` makes of what the journal has of an offer the offer as it was."""
        self._actor = actor
        self._outstanding = outstanding
        self._rebuild = rebuild
        self._places: dict[int, Place] = {}
        """By nonce."""
        self._answers: dict[int, tuple[bytes, bool]] = {}
        """By nonce: the last block for which it was asked, and whether it was used up there."""
        self._used_since: dict[int, int] = {}
        """By nonce: the block that was found first with it used up, of those that no rollback has undone."""
        self._lapsed: set[int] = set()

    def add(self, offer: Outstanding, place: Place) -> None:
        """Before it leaves."""
        self._outstanding.add(offer)
        self._places[offer.nonce] = place

    def expiring(self, since: float) -> list[Outstanding]:
        """At that time or later, whatever has become of them."""
        return [offer for offer in self._outstanding if offer.expiry >= since]

    def place(self, offer: Outstanding) -> Place:
        if offer.nonce not in self._places:
            self._places[offer.nonce] = self._rebuild(offer)
        return self._places[offer.nonce]

    async def look(self, book: Deals, tip: Tip, now: float) -> list[Place]:
        """The oldest first. `book` has read the chain to its `tip`; it may go on meanwhile."""
        deals, over, found = [*book], set[int](), list[Place]()
        for offer in self._outstanding:
            place = self.place(offer)
            if offer.expiry + REMEMBER_SECONDS < now or await self._is_over(place, book, deals, tip):
                over.add(offer.nonce)
            elif not await self._is_gone(place, deals, tip, now):
                found.append(place)
        if over:
            self._forget(over)
        return found

    async def _is_over(self, place: Place, book: Deals, deals: Sequence[Deal], tip: Tip) -> bool:
        """Whether it is used up for good: so deep that no reorganisation reaches it."""
        deal = _deal_of(place, deals)
        since = self._used_since.get(place.nonce) if deal is None else book.first_block(deal.id)
        return since is not None and since <= tip.number - REORG_DEPTH and await self._is_used(place, deal, tip)

    async def _is_gone(self, place: Place, deals: Sequence[Deal], tip: Tip, now: float) -> bool:
        if await self._is_used(place, _deal_of(place, deals), tip):
            self._used_since.setdefault(place.nonce, tip.number)
            return True
        self._used_since.pop(place.nonce, None)
        if place.nonce in self._lapsed:
            return True
        if place.expiry + CLOCK_SECONDS >= now or await self._actor.is_nonce_used(self._actor.account, place.nonce):
            return False  # it may be taken, or was at the last moment, which the book will tell
        self._lapsed.add(place.nonce)
        return True

    async def _is_used(self, place: Place, deal: Deal | None, tip: Tip) -> bool:
        if deal is not None:
            return True
        if tip.hash is None:
            return False
        asked, answer = self._answers.get(place.nonce, (b"", False))
        if asked != tip.hash:
            answer = await self._actor.is_nonce_used(self._actor.account, place.nonce, tip.hash)
            self._answers[place.nonce] = tip.hash, answer
        return answer

    def _forget(self, nonces: set[int]) -> None:
        self._outstanding.forget(nonces)
        self._lapsed -= nonces
        for known in (self._places, self._answers, self._used_since):
            for nonce in nonces:
                known.pop(nonce, None)


def _deal_of(place: Place, deals: Sequence[Deal]) -> Deal | None:
    return next((deal for deal in deals if deal.agreement.resource_digest in place.digests), None)
