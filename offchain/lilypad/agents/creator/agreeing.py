"""From a signed job offer to a deal: announced again and again, because a market forgets and the chain does not."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import aiohttp

from lilypad.agents.books.deals import DealBook
from lilypad.agents.creator.archive import find_standings
from lilypad.agents.creator.jobs import Job
from lilypad.agents.network import Network
from lilypad.crashing import crash_point
from lilypad.errors import ContentUnavailableError, OfferInvalidError, StoreFullError
from lilypad.market.book import OfferStatus
from lilypad.market.client import MarketClient, MarketUnavailableError
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.http import has_all, upload

ANNOUNCE_SECONDS = 0.1
AWAY_SECONDS = 1.0
"""Between two looks for a market that does not answer."""
MARKET_AWAY, MARKET_FULL = "MarketAway", "MarketFull"


class Agreeing:
    """One job's way to its deal; `book` is fed from the chain by somebody else."""

    def __init__(
        self, network: Network, market: MarketClient, store: LocalBlockStore, session: aiohttp.ClientSession
    ) -> None:
        self._network = network
        self._market = market
        self._store = store
        self._session = session
        self._uploaded = False

    async def attempt(self, job: Job, book: DealBook) -> tuple[str, ...]:
        """Announces the offer and waits a moment. Only the chain tells of a deal, whoever brought it there; what the
        market can tell is which rules the offer breaks with every resource it knows.

        Raises:
            OfferInvalidError: there is no deal, and there will be none.
        """
        if not self._uploaded:
            await self._settle(job, book, None)
            if any(book):
                return ()  # a deal that is there already needs no market
        try:
            if not self._uploaded:
                await bring_inputs(job, self._market.url, self._store, self._session)
                self._uploaded = True
            state = await self._market.announce(job.signed)
            crash_point("creator.announced")
        except OfferInvalidError as error:
            await self._settle(job, book, error.message)
            return ()
        except (MarketUnavailableError, ContentUnavailableError, StoreFullError) as error:
            await self._settle(job, book, None)
            await asyncio.sleep(AWAY_SECONDS)
            self._uploaded = False  # what comes back may have forgotten all
            return (MARKET_FULL if isinstance(error, StoreFullError) else MARKET_AWAY,)
        if state.status is OfferStatus.REFUSED:
            await self._settle(job, book, f"the job can make no deal: {state.reason}")
            return ()
        if state.deal is None:
            await asyncio.sleep(ANNOUNCE_SECONDS)
            return state.obstacles
        with suppress(TimeoutError):
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                await book.wait_for(state.deal)
        return ()

    async def _settle(self, job: Job, book: DealBook, refusal: str | None) -> None:
        """What the chain says when the market does not take the offer, or does not answer. The offer may have its deal,
        which a market that was restarted does not know.

        Raises:
            OfferInvalidError: there is none, and there will be none.
        """
        offer = job.signed.offer
        if await self._network.is_nonce_used(offer.creator, offer.nonce):
            await self._await_deal(job, book)
        elif time.time() > offer.expiry:
            message = "no provider took the job before its offer expired; nothing was spent, run it again"
            raise OfferInvalidError(message, job=job.id)
        elif refusal is not None:
            raise OfferInvalidError(refusal, job=job.id)

    async def _await_deal(self, job: Job, book: DealBook) -> None:
        """The nonce is used up: by a deal, which the feed shows once it is confirmed, or else by its maker."""
        standing = (await find_standings(self._network, [job])).get(job.id)
        if standing is None:
            raise OfferInvalidError("the job was cancelled; nothing was spent, run it again", job=job.id)
        await book.wait_for(standing.deal.id)


async def bring_inputs(job: Job, market: str, store: LocalBlockStore, session: aiohttp.ClientSession) -> None:
    """Again, if the market has lost them: without them a provider would take the job and have to decline it.

    Raises:
        ContentUnavailableError: the market cannot be reached.
        StoreFullError: it has no room for them.
    """
    root = Cid.of_directory(job.signed.offer.inputs)
    if not await has_all(market, root, session):
        await upload(market, root, store, session)
