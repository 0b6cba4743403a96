"""A provider's standing offers: as many as it has free places, always announced.

An offer that is out takes a place until it expires or its deal is in the provider's book, also over a restart: to call
it back takes a transaction, and two offers for one place may both be taken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from lilypad.agents.network import Actor
from lilypad.agents.nonces import OfferNonces
from lilypad.agents.provider.outstanding import Outstanding, OutstandingOffers
from lilypad.crashing import crash_point
from lilypad.errors import OfferInvalidError, RecoverableError, TransactionRevertedError
from lilypad.market.book import OfferStatus, SignedResource
from lilypad.market.client import MarketClient
from lilypad.protocol.allow_list import EVERY_CURATED, AllowList
from lilypad.protocol.deal import Deal
from lilypad.protocol.offers import Domain, ResourceOffer
from lilypad.protocol.signing import sign
from lilypad.protocol.words import Verification, Windows
from lilypad.types import Resources

log = logging.getLogger(__name__)

ANNOUNCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a provider asks of every deal. Amounts in wei of the token."""

    resources: Resources
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


class Place:
    """One place, offered in one way for each kind of job. They share a nonce, so at most one of them is ever taken."""

    def __init__(self, domain: Domain, offers: tuple[SignedResource, ...]) -> None:
        self.offers = offers
        self.digests = [domain.digest(signed.offer.struct_hash()) for signed in offers]
        self.digest = keccak(b"".join(self.digests))
        self.expiry = offers[0].offer.expiry


class Offering:
    def __init__(
        self,
        actor: Actor,
        account: LocalAccount,
        terms: OfferTerms,
        market: MarketClient,
        nonces: OfferNonces,
        outstanding: OutstandingOffers,
    ) -> None:
        self._outstanding = outstanding
        self._actor = actor
        self._account = account
        self._terms = terms
        self._market = market
        self._nonces = nonces
        self._standing: list[Place] = []
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """A place was taken or became free."""
        self._awake.set()

    async def run(self, deals: Iterable[Deal]) -> None:
        """Until cancelled; a market that is away is asked again. `deals` are the provider's, as of each look."""
        has_recalled = False
        while True:
            self._awake.clear()
            try:
                if not has_recalled:
                    await self._recall()
                    has_recalled = True
                await self._announce(list(deals))
            except RecoverableError as error:
                log.warning("offering_waits", extra={"error": str(error)})
            try:
                async with asyncio.timeout(ANNOUNCE_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def withdraw(self) -> int:
        """Makes every offer that is out unusable, on chain, and says so to the market. Returns the block from which on
        there is no new deal; one that was agreed just before is in the log up to it."""
        head = int(await self._actor.rpc.call("eth_blockNumber"), 16)
        offers = self._outstanding.valid(int(time.time()))
        open_ones = [o for o in offers if not await self._actor.is_nonce_used(self._actor.account, o.nonce)]
        receipts = await asyncio.gather(*(self._actor.cancel_nonce(o.nonce) for o in open_ones))
        for digest in (digest for o in open_ones for digest in self._place(o.nonce, o.expiry).digests):
            with suppress(RecoverableError, OfferInvalidError):  # it would find out by itself
                await self._market.cancelled(digest)
        log.info("offers_withdrawn", extra={"count": len(open_ones)})
        crash_point("provider.withdrawn")
        return max([head, *(receipt.block_number for receipt in receipts)])

    async def _recall(self) -> None:
        """What an earlier process has offered stands on, if the terms are still the same; else it is called back."""
        self._standing.clear()
        for old in self._outstanding.valid(int(time.time())):
            if await self._actor.is_nonce_used(self._actor.account, old.nonce):
                continue
            place = self._place(old.nonce, old.expiry)
            if place.digest == old.digest:
                self._standing.append(place)
            else:
                with suppress(TransactionRevertedError):  # somebody has just taken it
                    await self._actor.cancel_nonce(old.nonce)

    async def _announce(self, deals: list[Deal]) -> None:
        """Announces what stands again, drops what is used up, adds what is missing."""
        now = int(time.time())
        known = {deal.agreement.resource_digest for deal in deals}
        waiting = [p for p in self._standing if p.expiry >= now and known.isdisjoint(p.digests)]
        self._standing = [place for place in waiting if await self._stands(place)]
        in_hand = sum(not deal.status.is_end for deal in deals)
        while len(self._standing) + in_hand < self._terms.places:
            place = await self._make()
            self._standing.append(place)
            await self._stands(place)

    async def _stands(self, place: Place) -> bool:
        """Whether somebody may still take it."""
        return any([await self._is_open(signed) for signed in place.offers])

    async def _is_open(self, signed: SignedResource) -> bool:
        try:
            state = await self._market.announce(signed)
        except OfferInvalidError as error:
            log.warning("offer_refused", extra={"reason": str(error)})
            return True  # a full book, or a market whose clock is wrong: another offer would fare no better
        crash_point("provider.announced")
        if state.status is OfferStatus.REFUSED:
            log.warning("offer_refused", extra={"reason": state.reason})
        return state.status is not OfferStatus.REFUSED  # one that is agreed takes its place until the feed has its deal

    async def _make(self) -> Place:
        nonce = await self._nonces.take()
        crash_point("provider.nonce")
        place = self._place(nonce, int(time.time()) + self._terms.lifetime_seconds)
        self._outstanding.add(Outstanding(nonce, place.expiry, place.digest), int(time.time()))
        crash_point("provider.outstanding")
        return place

    def _place(self, nonce: int, expiry: int) -> Place:
        signed = (self._signed(nonce, expiry, verification) for verification in self._terms.verifications)
        return Place(self._actor.domain, tuple(signed))

    def _signed(self, nonce: int, expiry: int, verification: Verification) -> SignedResource:
        terms = self._terms
        offer = ResourceOffer(
            provider=self._actor.account,
            shares_bps=terms.shares_bps,
            expiry=expiry,
            nonce=nonce,
            modules=terms.allowed.root,
            resources=terms.resources,
            price_per_instruction=terms.price_per_instruction,
            minimum_payment=terms.minimum_payment,
            collateral=terms.collateral,
            late_penalty_bps=terms.late_penalty_bps,
            decline_fee_bps=terms.decline_fee_bps,
            windows=terms.windows,
            verification=verification,
        )
        return SignedResource(offer, sign(self._account, self._actor.domain, offer), terms.allowed)
