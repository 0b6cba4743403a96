"""Docker executor: containers that nobody waits for are removed while their provider runs, and no others are."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import pytest

from lilypad.agents.work.orphans import attended, remove_orphans

from .docker_rig import Rig

pytestmark = pytest.mark.docker


async def test_remove_orphans__removes_what_nobody_knows__and_nothing_that_is_just_begun(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    lost, known = rig.job("import time; time.sleep(100)"), set[str]()
    await rig.start(lost)

    async def keep_looking() -> None:
        while True:
            await remove_orphans(rig.executor, lambda: known)

    with caplog.at_level(logging.WARNING):
        looking = asyncio.create_task(keep_looking())
        for _ in range(5):
            job = rig.job("print('done')")
            known.add(job.execution_id)  # as a deal is in the book first
            assert (await rig.finish(job)).exit_status == 0
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    removed = [record.execution for record in caplog.records if record.msg == "orphan_removed"]
    assert removed == [lost.execution_id]


async def test_engine__while_it_is_attended__is_looked_through(rig: Rig) -> None:
    lost = rig.job("import time; time.sleep(100)")
    await rig.start(lost)
    look = partial(remove_orphans, rig.executor, tuple)
    async with attended(look), asyncio.timeout(20):
        while await rig.executor.orphans():  # noqa: ASYNC110 - an engine tells nobody that a container went
            await asyncio.sleep(0.05)
