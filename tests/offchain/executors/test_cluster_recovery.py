"""Cluster executor: what is left when an agent, its link, a machine or the whole cluster goes at the wrong moment."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.agents.provider.engines import ClusterEngines
from lilypad.agents.provider.pace import each_once
from lilypad.errors import EngineAwayError
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.store.journal import Journal
from lilypad.types import Engine

from .cluster_rig import ClusterRig, links, two_machines, wait_until
from .wasm_rig import Job

ENDLESS = {"instructions": 10**15}
TALKS = {"instructions": 10**10}


def engines_of_cluster(executor: ClusterExecutor) -> ClusterEngines:
    async def paces() -> list[int]:
        return []

    return ClusterEngines(executor, paces)


async def begin(cluster: ClusterRig, job: Job) -> None:
    await cluster.start(job)
    async with aclosing(cluster.executor.logs(job.execution_id)) as logs:
        await anext(logs)


def kill_links() -> None:
    for pid in links(os.getpid()):
        os.kill(pid, signal.SIGKILL)


async def test_output__whose_agent_dies_before_it_has_its_name__is_there_though_its_machine_went_too(
    cluster: ClusterRig,
) -> None:
    job = cluster.job("exit3")
    agent = await cluster.agent(job, crash_at="output.recorded")
    assert await agent.wait() == -signal.SIGKILL
    for pid in cluster.machines.jobs():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: cluster.machines.jobs() == [])
    shutil.rmtree(job.inputs)  # a second run would want them

    assert (await cluster.finish(job)).exit_status == 3
    assert job.stdout == b"out\n"


async def test_output__whose_agent_dies_before_the_record__is_fetched_again_or_made_again(cluster: ClusterRig) -> None:
    fetched, made = cluster.job("exit3"), cluster.job("exit3")
    for job in (fetched, made):
        agent = await cluster.agent(job, crash_at="cluster.unpacked")
        assert await agent.wait() == -signal.SIGKILL
    shutil.rmtree(fetched.inputs)
    assert (await cluster.finish(fetched)).exit_status == 3
    for pid in cluster.machines.jobs():
        os.kill(pid, signal.SIGKILL)
    assert (await cluster.finish(made)).exit_status == 3


async def test_machine__that_goes_down_while_the_output_is_on_its_way__has_its_job_run_again(
    cluster: ClusterRig,
) -> None:
    job = cluster.job("big_outputs", output_bytes=1 << 26)
    waiting, parcel = asyncio.ensure_future(cluster.finish(job)), job.output.with_name(".output.parcel")
    while not parcel.exists():  # another process writes it
        assert not waiting.done(), waiting.result()
        await asyncio.sleep(0.002)
    for pid in cluster.machines.jobs():
        os.kill(pid, signal.SIGKILL)

    here, same = await cluster.run_here(job)
    assert await waiting == here
    assert job.files == same.files
    assert {path.name for path in job.output.parent.iterdir() if "here" not in path.name} == {
        "inputs", "output", "output.execution.json",
    }  # fmt: skip


async def test_record__whose_output_was_thrown_away__does_not_stand_for_it(cluster: ClusterRig) -> None:
    result, job = await cluster.run("exit3")
    shutil.rmtree(job.output)
    again = ClusterExecutor(cluster.machines.address, namespace="test")
    await again.start(job.execution_id, job.spec, job.inputs, job.output)
    assert await again.wait(job.execution_id) == result
    assert job.stdout == b"out\n"
    await again.close()


@pytest.mark.parametrize("asked", ["wait", "logs"])
async def test_job__asked_for_by_a_process_that_did_not_begin_it__is_taken_up_again(
    cluster: ClusterRig, asked: str
) -> None:
    """Nobody waited for it when the process that had begun it was lost."""
    job = cluster.job("talks", **TALKS)
    await begin(cluster, job)
    kill_links()
    await cluster.executor.machines()  # by the next process
    if asked == "logs":
        read = [c.data async for c in cluster.executor.logs(job.execution_id) if c.stream == "stdout"]
        assert b"".join(read) == b"one\ntwo\n"
    assert (await cluster.executor.wait(job.execution_id)).exit_status == 0


async def test_joining__that_one_has_no_patience_for__goes_on_for_the_next(cluster: ClusterRig) -> None:
    executor = ClusterExecutor(cluster.machines.address, namespace="test")
    known = set(links(os.getpid()))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(executor.machines(), 0.3)
    (joining,) = set(links(os.getpid())) - known
    assert len(await executor.machines()) == 2
    assert set(links(os.getpid())) - known == {joining}
    await executor.close()


# ---------------------------------------------------------------------- what nobody waits for


async def test_look_through__removes_what_nobody_knows__and_nothing_that_is_just_begun(
    cluster: ClusterRig, caplog: pytest.LogCaptureFixture
) -> None:
    lost, known = cluster.job("endless", **ENDLESS), set[str]()
    await begin(cluster, lost)
    engines = engines_of_cluster(cluster.executor)

    async def keep_looking() -> None:
        while True:
            await engines.look_through(lambda: known)

    with caplog.at_level(logging.WARNING):
        looking = asyncio.create_task(keep_looking())
        for _ in range(4):
            job = cluster.job("exit3")
            known.add(job.execution_id)  # as a deal is in the book first
            assert (await cluster.finish(job)).exit_status == 3
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    removed = [record.execution for record in caplog.records if record.msg == "orphan_removed"]
    assert removed == [lost.execution_id]
    wait_until(lambda: cluster.machines.jobs() == [])


async def test_engines_of_a_cluster__are_there_while_it_answers(cluster: ClusterRig) -> None:
    there = await engines_of_cluster(cluster.executor).there()
    assert Engine.WASM in there.engines
    assert there.together is not None
    assert there.together.cpu_milli == 2_000
    away = ClusterExecutor("127.0.0.1:1", namespace="test")
    assert (await engines_of_cluster(away).there()).engines == ()


async def test_paces__are_those_of_the_machines__measured_once_for_each(cluster: ClusterRig, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        paces = each_once(journal, cluster.machines.address, cluster.executor.paces)
        first = await paces()
        assert len(first) == 2
        assert all(10**7 < pace < 10**11 for pace in first)
        assert await paces() == first

        (known,) = [machine for machine, pace in (await cluster.executor.paces({})).items() if pace][:1]
        again = await cluster.executor.paces({known: 1, "gone": 2})
        assert again[known] == 1
        assert len(again) == 2


# ---------------------------------------------------------------------- clusters that are not well


@pytest.fixture
def small(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Path]:
    """A disk of a few blocks."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=256k", "lilypad-test", folder)
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        missing("a small disk needs the right to mount one")
    yield folder
    subprocess.run(("umount", "--lazy", folder), check=True)


