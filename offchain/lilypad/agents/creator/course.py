"""The course of one job, from its offer to its end: what a creator does at each stage."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from lilypad.agents.books.deals import DealBook
from lilypad.agents.challenging import challenge
from lilypad.agents.court import publishers
from lilypad.agents.creator.agreeing import Agreeing
from lilypad.agents.creator.desk import Desk
from lilypad.agents.creator.disputing import Check, is_drawn
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.agents.creator.rerunning import run_here
from lilypad.agents.network import Actor
from lilypad.agents.work.fetching import JobResult, fetch_result
from lilypad.agents.work.rerunning import vote_on
from lilypad.chain.feed import Feed
from lilypad.crashing import crash_point
from lilypad.errors import (
    ContentInvalidError,
    ContentUnavailableError,
    RecoverableError,
    TransactionRevertedError,
)
from lilypad.protocol.deal import Deal, DealStatus, deadline, way_out
from lilypad.protocol.mediation import UPHOLDS

log = logging.getLogger(__name__)

FETCH_SECONDS = 0.1
LOOK_AGAIN_SECONDS = 5.0
"""The chain may have taken back what a receipt said, before the feed saw the event."""
OBSTACLE_SECONDS = 1.0
"""A market that has just heard of an offer may not know its module yet."""


class DealUndoneError(RecoverableError):
    """The block with the agreement is no longer part of the chain."""


class Course:
    def __init__(self, job: Job, desk: Desk, actor: Actor, book: DealBook, feed: Feed) -> None:
        """`actor` keeps the keys of what it sends in the job's own journal: whoever takes the job up again finds what
        is under way already, instead of sending it a second time."""
        self._job = job
        self._desk = desk
        self._actor = actor
        self._book = book
        self._feed = feed

    async def stages(self) -> AsyncIterator[Progress]:
        """From the offer on, and from the offer on again if the chain takes its deal back."""
        if any(self._book):  # what the journal knows may be of blocks that are gone
            await self._feed.caught_up.wait()
        while True:
            try:
                async for progress in self._stages_once():
                    yield progress
            except DealUndoneError:
                log.warning("deal_undone", extra={"job": self._job.id[:12]})
                offer = self._job.signed.offer
                if not any(self._book) and not await self._actor.is_nonce_used(offer.creator, offer.nonce):
                    async with self._desk.offers.funded(offer):
                        pass  # its deposit may have been in the blocks that are gone
            else:
                return

    async def _stages_once(self) -> AsyncIterator[Progress]:
        async for progress in self._until_agreed():
            yield progress
        job = self._job
        deal = next(iter(self._book), None)
        if deal is None:
            raise DealUndoneError("a reorganisation of the chain has undone the deal", job=job.id)
        yield Progress(Stage.AGREED, job, deal)
        while deal.status is DealStatus.AGREED:
            deal = await self._moved(deal)
        if deal.claim is None:
            yield Progress(Stage.ENDED, job, deal)
            return
        yield Progress(Stage.SUBMITTED, job, deal)
        result: JobResult | None = None
        if deal.status in (DealStatus.SUBMITTED, DealStatus.ACCEPTED):
            result, doubt = await self._examine(deal)
            if result is not None:
                crash_point("creator.verified")
                yield Progress(Stage.VERIFIED, job, deal, doubt=doubt)
            if doubt is not None and deal.status is DealStatus.SUBMITTED:
                await challenge(self._actor, deal)
                crash_point("creator.disputed")
                deal = await self._while_status(deal, DealStatus.SUBMITTED)
        if deal.status is DealStatus.CHALLENGED:
            yield Progress(Stage.CHALLENGED, job, deal)
        deal = await self._end(deal)
        crash_point("creator.accepted")
        if deal.status is not DealStatus.ACCEPTED:
            yield Progress(Stage.ENDED, job, deal, result)
            return
        if result is None:
            result = await self._fetch(deal)
        yield Progress(Stage.ACCEPTED, job, deal, result)

    async def _until_agreed(self) -> AsyncIterator[Progress]:
        yield Progress(Stage.OFFERED, self._job)
        agreeing = Agreeing(self._actor, self._desk.market, self._desk.store, self._desk.session)
        told: tuple[str, ...] = ()
        look_from = time.monotonic() + OBSTACLE_SECONDS
        while (deal := next(iter(self._book), None)) is None:
            found = await agreeing.attempt(self._job, self._book)
            if found and found != told and time.monotonic() > look_from:
                told = found
                yield Progress(Stage.OFFERED, self._job, obstacles=told)
        self._job = self._desk.jobs.agreed(self._job, deal.id)
        crash_point("creator.agreed")

    # ------------------------------------------------------------------ the result

    async def _examine(self, deal: Deal) -> tuple[JobResult | None, str | None]:
        """The checked output, and why it is disputed nevertheless.

        Raises:
            ContentUnavailableError, ContentInvalidError: there is none to check, and this creator disputes nothing.
        """
        policy = self._job.policy
        try:
            result = await self._fetch(deal)
        except (ContentUnavailableError, ContentInvalidError) as error:
            if policy.check is Check.NEVER or deal.status is not DealStatus.SUBMITTED:
                raise
            log.warning("output_missing", extra={"job": self._job.id[:12], "error": str(error)})
            return None, "the provider does not deliver what it committed to"
        if deal.status is not DealStatus.SUBMITTED:
            return result, None
        if is_drawn(policy, self._job.lot, deal):
            return result, "drawn to be checked by mediators"
        if policy.check is Check.RERUN and await self._finds_another(deal):
            return result, "this machine finds another result"
        return result, None

    async def _finds_another(self, deal: Deal) -> bool:
        return vote_on(await run_here(self._actor, self._desk, deal), deal) != UPHOLDS

    async def _fetch(self, deal: Deal) -> JobResult:
        """The output, checked byte for byte against the commitment. A provider that is away is asked again, until the
        time to challenge is nearly over."""
        until = deal.since + deal.terms.windows.judge * 3 // 4
        output = self._desk.jobs.path(self._job.id) / "output"
        others = await publishers(self._actor, deal)
        told = False
        while True:
            try:
                return await fetch_result(self._actor, deal, self._desk.store, output, self._desk.session, others)
            except RecoverableError as error:
                _require_same_claim(deal, self._book.get(deal.id))
                if time.time() > until:
                    raise
                if not told:
                    log.warning("result_awaited", extra={"job": self._job.id[:12], "error": str(error)})
                    told = True
                await asyncio.sleep(FETCH_SECONDS)

    # ------------------------------------------------------------------ the deal

    async def _end(self, deal: Deal) -> Deal:
        """Pays for a result that is not disputed, unless the deal has moved on by itself; waits for the end."""
        checked = deal
        while not deal.status.is_end:
            _require_same_claim(checked, deal)
            if deal.status is DealStatus.SUBMITTED:
                with suppress(TransactionRevertedError):
                    await self._actor.accept(deal)
            deal = await self._moved(deal)
        return deal

    async def _while_status(self, deal: Deal, status: DealStatus) -> Deal:
        while deal.status is status:
            deal = await self._moved(deal)
        return deal

    async def _moved(self, deal: Deal) -> Deal:
        """The deal when the chain has moved it on. Past its deadline this side ends it, for the other may be gone."""
        now = max(self._book.now, int(time.time()))
        if (way := way_out(deal, now)) is not None:
            with suppress(TransactionRevertedError):  # somebody was faster, or the chain's clock is behind
                await self._actor.end_overdue(deal, way)
        pause = min(max((deadline(deal) or now) - now, 0) + 1.0, LOOK_AGAIN_SECONDS)
        moved = await self._book.wait_while(deal, pause)
        if moved is None:
            raise DealUndoneError("a reorganisation of the chain has undone the deal", deal=deal.id)
        return moved


def _require_same_claim(deal: Deal, now: Deal | None) -> None:
    """What a reorganisation has taken back may come again as something else: it is fetched and checked anew."""
    if now is None or now.claim != deal.claim:
        raise DealUndoneError("a reorganisation of the chain has undone the result", deal=deal.id)
