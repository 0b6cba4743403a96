"""Calling a job back. Possible until a provider has taken it: from then on both sides are bound."""

from __future__ import annotations

import enum
import time
from contextlib import suppress
from dataclasses import dataclass

from lilypad.agents.creator.archive import find_standings
from lilypad.agents.creator.jobs import Job, JobFolder
from lilypad.agents.network import Actor
from lilypad.chain.receipts import Receipt
from lilypad.errors import OfferInvalidError
from lilypad.market.client import MarketClient, MarketUnavailableError
from lilypad.protocol.deal import Deal


class Outcome(enum.StrEnum):
    CANCELLED = "cancelled"
    """The offer's nonce is used up on chain: nobody can make a deal of it any more."""
    ALREADY = "already cancelled"
    EXPIRED = "expired"
    """No provider took it in time: there is nothing to cancel."""
    TOO_LATE = "too late"
    """There is a deal."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    outcome: Outcome
    deal: Deal | None = None
    receipt: Receipt | None = None
    market_knows: bool = True
    """If not, it learns it from the chain as soon as it tries to make a deal of the offer."""


async def cancel_job(actor: Actor, jobs: JobFolder, market: MarketClient, job: Job) -> Cancellation:
    """Looks first, and once more afterwards: to cancel a nonce that a deal has just used up changes nothing."""
    offer = job.signed.offer
    used = await actor.is_nonce_used(offer.creator, offer.nonce)  # before the look: a deal that it misses came later
    if (deal := await _deal_of(actor, job)) is not None:
        return Cancellation(Outcome.TOO_LATE, deal)
    if used:
        jobs.cancelled(job)
        return Cancellation(Outcome.ALREADY, market_knows=await _tell(market, job))
    if offer.expiry < time.time():
        return Cancellation(Outcome.EXPIRED)
    receipt = await actor.cancel_nonce(offer.nonce)
    if (deal := await _deal_of(actor, job)) is not None:
        return Cancellation(Outcome.TOO_LATE, deal, receipt)
    jobs.cancelled(job)
    return Cancellation(Outcome.CANCELLED, None, receipt, await _tell(market, job))


async def _deal_of(actor: Actor, job: Job) -> Deal | None:
    standing = (await find_standings(actor, [job])).get(job.id)
    return standing.deal if standing else None


async def _tell(market: MarketClient, job: Job) -> bool:
    with suppress(OfferInvalidError):  # it has forgotten the offer, which is just as well
        try:
            await market.cancelled(bytes.fromhex(job.id))
        except MarketUnavailableError:
            return False
    return True
