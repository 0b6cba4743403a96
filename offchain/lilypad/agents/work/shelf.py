"""What an agent keeps: looked through now and then, and whenever there may be something to clear or room is wanted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from lilypad.agents.work.arrivals import Arrival, Arrivals
from lilypad.agents.work.retention import Needs, Retention, kept, to_release
from lilypad.errors import LilypadError, StoreFullError
from lilypad.ops.health import Check
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
COLLECT_SECONDS = 600.0
"""How long garbage may lie while there is room for it: a collection reads the name of every block."""
TIRED_SECONDS = 2.0
"""When nothing could be cleared, the next who wants room is refused without another look."""


@dataclass(frozen=True, slots=True)
class Stock:
    used: int
    quota: int

    @property
    def is_full(self) -> bool:
        return 0 < self.quota < self.used


class Shelf:
    def __init__(
        self,
        store: LocalBlockStore,
        retention: Retention,
        needs: Callable[[], Needs] = Needs,
        tell: Callable[[int, int], None] = lambda _used, _quota: None,
    ) -> None:
        """`needs` is asked in the event loop, also while a collection runs; `tell` hears of every look: the bytes
        that are kept, and the quota."""
        self._store = store
        self._retention = retention
        self._needs = needs
        self._tell = tell
        self._looking = asyncio.Lock()
        self._awake = asyncio.Event()
        self._collected = float("-inf")
        self._spared = 0
        self._dropped: set[Cid] = set()
        self._promised = 0
        self._arrivals = Arrivals(self.space, retention.quota)
        self._tired_until = float("-inf")
        self.stock = Stock(0, retention.quota)
        """As of the last look."""

    # ------------------------------------------------------------------ what others ask

    def wake(self) -> None:
        """Something has ended."""
        self._awake.set()

    def has_room(self) -> bool:
        return not self.stock.is_full

    async def check(self) -> Check:
        """For whoever asks whether this agent is fit for work."""
        stock = self.stock
        used, quota = f"{stock.used:,} bytes are kept", f"the quota is {stock.quota:,}" if stock.quota else "no quota"
        return Check("store", not stock.is_full, f"{used}, {quota}")

    @asynccontextmanager
    async def space(self, wanted: int) -> AsyncIterator[None]:
        """Room for some bytes that are written inside.

        Raises:
            StoreFullError: there is none, and nothing may go to make some.
        """
        quota = self._retention.quota
        if quota and not await self._fits(wanted):
            if wanted <= quota and time.monotonic() >= self._tired_until:
                await self.look(room=self._promised + wanted)
                if not await self._fits(wanted):
                    self._tired_until = time.monotonic() + TIRED_SECONDS
            if not await self._fits(wanted):
                full = "this store is full of what open deals need; try again later, or another one"
                large = "this is more than the store may hold at all"
                raise StoreFullError(large if wanted > quota else full, wanted=wanted, quota=quota)
        self._promised += wanted
        try:
            yield
        finally:
            self._promised -= wanted

    @contextmanager
    def arrival(self) -> Iterator[Arrival]:
        """For one upload by a stranger; see `lilypad.store.http.Room`."""
        with self._arrivals.one() as arrival:
            yield arrival

    async def _fits(self, wanted: int) -> bool:
        return await self._store.usage() + self._promised + wanted <= self._retention.quota

    # ------------------------------------------------------------------ looking through

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Looked through while inside, beside whatever else goes on."""
        task = asyncio.create_task(self._attend(), name="shelf")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _attend(self) -> None:
        """Whatever goes wrong here is told and must not end the agent."""
        while True:
            self._awake.clear()
            try:
                await self.look()
            except (LilypadError, OSError) as error:
                log.warning("store_not_cleared", extra={"error": str(error)})
            except Exception:
                log.exception("store_not_cleared")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def look(self, room: int = 0) -> None:
        """Renews what is needed, lets go of what may go, and collects.

        Args:
            room: bytes that somebody wants to write now.
        """
        async with self._looking:
            for root in self._needs().now:
                await self._store.renew(root)
            doubled = 0  # so that it takes few rounds, whatever is shared
            while await self._clear(await self._excess(room) << doubled):
                doubled += 1
                if await self._excess(room) <= 0:
                    break
            self.stock = Stock(await self._store.usage(), self._retention.quota)
            self._tell(self.stock.used, self.stock.quota)

    async def _clear(self, excess: int) -> bool:
        """Whether something was let go of: what roots share is freed by the last of them, so it may take several."""
        is_due = time.monotonic() - self._collected >= COLLECT_SECONDS
        if excess <= 0 and not is_due:
            return False
        store, needs = self._store, self._needs()
        self._dropped &= {*needs.lately} - needs.now
        others = [root for root in needs.lately if root not in needs.now and root not in self._dropped]
        lately = {root: await store.size_below(root) for root in others}
        here = kept(await store.shelf(), lately, needs.used)
        go = to_release(here, self._needs().now, self._retention, excess, time.time())
        go = [each for each in go if each.pin is None or await store.release(each.pin)]
        for each in go:
            self._dropped.add(each.root)
            log.debug("content_released", extra={"cid": str(each.root), "bytes": each.size})
        if go or excess > 0 or is_due:
            await self._collect()
        return bool(go)

    async def _excess(self, room: int) -> int:
        """What is too much. Garbage that somebody may be about to use goes later: that alone is no reason to let go of
        something else, unless somebody waits for the room."""
        if not self._retention.quota:
            return 0
        used, quota = await self._store.usage(), self._retention.quota
        if room:
            return used + room - min(quota, self._retention.comfortable + room)
        return used - self._spared - self._retention.comfortable

    async def _collect(self) -> None:
        found = await self._store.collect(self._wanted)
        self._collected, self._spared = time.monotonic(), found.spared
        if found.blocks:
            log.info("store_collected", extra={"blocks": found.blocks, "freed": found.freed, "used": found.used})

    def _wanted(self) -> set[Cid]:
        needs = self._needs()
        lately = (root for root in needs.lately if root not in self._dropped)
        return {*needs.now, *lately, *self._arrivals.blocks()}
