"""The resource provider: offers its machine, runs what is agreed, commits to results, earns.

Nothing here is driven by having seen an event. Each open deal has one task that looks at where the deal stands on chain
and at what the journal says was done, and does the next thing; so a restart at any point just looks again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lilypad.agents.books.deals import DealBook
from lilypad.agents.defending import Defence
from lilypad.agents.network import Actor, show_id
from lilypad.agents.provider.admission import Admission
from lilypad.agents.provider.capacity import is_at_work
from lilypad.agents.provider.gate import Gate
from lilypad.agents.provider.live_logs import LiveLogs
from lilypad.agents.provider.offering import Offering
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import Workshop
from lilypad.chain.feed import Feed
from lilypad.crashing import crash_point
from lilypad.errors import (
    EngineAwayError,
    FaultError,
    LilypadError,
    RecoverableError,
    RejectedError,
    TransactionRevertedError,
)
from lilypad.executors.base import Executor
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Claim, Deal, DealStatus, deadline, way_out
from lilypad.types import DealId

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
LONGEST_SLEEP = 5.0
"""Then it looks again: the chain may have taken back what a receipt said, before the feed saw the event."""
LAST_MOMENT_SECONDS = 10
"""What a decline may take to be mined."""
DRAIN_LOOK_SECONDS = 0.5
DEAL_FOLDERS = "[0-9a-f]" * 64


class Provider:
    def __init__(
        self,
        actor: Actor,
        deals: DealBook,
        workshop: Workshop,
        offering: Offering,
        admission: Admission,
        gate: Gate,
        defence: Defence | None = None,
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        """Without a defence, it lets mediators rule as they do. `tidy` is told when there is more to keep than before,
        and when there may be something to clear."""
        self._actor = actor
        self._deals = deals
        self._workshop = workshop
        self._offering = offering
        self._admission = admission
        self._gate = gate
        self._defence = defence
        self._tidy = tidy
        self._tasks: dict[DealId, asyncio.Task[None]] = {}
        self._running: dict[DealId, asyncio.Task[ResultRecord]] = {}
        self.live = LiveLogs()
        self._moved = asyncio.Event()

    async def run(self, feed: Feed, drain: asyncio.Event | None = None) -> None:
        """Until cancelled, or until `drain` is set and every deal in hand has ended: what is submitted is served until
        it is paid. `feed` delivers the controller's events from the journal's cursor on."""
        await self._remove_leftovers()
        self._resume_begun()
        async with asyncio.TaskGroup() as group:
            self._take_up(group)  # before places are offered that are taken, and if the chain has no more to tell
            offering = group.create_task(self._offer(feed), name="offering")
            following = group.create_task(self._follow(feed, group), name="provider feed")
            await (drain or asyncio.Event()).wait()
            log.info("drain_begun", extra={"deals": len(self._tasks)})
            offering.cancel()
            last = await self._withdraw()
            while feed.tip.number < last or self._tasks:
                self._moved.clear()
                with suppress(TimeoutError):  # the feed moves without telling when there is nothing new
                    async with asyncio.timeout(DRAIN_LOOK_SECONDS):
                        await self._moved.wait()
            following.cancel()
        log.info("drained")

    async def _offer(self, feed: Feed) -> None:
        """Once all deals are known that were made while nobody was here: each has taken a place."""
        await feed.caught_up.wait()
        await self._offering.run(self._deals, lambda: feed.tip)

    async def _follow(self, feed: Feed, group: asyncio.TaskGroup) -> None:
        async for batch in feed.batches():
            for deal in await self._deals.absorb(batch):
                if deal.status.is_end and (running := self._running.get(deal.id)) is not None:
                    running.cancel()
            self._take_up(group)

    async def _remove_leftovers(self) -> None:
        """Working copies of deals that had ended before an earlier process could clean up."""
        in_hand = {deal.id.hex() for deal in self._deals if not deal.status.is_end}
        left = [path.name for path in self._workshop.folder.glob(DEAL_FOLDERS) if path.name not in in_hand]
        for name in left:
            await self._clean_up(DealId(bytes.fromhex(name)))

    def _resume_begun(self) -> None:
        """Jobs that an earlier process has begun, and that may run on without it, keep their room."""
        for deal in self._deals:
            has_result = "result" in self._deals.notes(deal.id)
            if is_at_work(deal, has_result=has_result) and self._workbench(deal.id).exists():
                self._gate.resume(deal.id, deal.job.resources)

    def _workbench(self, deal_id: DealId) -> Path:
        return self._workshop.folder / deal_id.hex()

    def _take_up(self, group: asyncio.TaskGroup) -> None:
        for deal in self._deals:
            if not deal.status.is_end and deal.id not in self._tasks:
                self._tasks[deal.id] = group.create_task(self._carry(deal.id), name=f"deal {show_id(deal.id)}")

    async def _withdraw(self) -> int:
        """If the chain refuses, the offers stay valid until they expire; a deal of them waits for the next start."""
        while True:
            try:
                return await self._offering.withdraw()
            except RecoverableError as error:
                log.warning("drain_waits", extra={"error": str(error)})
                await asyncio.sleep(RETRY_SECONDS)
            except (RejectedError, FaultError) as error:
                log.warning("offers_not_withdrawn", extra={"error": str(error)})
                return 0

    async def _carry(self, deal_id: DealId) -> None:
        """One deal to its end, whatever it takes."""
        self._offering.wake()
        log.info("deal_taken", extra={"deal": show_id(deal_id)})
        crash_point("provider.taken")
        try:
            while (deal := self._deals.get(deal_id)) is not None and not deal.status.is_end:
                try:
                    await self._step(deal)
                except RecoverableError as error:
                    log.warning("deal_waits", extra={"deal": show_id(deal_id), "error": str(error)})
                    await asyncio.sleep(RETRY_SECONDS)
                except TransactionRevertedError as error:
                    # The chain knows better than our last look: wait for it to tell.
                    log.warning("deal_call_refused", extra={"deal": show_id(deal_id), "error": str(error)})
                    await self._deals.wait_while(deal, RETRY_SECONDS)
            if deal is not None:
                log.info("deal_ended", extra={"deal": show_id(deal_id), "status": deal.status.name, "cost": deal.cost})
            crash_point("provider.ended")
        finally:
            await self._clean_up(deal_id)
            del self._tasks[deal_id]
            self._offering.wake()
            self._tidy()
            self._moved.set()

    async def _step(self, deal: Deal) -> None:
        now = self._now
        is_done = deal.status is not DealStatus.AGREED and not self.live.is_read(deal.id)
        if is_done and self._workbench(deal.id).exists():
            await self._put_away(deal.id)  # the result is on chain: nobody asks for more than what is in the store
            crash_point("provider.put_away")
        if not await self._end_if_overdue(deal, now) and deal.status is DealStatus.AGREED:
            await self._fulfil(deal)
        elif deal.status is DealStatus.CHALLENGED and self._defence is not None:
            await self._defence.look(deal, self._deals.now, self._deals.first_block(deal.id))
        until = deadline(deal) or now
        pause = min(max(until - now, 0) + 1.0, LONGEST_SLEEP)
        await self._deals.wait_while(deal, pause)

    @property
    def _now(self) -> int:
        """A chain without new blocks does not tell the time, so this machine's clock does."""
        return max(self._deals.now, int(time.time()))

    async def _end_if_overdue(self, deal: Deal, now: int) -> bool:
        """Whether it is over. If the chain refuses, somebody was faster, which the feed is about to tell; or this
        machine's clock is ahead of the chain's, and there is still time."""
        way = way_out(deal, now)
        if way is None:
            return False
        try:
            await self._actor.end_overdue(deal, way)
        except TransactionRevertedError:
            return await self._deals.wait_while(deal, RETRY_SECONDS) != deal
        return True

    async def _fulfil(self, deal: Deal) -> None:
        """From an agreed deal to a submitted result, or to an honest no while that costs nothing. When it is too late
        for that, this tries until the submit window has passed: there is nothing more to lose."""
        if "declined" in self._deals.notes(deal.id) and await self._decline_in_time(deal):
            return
        try:
            record = await self._result_of(deal)
        except LilypadError as error:
            if self._is_hopeless(deal, error) and await self._decline(deal, error):
                return
            raise RecoverableError(error.message, **error.fields) from error
        await self._actor.submit(deal, Claim(commitment(record.result), record.instruction_count))
        self._tidy()
        crash_point("provider.submitted")

    def _is_hopeless(self, deal: Deal, error: LilypadError) -> bool:
        """Whether to decline now. What the world is in the way of is tried as long as there will be time to decline;
        that is also an engine which went away under a job that it had begun."""
        passes = isinstance(error, RecoverableError) or (isinstance(error, EngineAwayError) and deal.id in self.live)
        return not passes or self._now >= deal.since + deal.terms.windows.decline - LAST_MOMENT_SECONDS

    async def _decline(self, deal: Deal, reason: LilypadError) -> bool:
        """Whether it is declined: a decision that comes too late is none."""
        if self._is_late_to_decline(deal):
            return False
        log.warning("deal_declined", extra={"deal": show_id(deal.id), "reason": str(reason)})
        self._deals.note(deal.id, declined=str(reason))
        crash_point("provider.refusing")
        return await self._decline_in_time(deal)

    async def _decline_in_time(self, deal: Deal) -> bool:
        """Again after a crash or an outage: a decision that never reached the chain would cost the late penalty. Where
        the chain has no new block to tell the time by, it does by refusing."""
        if self._is_late_to_decline(deal):
            return False
        try:
            await self._actor.decline(deal)
        except TransactionRevertedError as error:
            log.warning("decline_refused", extra={"deal": show_id(deal.id), "error": str(error)})
            return False
        crash_point("provider.declined")
        return True

    def _is_late_to_decline(self, deal: Deal) -> bool:
        return self._deals.now > deal.since + deal.terms.windows.decline

    async def _result_of(self, deal: Deal) -> ResultRecord:
        notes = self._deals.notes(deal.id)
        if "result" in notes:
            return ResultRecord.from_json(notes["result"])
        if not self._is_late_to_decline(deal):
            await self._admission.check(deal)
        began = time.monotonic()

        def begin(deal_id: DealId, executor: Executor) -> None:
            nonlocal began
            began = time.monotonic()
            self.live.begin(deal_id, executor)

        record = await self._run(deal, begin)
        await self._admission.ran(deal, record.instruction_count, time.monotonic() - began)
        self._deals.note(deal.id, result=record.to_json())
        self._offering.wake()
        crash_point("provider.noted")
        return record

    async def _run(self, deal: Deal, begin: Callable[[DealId, Executor], None]) -> ResultRecord:
        """Until it is done, or its deal has ended: then nobody pays for it. It keeps its room until it runs no more: if
        not here, until it is cleaned up."""
        if not await self._gate.enter(deal.id, deal.job.resources, LONGEST_SLEEP):
            raise RecoverableError("this machine is at work for other deals", deal=show_id(deal.id))
        running = self._running[deal.id] = asyncio.create_task(self._workshop.run(deal, begin))
        try:
            record = await running
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if own is not None and own.cancelling():
                raise
            raise RecoverableError("its deal has ended", deal=show_id(deal.id)) from None
        finally:
            del self._running[deal.id]
        self._gate.leave(deal.id)
        return record

    async def _clean_up(self, deal_id: DealId) -> None:
        """The result stays in the store, pinned; the working copies go. A deal that is only interrupted keeps all."""
        deal = self._deals.get(deal_id)
        if deal is not None and not deal.status.is_end:
            return
        await self._put_away(deal_id)
        self._gate.leave(deal_id)
        crash_point("provider.cleaned")

    async def _put_away(self, deal_id: DealId) -> None:
        """What only the run needed."""
        self.live.end(deal_id)
        await self._workshop.clean_up(deal_id)
