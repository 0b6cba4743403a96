"""Keeps a detached job's offer with the market: a market forgets when it restarts, and nobody else would tell it again.

Needs no key: the offer is signed. Ends by itself, at the latest when the offer expires.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp

from lilypad.agents.creator.agreeing import bring_inputs
from lilypad.agents.creator.jobs import JobFolder, creator_folder
from lilypad.errors import ContentUnavailableError, RejectedError, StoreFullError
from lilypad.market.book import OfferStatus
from lilypad.market.client import MarketClient, MarketUnavailableError
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.types import Address

ANNOUNCE_SECONDS = 2.0
PATIENCE_SECONDS = 120.0
"""A market that is away for longer has ended, and its network with it."""


async def keep_announced(settings: Settings, account: Address, job_id: str, session: aiohttp.ClientSession) -> str:
    """Until the offer has its deal or can have none; returns why it ended."""
    folder = creator_folder(settings, account)
    jobs, store = JobFolder(folder / "jobs"), LocalBlockStore(folder / "blocks")
    market = MarketClient(settings.market, session)
    answered = time.monotonic()
    while True:
        job = jobs.find(job_id)
        if job.cancelled:
            return "cancelled"
        if job.deal is not None:
            return "agreed"
        if job.signed.offer.expiry < time.time():
            return "expired"
        try:
            await bring_inputs(job, settings.market, store, session)
            state = await market.announce(job.signed)
            answered = time.monotonic()
            if state.status is not OfferStatus.RESTING:
                return str(state.status)
        except (MarketUnavailableError, ContentUnavailableError):
            if time.monotonic() - answered > PATIENCE_SECONDS:
                return "the market is gone"
        except StoreFullError:
            answered = time.monotonic()  # it is there, and will have room again
        except RejectedError as error:
            return error.message
        await asyncio.sleep(ANNOUNCE_SECONDS)
