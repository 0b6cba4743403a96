"""Keeps a detached job's offer with the market: a market forgets when it restarts, and nobody else would tell it again.

Needs no key: the offer is signed. Ends by itself, at the latest when the offer expires.
"""

from __future__ import annotations

import asyncio
import time

from lilypad.agents.jobs import JobFolder
from lilypad.errors import OfferInvalidError
from lilypad.market.book import OfferStatus
from lilypad.market.client import MarketClient, MarketUnavailableError

ANNOUNCE_SECONDS = 2.0
PATIENCE_SECONDS = 120.0
"""A market that is away for longer has ended, and its network with it."""


async def keep_announced(market: MarketClient, jobs: JobFolder, job_id: str) -> str:
    """Until the offer has its deal or can have none; returns why it ended."""
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
            state = await market.announce(job.signed)
            answered = time.monotonic()
            if state.status is not OfferStatus.RESTING:
                return str(state.status)
        except MarketUnavailableError:
            if time.monotonic() - answered > PATIENCE_SECONDS:
                return "the market is gone"
        except OfferInvalidError as error:
            return error.message
        await asyncio.sleep(ANNOUNCE_SECONDS)
