"""A provider's standing offers: as many as it has free places, each for a part of what the machine has free, always
announced.

An offer that is out takes a place, and what it offers, until it expires or its deal is in the provider's book, also
over a restart: to call it back takes a transaction, and two offers for one place may both be taken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from lilypad.agents.network import Actor
from lilypad.agents.nonces import OfferNonces
from lilypad.agents.provider.capacity import NOTHING, Booking, Ready, next_offer, total_of
from lilypad.agents.provider.outstanding import Outstanding, OutstandingOffers
from lilypad.agents.provider.place import Place
from lilypad.crashing import crash_point
from lilypad.errors import OfferInvalidError, RecoverableError, TransactionRevertedError
from lilypad.market.book import SignedResource
from lilypad.market.client import MarketClient
from lilypad.protocol.allow_list import EVERY_CURATED, AllowList
from lilypad.protocol.deal import Deal
from lilypad.protocol.offers import ResourceOffer
from lilypad.protocol.signing import sign
from lilypad.protocol.words import Verification, Windows
from lilypad.types import Resources

log = logging.getLogger(__name__)

ANNOUNCE_SECONDS = 5.0
SETTLE_SECONDS = 0.5
"""Between two looks while it is open whether an offer was taken at the last moment."""
CLOCK_SECONDS = 15
"""By which the chain's time may be behind this machine's: so long an offer may be taken after it has expired here."""
REMEMBER_SECONDS = 3_600
"""After its end an offer is remembered: its deal may need as long to be confirmed."""
REFUSED_SECONDS = 60.0
"""Then an offer that the market does not want is called back, and another one made in its place."""


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a provider asks of every deal. Amounts in wei of the token."""

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
    """Deals at the same time."""
    largest: Resources | None = None
    """The most that one of them can have, where the capacity is that of several machines."""


