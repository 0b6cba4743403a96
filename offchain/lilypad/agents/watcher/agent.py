"""The watcher: looks at results of other people's deals while they can be challenged, and challenges those that are
wrong.

As with the provider, nothing is driven by having seen an event. Each result that can be looked at has one task that
looks at where its deal stands on chain and at what the journal says was done, and does the next thing; so a restart at
any point just looks again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from lilypad.agents.books.deals import DealBook
from lilypad.agents.defending import Defence
from lilypad.agents.network import Actor, show_id
from lilypad.agents.watcher.accusing import Accuser
from lilypad.agents.watcher.finding import Finding, find
from lilypad.agents.watcher.looking import Looker
from lilypad.agents.watcher.memory import Memory
from lilypad.agents.watcher.policy import WatchPolicy, is_own_case, is_too_late_to_begin, last_moment
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import instruction_limit
from lilypad.chain.feed import Feed
from lilypad.crashing import crash_point
from lilypad.errors import FaultError, RecoverableError, RejectedError, TransactionRevertedError
from lilypad.protocol.deal import Deal, DealStatus, Verdict, deadline, way_out
from lilypad.types import DealId

log = logging.getLogger(__name__)

RETRY_SECONDS, LONGEST_RETRY = 2.0, 20.0
LONGEST_SLEEP = 5.0
STUCK_SECONDS = 30.0


class Watcher:
    def __init__(
        self,
        actor: Actor,
        deals: DealBook,
        policy: WatchPolicy,
        memory: Memory,
        looker: Looker,
        accuser: Accuser,
        defence: Defence | None = None,
        tell: Callable[[Finding], None] = lambda _: None,
    ) -> None:
        """Without a defence, it lets mediators rule as they do. `tell` hears what came of each result that was looked
        at: right, wrong, unsure, or passed over."""
        self._actor = actor
        self._deals = deals
        self._policy = policy
        self._memory = memory
        self._looker = looker
        self._accuser = accuser
        self._defence = defence
        self._tell = tell
        self._places = asyncio.Semaphore(policy.places)
        self._tasks: dict[DealId, asyncio.Task[None]] = {}

    async def run(self, feed: Feed) -> None:
        """Until cancelled. `feed` delivers the controller's events from the journal's cursor on."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._begin(feed, group), name="watcher begins")
            async for batch in feed.batches():
                await self._deals.absorb(batch)
                if batch.caught_up:
                    self._take_up(group)

    async def _begin(self, feed: Feed, group: asyncio.TaskGroup) -> None:
        """Not before it is known what has become of results since: most of them were accepted long ago."""
        await feed.caught_up.wait()
        for id_ in self._looker.left():
            deal = self._deals.get(id_)
            if deal is None or deal.status is not DealStatus.SUBMITTED:
                await self._looker.clean_up(id_)
        self._take_up(group)

    def _take_up(self, group: asyncio.TaskGroup) -> None:
        for deal in self._deals:
            self._learn(deal)
            if self._is_in_hand(deal.id) and deal.id not in self._tasks:
                self._tasks[deal.id] = group.create_task(self._carry(deal.id), name=f"result {show_id(deal.id)}")

    def _is_in_hand(self, id_: DealId) -> bool:
        deal = self._deals.get(id_)
        if deal is None:
            return False
        is_own = deal.status is DealStatus.CHALLENGED and is_own_case(deal, self._actor.account)
        return deal.status is DealStatus.SUBMITTED or is_own

    def _learn(self, deal: Deal) -> None:
        """From a case that was lost: of a module that gives other results here than elsewhere nothing is challenged."""
        is_lost = deal.verdict in (Verdict.RIGHT, Verdict.WITHHELD) and is_own_case(deal, self._actor.account)
        if is_lost and not self._memory.distrusts(deal.job.module):
            self._memory.distrust(deal.job.module)
            log.error("challenge_lost", extra={"deal": show_id(deal.id), "module_id": deal.job.module.hex()})

    async def _carry(self, id_: DealId) -> None:
        """One result, until it is final, or until the chain has taken it back."""
        pause = RETRY_SECONDS
        try:
            while self._is_in_hand(id_) and (deal := self._deals.get(id_)) is not None:
                try:
                    await self._step(deal)
                except RecoverableError as error:
                    log.warning("deal_waits", extra={"deal": show_id(id_), "error": str(error)})
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_RETRY)
                except TransactionRevertedError as error:
                    # Somebody was faster, or it is too late: the chain knows better than our last look.
                    log.info("deal_call_refused", extra={"deal": show_id(id_), "error": str(error)})
                    await self._deals.wait_while(deal, RETRY_SECONDS)
                except (RejectedError, FaultError) as error:
                    # One bad case must not take the others down; somebody may still send the money.
                    log.error("result_not_challenged", extra={"deal": show_id(id_), "error": str(error)})
                    await self._deals.wait_while(deal, STUCK_SECONDS)
        finally:
            await self._looker.clean_up(id_)
            del self._tasks[id_]

    async def _step(self, deal: Deal) -> None:
        if deal.status is DealStatus.CHALLENGED:
            await self._follow_case(deal)
            await self._deals.wait_while(deal, LONGEST_SLEEP)
            return
        try:
            found = await self._look(deal)
        except (RejectedError, FaultError, OSError, TimeoutError) as error:
            # Whatever is in the way here is no reason to challenge anybody.
            found, why = Finding.PASSED_OVER, str(error) or "its time was over before it was done"
            self._say(deal, found, error=why)
        if found is None:
            return
        await self._looker.clean_up(deal.id)
        if found is Finding.WRONG and self._deals.now <= (deadline(deal) or 0):
            await self._accuser.accuse(deal)
            await self._deals.wait_while(deal, LONGEST_SLEEP)
        else:
            await self._deals.wait_while(deal)

    def _say(self, deal: Deal, found: Finding, **fields: object) -> None:
        log.info(f"result_{found}", extra={"deal": show_id(deal.id), **fields})
        self._tell(found)

    # ------------------------------------------------------------------ looking

    async def _look(self, deal: Deal) -> Finding | None:
        """What comes of it; None if its deal has moved on meanwhile.

        Raises:
            RejectedError, FaultError, OSError, TimeoutError: it is passed over, and why.
        """
        if self._memory.distrusts(deal.job.module):
            raise RejectedError("mediators have upheld a result of this module that was found wrong here")
        package = await self._looker.package(deal)
        limit, engine = instruction_limit(deal, package.manifest), package.manifest.engine
        has_run = False
        while (found := find(self._records(deal), deal, engine, limit)) is Finding.OPEN:
            await self._accuser.require_worth_it(deal, engine)
            record = await self._until_moved(deal, self._run(deal))
            if record is None:
                return None
            runs = [*self._deals.notes(deal.id).get("runs", []), record.to_json()]
            self._deals.note(deal.id, runs=runs)
            crash_point("watcher.noted", str(len(runs)))
            has_run = True
        if has_run:
            self._say(deal, found)
        return found

    def _records(self, deal: Deal) -> list[ResultRecord]:
        return [ResultRecord.from_json(plain) for plain in self._deals.notes(deal.id).get("runs", [])]

    async def _run(self, deal: Deal) -> ResultRecord:
        """Within its time, and not before its creator had time to accept."""
        wait = self._policy.wait  # and no longer, should this machine's clock be behind the chain's
        await asyncio.sleep(max(min(deal.since + wait - self._now, wait), 0))

        @asynccontextmanager
        async def place() -> AsyncIterator[None]:
            async with self._places:
                self._require_time(deal)
                log.info("job_rerun", extra={"deal": show_id(deal.id), "again": again})
                async with asyncio.timeout(last_moment(deal) - self._now):
                    yield

        self._require_time(deal)
        again = bool(self._records(deal))
        return await self._looker.run(deal, again=again, place=place)

    def _require_time(self, deal: Deal) -> None:
        if is_too_late_to_begin(deal, self._now):
            raise RejectedError("too little is left of its judge window")

    async def _until_moved(self, deal: Deal, work: Coroutine[Any, Any, ResultRecord]) -> ResultRecord | None:
        """Nobody earns with a result that is final."""
        running = asyncio.create_task(work)
        moved = asyncio.create_task(self._deals.wait_while(deal))
        try:
            await asyncio.wait([running, moved], return_when=asyncio.FIRST_COMPLETED)
            return running.result() if running.done() else None
        finally:
            for task in (running, moved):
                task.cancel()
            await asyncio.gather(running, moved, return_exceptions=True)

    # ------------------------------------------------------------------ its own case

    async def _follow_case(self, deal: Deal) -> None:
        """Mediators move it on; a ruling may be appealed, and if nobody ever ruled, the money comes home."""
        way = way_out(deal, self._now)
        if way is not None:
            await self._actor.end_overdue(deal, way)
        elif self._defence is not None:
            await self._defence.look(deal, self._deals.now, self._deals.first_block(deal.id))

    @property
    def _now(self) -> int:
        """A chain without new blocks does not tell the time, so this machine's clock does."""
        return max(self._deals.now, int(time.time()))
