"""A creator's stages, taken as far as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.types import Address

from .town import Provider

PATIENCE = 40.0


async def ask(lily: Lilypad, provider: Provider) -> Job:
    """A job that no other provider may take."""
    return await lily.submit("cowsay", {"Message": "moo"}, JobOptions(target=Address(provider.account.address)))


async def reach(stages: AsyncIterator[Progress], stage: Stage) -> Progress:
    """Goes on until this stage and no further. Who wants no more of them than that closes them."""
    async with asyncio.timeout(PATIENCE):
        async for step in stages:
            if step.stage is stage:
                return step
    raise AssertionError(f"the job ended without being {stage}")


@asynccontextmanager
async def finish(stages: AsyncIterator[Progress]) -> AsyncIterator[asyncio.Future[Progress]]:
    """Carries the job on beside the test; yields what waits for its last stage."""

    async def last() -> Progress:
        *_, end = [step async for step in stages]
        return end

    task = asyncio.create_task(last())
    patient = asyncio.ensure_future(asyncio.wait_for(asyncio.shield(task), PATIENCE))
    try:
        yield patient
    finally:
        task.cancel()
        patient.cancel()
        for each in (task, patient):
            with suppress(asyncio.CancelledError):
                await each
