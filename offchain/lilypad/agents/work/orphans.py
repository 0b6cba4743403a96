"""Executions that go on without their agent, and that nobody waits for any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Protocol

from lilypad.errors import EngineAwayError, LilypadError

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0


class Outliving(Protocol):
    """An executor whose executions outlive its process."""

    async def orphans(self) -> tuple[str, ...]: ...

    async def cancel(self, execution_id: str) -> None: ...


async def remove_orphans(executor: Outliving, known: Callable[[], Collection[str]]) -> None:
    """Of what ended while its agent was down or its engine away.

    Args:
        known: the executions in hand. It has to know of one before that begins.
    """
    for execution in await executor.orphans():
        # Asked after the engine was: what has begun by then was known before. And again for each, as it takes time.
        if execution not in known():
            log.warning("orphan_removed", extra={"execution": execution})
            await executor.cancel(execution)


@asynccontextmanager
async def attended(look: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """An engine is looked through now and then while inside."""
    task = asyncio.create_task(_attend(look), name="engine")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _attend(look: Callable[[], Awaitable[None]]) -> None:
    """Whatever goes wrong here is told and must not end the agent."""
    while True:
        try:
            await look()
        except EngineAwayError as error:  # there may never have been one
            log.debug("engine_not_looked_through", extra={"error": str(error)})
        except LilypadError as error:
            log.warning("engine_not_looked_through", extra={"error": str(error)})
        except Exception:
            log.exception("engine_not_looked_through")
        await asyncio.sleep(LOOK_SECONDS)
