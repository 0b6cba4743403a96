"""Docker executor: containers that nobody waits for are removed while their provider runs, and no others are."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from lilypad.agents.provider.engines import OwnEngines
from lilypad.settings import Settings

from .docker_rig import Rig

pytestmark = pytest.mark.docker


async def test_look_through__removes_what_nobody_knows__and_nothing_that_is_just_begun(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def paces() -> list[int]:
        return []

    engines = OwnEngines(Settings(data=tmp_path), rig.namespace, 1, paces)
    lost, known = rig.job("import time; time.sleep(100)"), set[str]()
    await rig.start(lost)

    async def keep_looking() -> None:
        while True:
            await engines.look_through(lambda: known)

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
    await engines.close()


async def test_engines__while_they_are_attended__are_looked_through(rig: Rig, tmp_path: Path) -> None:
    async def paces() -> list[int]:
        return []

    engines = OwnEngines(Settings(data=tmp_path), rig.namespace, 1, paces)
    lost = rig.job("import time; time.sleep(100)")
    await rig.start(lost)
    async with engines.attended(lambda: ()), asyncio.timeout(20):
        while await rig.executor.orphans():  # noqa: ASYNC110 - an engine tells nobody that a container went
            await asyncio.sleep(0.05)
    await engines.close()
