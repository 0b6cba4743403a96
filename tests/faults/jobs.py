"""A creator's stages, taken as far as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

from lilypad.agents.progress import Progress, Stage

PATIENCE = 40.0


async def reach(stages: AsyncIterator[Progress], stage: Stage) -> Progress:
    """Goes on until this stage and no further."""
    async with asyncio.timeout(PATIENCE):
        async for step in stages:
            if step.stage is stage:
                return step
    raise AssertionError(f"the job ended without being {stage}")


@asynccontextmanager
async def finish(stages: AsyncIterator[Progress]) -> AsyncIterator[Awaitable[Progress]]:
    """Carries the job on beside the test; yields what waits for its last stage."""

    async def last() -> Progress:
        *_, end = [step async for step in stages]
        return end

    task = asyncio.create_task(last())
    try:
        yield asyncio.wait_for(asyncio.shield(task), PATIENCE)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
