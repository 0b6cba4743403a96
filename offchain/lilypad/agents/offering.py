"""A provider's standing offers: as many as it has free places, always announced, renewed before they expire."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from lilypad.agents.network import Actor
from lilypad.agents.nonces import OfferNonces
from lilypad.agents.outstanding import Outstanding, OutstandingOffers
from lilypad.crashing import crash_point
from lilypad.errors import OfferInvalidError, RecoverableError
from lilypad.market.book import OfferStatus, SignedResource
from lilypad.market.client import MarketClient
from lilypad.protocol.offers import ResourceOffer
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
    verification: Verification
    modules: bytes = bytes(32)
    """Merkle root of the module versions it runs; zero for every curated one."""
    shares_bps: int = 3_000
    decline_fee_bps: int = 0
    """Of the collateral, for not taking a deal after all."""
    lifetime_seconds: int = 3_600
    places: int = 2
    """Deals at the same time."""


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
        self._standing: list[SignedResource] = []
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """A place was taken or became free."""
        self._awake.set()

    async def run(self, places_taken: Callable[[], int]) -> None:
        """Until cancelled; a market that is away is asked again."""
        while True:
            self._awake.clear()
            try:
                await self._announce(self._terms.places - places_taken())
            except RecoverableError as error:
                log.warning("market_away", extra={"error": str(error)})
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
        for offer in open_ones:
            with suppress(RecoverableError, OfferInvalidError):  # it would find out by itself
                await self._market.cancelled(offer.digest)
        log.info("offers_withdrawn", extra={"count": len(open_ones)})
        crash_point("provider.withdrawn")
        return max([head, *(receipt.block_number for receipt in receipts)])

    async def _announce(self, free_places: int) -> None:
        """Announces what stands again, drops what is used up, adds what is missing.

        Offers that are out cannot be called back without a transaction; when a place is taken, the one that was
        agreed for it is gone by itself, and the others stand for the places that are left.
        """
        renew_before = int(time.time()) + self._terms.lifetime_seconds // 4
        standing = [signed for signed in self._standing if signed.offer.expiry > renew_before]
        self._standing = [signed for signed in standing if await self._stands(signed)]
        while len(self._standing) < free_places:
            signed = await self._make()
            self._standing.append(signed)
            await self._stands(signed)
            crash_point("provider.announced")

    async def _stands(self, signed: SignedResource) -> bool:
        try:
            state = await self._market.announce(signed)
        except OfferInvalidError as error:
            log.warning("offer_refused", extra={"reason": str(error)})
            return False
        if state.status is OfferStatus.REFUSED:
            log.warning("offer_refused", extra={"reason": state.reason})
        return state.status is OfferStatus.RESTING

    async def _make(self) -> SignedResource:
        terms = self._terms
        nonce = await self._nonces.take()
        crash_point("provider.nonce")
        offer = ResourceOffer(
            provider=self._actor.account,
            shares_bps=terms.shares_bps,
            expiry=int(time.time()) + terms.lifetime_seconds,
            nonce=nonce,
            modules=terms.modules,
            resources=terms.resources,
            price_per_instruction=terms.price_per_instruction,
            minimum_payment=terms.minimum_payment,
            collateral=terms.collateral,
            late_penalty_bps=terms.late_penalty_bps,
            decline_fee_bps=terms.decline_fee_bps,
            windows=terms.windows,
            verification=terms.verification,
        )
        digest = self._actor.domain.digest(offer.struct_hash())
        self._outstanding.add(Outstanding(offer.nonce, offer.expiry, digest), int(time.time()))
        crash_point("provider.outstanding")
        return SignedResource(offer, sign(self._account, self._actor.domain, offer))
