"""The solver: runs the market and brings matching offers to the chain. Nobody has to trust it; anyone can be one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from lilypad.agents.books.events import read_deal_event
from lilypad.agents.network import Actor, show_id
from lilypad.chain.feed import REORG_DEPTH, Batch, Feed
from lilypad.crashing import crash_point
from lilypad.errors import FaultError, RecoverableError, RejectedError, TransactionRevertedError
from lilypad.market.book import Entry, OrderBook, SignedJob, SignedResource
from lilypad.market.matcher import obstacles, pairs
from lilypad.market.service import MarketService
from lilypad.protocol.deal import Agreed
from lilypad.protocol.matching import ModuleListing, ModuleStatus, Parameters
from lilypad.store.journal import Transaction
from lilypad.types import ZERO_ADDRESS, ModuleId

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
FORGIVING_SECONDS = 30.0
"""After a reorganisation: whose deposit was taken back is given the time to repeat it."""
UNKNOWN = ModuleListing(ZERO_ADDRESS, 0, ModuleStatus.NONE)


class Solver:
    def __init__(
        self, actor: Actor, book: OrderBook, also: Callable[[Batch, Transaction], None] = lambda _batch, _tx: None
    ) -> None:
        """`also` is told of each batch, in its transaction."""
        self._also = also
        self._actor = actor
        self._book = book
        self._listings: dict[ModuleId, ModuleListing] = {}
        self._parameters = Parameters(0, 0)
        self._in_flight: set[bytes] = set()
        self._tidied = 0
        self._forgiving_until = float("-inf")
        self.service = MarketService(book, actor.account, self._obstacles, actor.is_nonce_used)

    async def run(self, feed: Feed) -> None:
        """Until cancelled. `feed` delivers the events of controller and module registry."""
        self._parameters = await self._actor.parameters()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(feed), name="solver feed")
            while True:
                await self._look_again()
                await self._match(group)

    async def _look_again(self) -> None:
        """When an offer arrives, and now and then, because offers fail and parameters change."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.service.arrived.wait()
        except TimeoutError:
            pass
        self.service.arrived.clear()

    async def _match(self, group: asyncio.TaskGroup) -> None:
        now = int(time.time())
        if now > self._tidied:
            self._book.forget(now, self._book.position - REORG_DEPTH)
            self._tidied = now
        try:
            await self._learn_modules()
        except RecoverableError as error:
            log.warning("solver_waits", extra={"error": str(error)})
            return
        for job, resource in pairs(self._book, self._listing, self._parameters, now):
            if not {job.digest, resource.digest} & self._in_flight:
                self._in_flight |= {job.digest, resource.digest}
                group.create_task(self._agree(job, resource))

    async def _agree(self, job: Entry, resource: Entry) -> None:
        assert isinstance(job.signed, SignedJob)  # noqa: S101 - for the type checker
        assert isinstance(resource.signed, SignedResource)  # noqa: S101
        crash_point("solver.paired")
        try:
            await self._actor.agree(job.signed, resource.signed)
            crash_point("solver.agreed")
            await asyncio.sleep(LOOK_SECONDS)  # or the pair would be brought again and again until the feed tells of it
        except TransactionRevertedError as error:
            if time.monotonic() > self._forgiving_until:
                self._blame(job, resource, error)
            else:
                log.warning("agree_waits", extra={"error": str(error)})
                await asyncio.sleep(LOOK_SECONDS)
        except RecoverableError as error:
            log.warning("agree_failed", extra={"error": str(error)})
        except (RejectedError, FaultError) as error:
            # Offers are strangers' words: none of them may end the market.
            log.error("agree_impossible", extra={"job": job.digest.hex(), "error": str(error)})
            for entry in (job, resource):
                self._book.refuse(entry, error.message)
        finally:
            self._in_flight -= {job.digest, resource.digest}
            self.service.arrived.set()

    def _blame(self, job: Entry, resource: Entry, error: TransactionRevertedError) -> None:
        """The contract's error names the account at fault; where it names none, neither offer can be kept. A lane is
        the creator's own choice."""
        log.warning("agree_refused", extra={"job": job.digest.hex(), "error": str(error)})
        guilty = [entry for entry in (job, resource) if entry.signed.maker in error.arguments]
        if error.name == "Storage_LaneBusy":
            guilty = [job]
        for entry in guilty or [job, resource]:
            self._book.refuse(entry, error.message)

    async def _follow(self, feed: Feed) -> None:
        async for batch in feed.batches():
            with batch.applying() as tx:
                self._apply(batch)
                self._also(batch, tx)
            crash_point("solver.followed", next((event.name for event in batch.events()), ""))

    def _apply(self, batch: Batch) -> None:
        """The book forgets all when the process ends, so there is nothing to journal."""
        self._book.position = batch.last
        if batch.rollback is not None:
            self._forgiving_until = time.monotonic() + FORGIVING_SECONDS
            self._book.reopen(batch.rollback.to_block)
            self._listings.clear()
            self.service.arrived.set()
        for event in batch.events():
            if event.name == "DealAgreed":
                deal, meaning = read_deal_event(event)
                if isinstance(meaning, Agreed):
                    pair = meaning.agreement.job_digest, meaning.agreement.resource_digest
                    self._book.agreed(pair, deal, event.block_number)
                    log.info("deal_agreed", extra={"deal": show_id(deal)})
            elif event.name == "ModuleStatusChanged":
                self._listings.pop(ModuleId(event.args["id"]), None)
            elif event.name == "ParametersChanged":
                self._parameters = Parameters(event.args["protocolBps"], event.args["collateralFloorBps"])

    async def _learn_modules(self) -> None:
        for entry in [*self._book.resting(SignedJob)]:  # offers arrive while the chain is asked
            assert isinstance(entry.signed, SignedJob)  # noqa: S101 - for the type checker
            module = entry.signed.offer.module
            known = self._listings.get(module)
            if known is None or known.status is ModuleStatus.NONE:
                self._listings[module] = await self._actor.listing(module)

    def _listing(self, module: ModuleId) -> ModuleListing:
        return self._listings.get(module, UNKNOWN)

    def _obstacles(self, entry: Entry) -> set[str]:
        return obstacles(self._book, entry, self._listing, self._parameters, int(time.time()))