class Offering:
    def __init__(
        self,
        actor: Actor,
        account: LocalAccount,
        terms: OfferTerms,
        market: MarketClient,
        nonces: OfferNonces,
        outstanding: OutstandingOffers,
        has_room: Callable[[], bool] = lambda: True,
        look: Callable[[], Awaitable[Ready]] | None = None,
    ) -> None:
        """A provider that is silent gets no deal.

        Args:
            has_room: whether the disk has any for another deal.
            look: what could take a job now; by default always all that the terms name.
        """
        self._has_room = has_room
        self._look = look
        self._ready = Ready(terms.verifications)
        self._outstanding = outstanding
        self._actor = actor
        self._account = account
        self._terms = terms
        self._market = market
        self._nonces = nonces
        self._standing: list[Place] = []
        self._awake = asyncio.Event()
        self.booking = Booking(terms.capacity)
        """As of the last look."""
        self.tell: Callable[[Booking], None] = lambda _: None
        """Hears of every change."""

    def wake(self) -> None:
        """A place was taken or became free."""
        self._awake.set()

    async def run(self, deals: Iterable[Deal], read_to: Callable[[], int]) -> None:
        """Until cancelled; a market that is away is asked again. `deals` are the provider's, as of each look, and
        `read_to` is the block up to which the chain was asked for them."""
        has_recalled = False
        while True:
            self._awake.clear()
            try:
                if not has_recalled:
                    await self._recall(list(deals))
                    has_recalled = True
                await self._announce(list(deals), read_to())
            except RecoverableError as error:
                log.warning("offering_waits", extra={"error": str(error)})
            self._note(self._booked(_in_hand(deals)))
            is_settling = any(place.closed_at is not None for place in self._standing)
            try:
                async with asyncio.timeout(SETTLE_SECONDS if is_settling else ANNOUNCE_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def withdraw(self) -> int:
        """Makes every offer that is out unusable, on chain, and says so to the market. Returns the block from which on
        there is no new deal; one that was agreed just before is in the log up to it."""
        head = await self._head()
        offers = self._outstanding.expiring(int(time.time()) - CLOCK_SECONDS)
        open_ones = [o for o in offers if not await self._actor.is_nonce_used(self._actor.account, o.nonce)]
        receipts = await asyncio.gather(*(self._actor.cancel_nonce(o.nonce) for o in open_ones))
        for digest in (digest for o in open_ones for digest in self._rebuilt(o).digests):
            with suppress(RecoverableError, OfferInvalidError):  # it would find out by itself
                await self._market.cancelled(digest)
        self._standing.clear()
        self._note(replace(self.booking, offers=NOTHING))
        log.info("offers_withdrawn", extra={"count": len(open_ones)})
        crash_point("provider.withdrawn")
        return max([head, *(receipt.block_number for receipt in receipts)])

    async def _recall(self, deals: Sequence[Deal]) -> None:
        """What an earlier process has offered stands on, if the terms are still the same and there is room for it; else
        it is called back. What was taken meanwhile stands until its deal is known."""
        self._standing.clear()
        now = int(time.time())
        in_hand = _in_hand(deals)
        known = {deal.agreement.resource_digest for deal in deals}
        for old in self._outstanding.expiring(now - REMEMBER_SECONDS):
            place = self._rebuilt(old)
            if not known.isdisjoint(place.digests):
                continue
            if await self._actor.is_nonce_used(self._actor.account, old.nonce):
                place.closed_at = await self._head()
            elif old.expiry + CLOCK_SECONDS < now:
                continue
            elif place.digest != old.digest or not self._still_fits(place, in_hand):
                await self._call_back(place)
            self._standing.append(place)

    def _still_fits(self, place: Place, in_hand: Sequence[Deal]) -> bool:
        is_one_too_many = len(self._standing) + len(in_hand) >= self._terms.places
        return not is_one_too_many and place.resources.fit_in(self._booked(in_hand).free)

    async def _announce(self, deals: Sequence[Deal], read_to: int) -> None:
        """Announces what stands again, drops what is used up, adds what is missing."""
        known = {deal.agreement.resource_digest for deal in deals}
        self._standing = [
            place for place in self._standing
            if known.isdisjoint(place.digests) and (place.closed_at is None or place.closed_at > read_to)
        ]  # fmt: skip
        if not self._has_room() or not (ready := await self._look_at_engines()).ways:
            return
        in_hand = _in_hand(deals)
        ready = ready.without(total_of(deal.job.resources for deal in in_hand))
        for place in self._standing:
            if ready.holds(place.resources):
                await self._look_after(place)
            ready = ready.without(place.resources)
        while (missing := self._terms.places - len(self._standing) - len(in_hand)) > 0:
            part = next_offer(self._booked(in_hand).free, missing)
            if part is None or not ready.holds(part := part.within(self._terms.largest or part)):
                break
            place = await self._make(part)
            self._standing.append(place)
            ready = ready.without(part)
            await self._look_after(place)

    async def _look_at_engines(self) -> Ready:
        """What is not announced any more is soon forgotten by the market."""
        if self._look is not None:
            ready = await self._look()
            if len(ready.ways) != len(self._ready.ways):
                kinds = f"{len(ready.ways)} of {len(self._terms.verifications)}"
                log.warning("engines_changed", extra={"kinds_of_job": kinds})
            self._ready = ready
        return self._ready

    async def _look_after(self, place: Place) -> None:
        """Announces it, or finds out when it ended. One that the market does not want keeps its place as long as
        somebody may bring it to the chain."""
        now = time.time()
        if place.closed_at is not None:
            return
        if now > place.expiry:
            if now > place.expiry + CLOCK_SECONDS:
                place.closed_at = await self._head()
        elif await place.announce(self._market, self._ready.ways):
            place.refused_since = None
        elif await self._actor.is_nonce_used(self._actor.account, place.nonce):
            place.closed_at = await self._head()
        elif place.refused_since is None:
            place.refused_since = now
        elif now > place.refused_since + REFUSED_SECONDS:
            await self._call_back(place)

    async def _call_back(self, place: Place) -> None:
        try:
            place.closed_at = (await self._actor.cancel_nonce(place.nonce)).block_number
        except TransactionRevertedError:  # somebody has just taken it
            place.closed_at = await self._head()

    async def _head(self) -> int:
        return int(await self._actor.rpc.call("eth_blockNumber"), 16)

    def _booked(self, in_hand: Iterable[Deal]) -> Booking:
        return Booking(
            self._terms.capacity,
            deals=total_of(deal.job.resources for deal in in_hand),
            offers=total_of(place.resources for place in self._standing),
        )

    def _note(self, booking: Booking) -> None:
        if booking != self.booking:
            self.booking = booking
            self.tell(booking)

    async def _make(self, part: Resources) -> Place:
        nonce = await self._nonces.take()
        crash_point("provider.nonce")
        now = int(time.time())
        place = self._place(nonce, now + self._terms.lifetime_seconds, part)
        made = Outstanding(nonce, place.expiry, place.digest, part)
        self._outstanding.add(made, since=now - REMEMBER_SECONDS)
        crash_point("provider.outstanding")
        return place

    def _rebuilt(self, old: Outstanding) -> Place:
        """As it was, if its digest says so. One that does not tell what it offers may have offered all there is."""
        resources = self._terms.capacity if old.resources is None else old.resources
        return self._place(old.nonce, old.expiry, resources)

    def _place(self, nonce: int, expiry: int, part: Resources) -> Place:
        signed = (self._signed(nonce, expiry, part, verification) for verification in self._terms.verifications)
        return Place(self._actor.domain, tuple(signed))

    def _signed(self, nonce: int, expiry: int, part: Resources, verification: Verification) -> SignedResource:
        terms = self._terms
        offer = ResourceOffer(
            provider=self._actor.account,
            shares_bps=terms.shares_bps,
            expiry=expiry,
            nonce=nonce,
            modules=terms.allowed.root,
            resources=part,
            price_per_instruction=terms.price_per_instruction,
            minimum_payment=terms.minimum_payment,
            collateral=terms.collateral,
            late_penalty_bps=terms.late_penalty_bps,
            decline_fee_bps=terms.decline_fee_bps,
            windows=terms.windows,
            verification=verification,
        )
        return SignedResource(offer, sign(self._account, self._actor.domain, offer), terms.allowed)


def _in_hand(deals: Iterable[Deal]) -> list[Deal]:
    return [deal for deal in deals if not deal.status.is_end]
