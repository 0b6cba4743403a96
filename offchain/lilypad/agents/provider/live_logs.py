"""What runs on this machine now, and what it has printed: for the provider's own web server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress

from lilypad.executors.base import Executor, LogChunk
from lilypad.types import DealId


class LiveLogs:
    """The executions under way, by deal. An executor keeps what it printed until the deal has ended."""

    def __init__(self) -> None:
        self._executors: dict[DealId, Executor] = {}
        self._begun = asyncio.Event()
        self._readers: Counter[DealId] = Counter()

    def begin(self, deal: DealId, executor: Executor) -> None:
        self._executors[deal] = executor
        self._begun.set()
        self._begun = asyncio.Event()

    def end(self, deal: DealId) -> None:
        self._executors.pop(deal, None)

    def __contains__(self, deal: DealId) -> bool:
        return deal in self._executors

    def is_read(self, deal: DealId) -> bool:
        """Whether somebody is in the middle of it, and would miss the end if it went now."""
        return self._readers[deal] > 0

    async def wait_for_another(self, seconds: float) -> None:
        """Until any execution begins, or some time has passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._begun.wait()

    async def read(self, deal: DealId, *, follow: bool) -> AsyncGenerator[LogChunk, None]:
        """From the first byte; nothing of a deal that is not under way."""
        executor = self._executors.get(deal)
        if executor is None:
            return
        self._readers[deal] += 1
        try:
            with suppress(KeyError):  # cleaned up between two looks
                async for chunk in executor.logs(deal.hex(), follow=follow):
                    yield chunk
        finally:
            self._readers -= Counter([deal])  # which keeps no zeros
