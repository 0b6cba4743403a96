"""Cluster executor: executions outlive the agent, its process to the cluster, and the machine that they run on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.base import LogChunk
from lilypad.executors.cluster.executor import ClusterExecutor

from .cluster_rig import LINK, ClusterRig, links, processes, wait_until
from .wasm_rig import Job

ENDLESS = {"instructions": 10**15}
TALKS = {"instructions": 10**10}


async def read_until(logs: AsyncIterator[LogChunk], end: bytes) -> None:
    seen = b""
    while end not in seen:
        seen += (await anext(logs)).data


async def begin(cluster: ClusterRig, job: Job) -> None:
    await cluster.start(job)
    async with aclosing(cluster.executor.logs(job.execution_id)) as logs:
        await anext(logs)


async def test_agent__killed_while_its_job_runs__finds_it_again(cluster: ClusterRig) -> None:
    job = cluster.job("talks", **TALKS)
    agent = await cluster.agent(job)
    (link,) = links(agent.pid)
    agent.kill()
    await agent.wait()
    wait_until(lambda: link not in processes(LINK))
    running = cluster.machines.jobs()
    assert len(running) == 1

    await cluster.start(job)
    assert cluster.machines.jobs() == running
    assert (await cluster.executor.wait(job.execution_id)).exit_status == 0
    assert job.stdout == b"one\ntwo\n"


async def test_start__after_the_end__does_not_run_again(cluster: ClusterRig) -> None:
    result, job = await cluster.run("exit3", inputs={"greeting": b"first"})
    (job.inputs / "greeting").unlink()  # a second run would look different
    again = ClusterExecutor(cluster.machines.address, namespace="test")
    await again.start(job.execution_id, job.spec, job.inputs, job.output)

    assert await again.wait(job.execution_id) == result
    assert [chunk.data async for chunk in again.logs(job.execution_id)] == [b"out\n", b"err\n"]
    with pytest.raises(ExecutorFaultError, match="begun with another spec"):
        await again.start(job.execution_id, replace(job.spec, argv=("other",)), job.inputs, job.output)
    await again.close()


async def test_start__again_while_it_runs__joins_the_same_execution(cluster: ClusterRig) -> None:
    job = cluster.job("endless", **ENDLESS)
    await asyncio.gather(*(cluster.start(job) for _ in range(3)))
    assert len(cluster.machines.jobs()) == 1


async def test_same_id__of_two_agents__runs_for_each(cluster: ClusterRig) -> None:
    job, other = cluster.job("endless", **ENDLESS), ClusterExecutor(cluster.machines.address, namespace="another")
    await cluster.start(job)
    await other.start(job.execution_id, job.spec, job.inputs, job.output)
    assert len(cluster.machines.jobs()) == 2

    assert await other.orphans() == (job.execution_id,)
    assert await other.orphans([job.execution_id]) == ()
    await other.cancel(job.execution_id)
    wait_until(lambda: len(cluster.machines.jobs()) == 1)
    assert await cluster.executor.orphans() == (job.execution_id,)
    await other.close()


async def test_cancel__running__leaves_nothing_of_it(cluster: ClusterRig) -> None:
    job = cluster.job("endless", **ENDLESS)
    await cluster.start(job)
    waiting = asyncio.ensure_future(cluster.executor.wait(job.execution_id))
    await begin(cluster, job)
    assert len(cluster.machines.folders()) == 1
    await cluster.executor.cancel(job.execution_id)

    with pytest.raises(ExecutorFaultError, match="cancelled"):
        await waiting
    with pytest.raises(KeyError):
        await cluster.executor.wait(job.execution_id)
    wait_until(lambda: cluster.machines.jobs() == [])
    assert cluster.machines.folders() == []
    assert list(job.output.parent.iterdir()) == [job.inputs]


async def test_end__leaves_nothing_on_the_cluster(cluster: ClusterRig) -> None:
    await cluster.run("exit3")
    assert await cluster.executor.orphans() == ()
    assert cluster.machines.folders() == []


async def test_logs__are_read_while_the_job_runs_and_end_with_it(cluster: ClusterRig) -> None:
    job = cluster.job("talks", **TALKS)
    await cluster.start(job)
    logs = cluster.executor.logs(job.execution_id)
    await read_until(logs, b"one\n")
    assert not job.output.exists()
    so_far = [chunk async for chunk in cluster.executor.logs(job.execution_id, follow=False)]
    assert LogChunk("stdout", b"one\n") in so_far

    rest = [chunk async for chunk in logs]
    assert rest[-1] == LogChunk("stdout", b"two\n")
    assert (await cluster.executor.wait(job.execution_id)).exit_status == 0


async def test_machine__that_goes_down__has_its_job_run_again_on_the_other(cluster: ClusterRig) -> None:
    jobs = [cluster.job("talks", **TALKS) for _ in range(2)]
    await asyncio.gather(*(begin(cluster, job) for job in jobs))
    reading = [asyncio.ensure_future(all_logs(cluster, job)) for job in jobs]
    cluster.machines.kill_other()
    results = await asyncio.gather(*(cluster.executor.wait(job.execution_id) for job in jobs))

    assert {job.stdout for job in jobs} == {b"one\ntwo\n"}
    assert results == [(await cluster.run_here(jobs[0]))[0]] * 2
    assert await asyncio.gather(*reading) == [b"one\ntwo\n"] * 2


async def all_logs(cluster: ClusterRig, job: Job) -> bytes:
    return b"".join([c.data async for c in cluster.executor.logs(job.execution_id) if c.stream == "stdout"])


async def test_job__whose_process_is_killed_each_time__is_given_up(cluster: ClusterRig) -> None:
    job = cluster.job("endless", **ENDLESS)
    await begin(cluster, job)
    waiting = asyncio.ensure_future(cluster.executor.wait(job.execution_id))
    killed = set[int]()
    while not waiting.done():
        for pid in set(cluster.machines.jobs()) - killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        await asyncio.wait([waiting], timeout=0.1)

    with pytest.raises(ExecutorFaultError, match=r"every machine that ran it was lost \(times=3"):
        await waiting
    await cluster.executor.cancel(job.execution_id)
    await cluster.executor.machines(ask_docker=True)
    assert cluster.machines.folders() == []


async def test_process_to_the_cluster__killed__is_started_again_and_the_job_goes_on(cluster: ClusterRig) -> None:
    job = cluster.job("talks", **TALKS)
    await cluster.start(job)
    waiting = asyncio.ensure_future(cluster.executor.wait(job.execution_id))
    await begin(cluster, job)
    shutil.rmtree(job.inputs)  # a second run would want them
    for pid in links(os.getpid()):
        os.kill(pid, signal.SIGKILL)

    assert (await waiting).exit_status == 0
    assert job.stdout == b"one\ntwo\n"