@pytest.fixture
async def frail(missing: Callable[[str], NoReturn], tmp_path: Path) -> AsyncIterator[ClusterRig]:
    with two_machines(missing) as machines:
        executor = ClusterExecutor(machines.address, namespace="test")
        yield ClusterRig(machines, executor, tmp_path)
        await executor.close()


async def test_machine__whose_disk_is_full__leaves_the_job_to_another(frail: ClusterRig, small: Path) -> None:
    frail.machines.kill_other()
    frail.machines.start_other(cache=small)
    jobs = [frail.job("exit3", inputs={"large": bytes(1 << 20)}) for _ in range(4)]
    for job in jobs:
        assert (await frail.finish(job)).exit_status == 3
    assert await frail.executor.orphans() == ()


async def test_cluster__that_starts_anew_and_knows_nothing__is_an_engine_that_was_away(frail: ClusterRig) -> None:
    job = frail.job("talks", **TALKS)
    await begin(frail, job)
    waiting = asyncio.ensure_future(frail.executor.wait(job.execution_id))
    frail.machines.stop()
    frail.machines.start_head()
    frail.machines.start_other()
    try:
        result = await waiting
    except EngineAwayError:  # it was looked for while it was away
        await frail.executor.cancel(job.execution_id)
        result = await frail.finish(job)
    assert result.exit_status == 0
    assert job.stdout == b"one\ntwo\n"
