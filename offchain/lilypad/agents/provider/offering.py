"""A provider's standing offers: as many as it has free places, each for a part of what the machine has free, always
announced.

An offer that is out takes a place, and what it offers, until it has expired or is used up, also over a restart: to call
it back takes a transaction, and two offers for one place may both be taken. Used up it is by its deal, which then takes
the place until its result is there.
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
from lilypad.agents.provider.capacity import NOTHING, Booking, Ready, is_at_work, needs, next_offer, total_of
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.open_offers import CLOCK_SECONDS, Deals, OpenOffers
from lilypad.agents.provider.outstanding import Outstanding, OutstandingOffers
from lilypad.agents.provider.place import Place
from lilypad.chain.cursor import Tip
from lilypad.crashing import crash_point
from lilypad.errors import OfferInvalidError, RecoverableError, TransactionRevertedError
from lilypad.market.book import SignedResource
from lilypad.market.client import MarketClient
from lilypad.protocol.offers import ResourceOffer
from lilypad.protocol.signing import sign
from lilypad.protocol.words import Verification
from lilypad.types import Resources

log = logging.getLogger(__name__)

ANNOUNCE_SECONDS = 5.0
SETTLE_SECONDS = 0.5
"""Between two looks while an offer is called back and the block that says so is not read."""
UNWANTED_SECONDS = 60.0
"""Then an offer that the market does not want is signed anew, and one that is in the way called back: a deal that a
reorganisation has taken back mostly comes again with the next block."""


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
        self._ways_seen = len(terms.verifications)
        self._actor = actor
        self._account = account
        self._terms = terms
        self._market = market
        self._nonces = nonces
        self._open = OpenOffers(actor, outstanding, self._rebuilt)
        self._standing: list[Place] = []
        self._is_first_look = True
        self._has_been_short = False
        self._awake = asyncio.Event()
        self.booking = Booking(terms.capacity)
        """As of the last look."""
        self.tell: Callable[[Booking], None] = lambda _: None
        """Hears of every change."""

    def wake(self) -> None:
        """A place was taken or became free."""
        self._awake.set()

    async def run(self, book: Deals, tip: Callable[[], Tip]) -> None:
        """Until cancelled; a market that is away is asked again. `book` has the provider's deals, as the chain tells of
        them to `tip`."""
        while True:
            self._awake.clear()
            try:
                await self.look(book, tip())
            except RecoverableError as error:
                log.warning("offering_waits", extra={"error": str(error)})
            self._note(self._booked(_in_hand(book)))
            is_settling = any(place.is_called_back for place in self._standing)
            try:
                async with asyncio.timeout(SETTLE_SECONDS if is_settling else ANNOUNCE_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def withdraw(self) -> int:
        """Makes every offer that is out unusable, on chain, and says so to the market. Returns the block from which on
        there is no new deal; one that was agreed just before is in the log up to it."""
        head = await self._head()
        offers = self._open.expiring(time.time() - CLOCK_SECONDS)
        open_ones = [o for o in offers if not await self._actor.is_nonce_used(self._actor.account, o.nonce)]
        blocks = await asyncio.gather(*(self._use_up(offer.nonce) for offer in open_ones))
        for digest in (digest for o in open_ones for digest in self._open.place(o).digests):
            with suppress(RecoverableError, OfferInvalidError):  # it would find out by itself
                await self._market.cancelled(digest)
        self._standing.clear()
        self._note(replace(self.booking, offers=NOTHING))
        log.info("offers_withdrawn", extra={"count": len(open_ones)})
        crash_point("provider.withdrawn")
        return max([head, *blocks])

    async def look(self, book: Deals, tip: Tip) -> None:
        """Announces what stands again, calls back what is in the way, adds what is missing."""
        in_hand = _in_hand(book)
        self._standing = await self._open.look(book, tip, time.time())
        fitting = self._fitting(in_hand)
        ready = await self._ready_beside(in_hand)
        for place in [*self._standing]:
            await self._look_after(place, ready, fits=place in fitting)
            ready = ready.without(place.resources)
        self._is_first_look = False
        if ready.ways:
            await self._add(in_hand, ready)

    async def _ready_beside(self, in_hand: Sequence[InHand]) -> Ready:
        """What could take a job beside those in hand: nothing while the disk is full."""
        if not self._has_room():
            return Ready(())
        ready = await self._look() if self._look is not None else Ready(self._terms.verifications)
        if len(ready.ways) != self._ways_seen:
            kinds = f"{len(ready.ways)} of {len(self._terms.verifications)}"
            log.warning("engines_changed", extra={"kinds_of_job": kinds})
            self._ways_seen = len(ready.ways)
        return ready.without(_booked_by(in_hand))

    def _fitting(self, in_hand: Sequence[InHand]) -> list[Place]:
        """Those of the standing offers for which there is room. The others were made at other terms, or for a larger
        machine; or they are open again, after a reorganisation, when what they offer was offered to others."""
        free, left = self._terms.capacity.beyond(_booked_by(in_hand)), self._places_left(in_hand)
        fitting = list[Place]()
        for place in self._standing:
            if place.is_as_asked and len(fitting) < left and place.resources.fit_in(free):
                fitting.append(place)
                free -= place.resources
        return fitting

    async def _look_after(self, place: Place, ready: Ready, *, fits: bool) -> None:
        if place.is_called_back:
            return
        if not fits:
            await self._clear(place)
        elif ready.holds(place.resources):
            await self._announce(place, ready)

    async def _announce(self, place: Place, ready: Ready) -> None:
        """One that the market has not wanted for a while, or that expires, is signed anew with its nonce: that costs
        nothing, whoever makes a market refuse it, and of all that have the nonce one is taken at most."""
        now = time.time()
        if now <= place.expiry and await place.announce(self._market, ready.ways):
            place.unwanted_since = None
        elif not await self._actor.is_nonce_used(self._actor.account, place.nonce):  # or its deal is about to be known
            place.unwanted_since = now if place.unwanted_since is None else place.unwanted_since
            if now > min(place.unwanted_since + UNWANTED_SECONDS, place.expiry):
                anew = self._signed_for(place.nonce, place.resources)
                self._standing[self._standing.index(place)] = anew
                await anew.announce(self._market, ready.ways)

    async def _clear(self, place: Place) -> None:
        """Calls back what is in the way; not at once, if it came there by a reorganisation that has not ended yet."""
        now = time.time()
        place.unwanted_since = now if place.unwanted_since is None else place.unwanted_since
        is_time = self._is_first_look or now > place.unwanted_since + UNWANTED_SECONDS
        if is_time and now <= place.expiry and not await self._actor.is_nonce_used(self._actor.account, place.nonce):
            await self._use_up(place.nonce)
            place.is_called_back = True

    async def _use_up(self, nonce: int) -> int:
        """The block after which nobody can take the offer any more."""
        try:
            return (await self._actor.cancel_nonce(nonce)).block_number
        except TransactionRevertedError:  # somebody has just taken it
            return await self._head()

    async def _add(self, in_hand: Sequence[InHand], ready: Ready) -> None:
        """As many as there are places, and as there is collateral for: one that nothing covers makes no deal."""
        missing = self._places_left(in_hand) - len(self._standing)
        if missing <= 0:
            return
        covered = await self._covered() - len(self._standing)
        if covered < missing:
            self._note_shortage()
        for left in range(missing, max(missing - covered, 0), -1):
            part = next_offer(self._booked(in_hand).free, left)
            if part is None or not ready.holds(part := part.within(self._terms.largest or part)):
                break
            place = await self._make(part)
            self._standing.append(place)
            await self._look_after(place, ready, fits=True)
            ready = ready.without(part)

    async def _covered(self) -> int:
        """How many offers the free part of the vault covers."""
        collateral = self._terms.collateral
        free = (await self._actor.funds(self._actor.account)).free
        return free // collateral if collateral else self._terms.places

    def _note_shortage(self) -> None:
        """Once: with just enough for all places, it comes and goes with each result that waits to be accepted."""
        if not self._has_been_short:
            log.warning("collateral_short", extra={"each": self._terms.collateral, "places": self._terms.places})
        self._has_been_short = True

    def _places_left(self, in_hand: Iterable[InHand]) -> int:
        return self._terms.places - sum(one.is_at_work for one in in_hand)

    async def _head(self) -> int:
        return int(await self._actor.rpc.call("eth_blockNumber"), 16)

    def _booked(self, in_hand: Iterable[InHand]) -> Booking:
        offers = total_of(place.resources for place in self._standing)
        return Booking(self._terms.capacity, deals=_booked_by(in_hand), offers=offers)

    def _note(self, booking: Booking) -> None:
        if booking != self.booking:
            self.booking = booking
            self.tell(booking)

    async def _make(self, part: Resources) -> Place:
        nonce = await self._nonces.take()
        crash_point("provider.nonce")
        return self._signed_for(nonce, part)

    def _signed_for(self, nonce: int, part: Resources) -> Place:
        """From now on; it is written down before anybody sees it."""
        place = self._place(nonce, int(time.time()) + self._terms.lifetime_seconds, part)
        self._open.add(Outstanding(nonce, place.expiry, place.digest, part), place)
        crash_point("provider.outstanding")
        return place

    def _rebuilt(self, old: Outstanding) -> Place:
        """As it was, if its digest says so. One that does not tell what it offers may have offered all there is."""
        resources = self._terms.capacity if old.resources is None else old.resources
        place = self._place(old.nonce, old.expiry, resources)
        place.is_as_asked = place.digest == old.digest
        return place

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


@dataclass(frozen=True, slots=True)
class InHand:
    """What one open deal takes up."""

    needs: Resources
    is_at_work: bool


def _in_hand(book: Deals) -> list[InHand]:
    open_ones = [(deal, "result" in book.notes(deal.id)) for deal in book if not deal.status.is_end]
    return [InHand(needs(deal, has_result=has), is_at_work(deal, has_result=has)) for deal, has in open_ones]


def _booked_by(in_hand: Iterable[InHand]) -> Resources:
    return total_of(one.needs for one in in_hand)
