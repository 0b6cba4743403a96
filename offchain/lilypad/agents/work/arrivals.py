"""Uploads by strangers that are under way: what has come of them is kept, but not for as long as they please.

All of them together get some room, and no more. When another needs it, the one that began first is dropped: an honest
upload is a matter of seconds, and whoever sends a byte now and then to take up room is the oldest before long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from lilypad.errors import StoreFullError
from lilypad.store.cid import Cid
from lilypad.store.dag import Block
from lilypad.store.files import on_disk

ALL_TOGETHER = 1 << 30
"""Bytes, or half of the quota if that is less."""


class Arrivals:
    def __init__(self, space: Callable[[int], AbstractAsyncContextManager[None]], quota: int) -> None:
        """`space` is entered while some bytes are written."""
        self.space = space
        self._limit = min(ALL_TOGETHER, quota // 2) if quota else ALL_TOGETHER
        self._under_way: list[Arrival] = []
        """The oldest first."""

    def blocks(self) -> Iterator[Cid]:
        for arrival in self._under_way:
            yield from arrival.blocks

    @contextmanager
    def one(self) -> Iterator[Arrival]:
        arrival = Arrival(self)
        self._under_way.append(arrival)
        try:
            yield arrival
        finally:
            if not arrival.is_dropped:
                self._under_way.remove(arrival)

    def make_way(self, arrival: Arrival, wanted: int) -> None:
        """One alone may be as large as the store takes it."""
        while sum(each.size for each in self._under_way) + wanted > self._limit:
            oldest = next((each for each in self._under_way if each is not arrival), None)
            if oldest is None:
                return
            self._under_way.remove(oldest)
            oldest.is_dropped = True


class Arrival:
    def __init__(self, all_: Arrivals) -> None:
        self._all = all_
        self.blocks: set[Cid] = set()
        self.size = 0
        self.is_dropped = False

    @asynccontextmanager
    async def space(self, blocks: Sequence[Block]) -> AsyncIterator[None]:
        wanted = sum(on_disk(len(block.data)) for block in blocks)
        self._all.make_way(self, wanted)
        if self.is_dropped:
            raise StoreFullError("this upload took too long while others had to wait for room; try again")
        self.blocks |= {block.cid for block in blocks}
        self.size += wanted
        async with self._all.space(wanted):
            yield
