"""Cluster executor: the same results as on one machine, on machines that have what the job asks for."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
from contextlib import aclosing
from dataclasses import replace

import pytest
from aiohttp.test_utils import unused_port

from lilypad.errors import EngineAwayError, ExecutorFaultError, ModuleInvalidError
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.types import ExitStatus

from .cluster_rig import ClusterRig, links
from .wasm_rig import Job

ENDLESS = {"instructions": 10**15}
TRAP = '(module (memory (export "memory") 1) (func (export "_start") unreachable))'


async def begin(cluster: ClusterRig, job: Job) -> None:
    """Until it has said something: then it runs."""
    await cluster.start(job)
    async with aclosing(cluster.executor.logs(job.execution_id)) as logs:
        await anext(logs)


async def test_job__on_the_cluster__has_the_bits_and_the_count_that_it_has_here(cluster: ClusterRig) -> None:
    inputs = {"greeting": b"hello\n", "deep/er/file": bytes(100_000), "empty": b""}
    job = cluster.job("probe", "one", "two", env=(("A", "b"),), inputs=inputs, seed=b"seed")
    there = await cluster.finish(job)
    here, same = await cluster.run_here(job)

    assert there == here
    assert job.files == same.files
    assert b"arg two" in job.stdout
    assert set(job.files) == {"stdout", "stderr", "exitCode", "outputs/copy"}


@pytest.mark.parametrize(
    ("module", "status"),
    [("exit3", 3), ("endless", ExitStatus.OUT_OF_BUDGET), (TRAP, ExitStatus.TRAPPED)],
    ids=["exit code", "out of budget", "trap"],
)
async def test_job__that_fails__is_a_result(cluster: ClusterRig, module: str, status: int) -> None:
    job = cluster.job(module, instructions=10_000_000)
    there = await cluster.finish(job)

    assert there.exit_status == status
    assert (there, job.files) == ((found := await cluster.run_here(job))[0], found[1].files)


async def test_job__with_large_inputs_and_outputs__is_carried_in_pieces(cluster: ClusterRig) -> None:
    job = cluster.job("listing", inputs={"large": bytes(range(256)) * 50_000, **{f"f{i}": b"x" for i in range(300)}})
    assert (await cluster.finish(job)).exit_status == 0
    assert job.stdout.count(b"file f") == 300
    assert job.files == (await cluster.run_here(job))[1].files


async def test_two_jobs__at_once__take_a_machine_each(cluster: ClusterRig) -> None:
    jobs = [cluster.job("endless", **ENDLESS) for _ in range(2)]
    await asyncio.gather(*(begin(cluster, job) for job in jobs))

    assert len(cluster.machines.jobs("head")) == len(cluster.machines.jobs("other")) == 1


async def test_job__for_which_there_is_no_room_now__is_given_back(cluster: ClusterRig) -> None:
    """Also where whoever waited for the room is lost meanwhile."""
    await asyncio.gather(*(begin(cluster, cluster.job("endless", **ENDLESS)) for _ in range(2)))
    third, hasty = cluster.job("exit3"), ClusterExecutor(cluster.machines.address, namespace="test", room_seconds=3)
    known = set(links(os.getpid()))
    waiting = asyncio.ensure_future(hasty.start(third.execution_id, third.spec, third.inputs, third.output))
    while third.execution_id not in await cluster.executor.orphans():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    (link,) = set(links(os.getpid())) - known
    os.kill(link, signal.SIGKILL)

    with pytest.raises(EngineAwayError, match="no machine of the cluster has room for it now"):
        await waiting
    assert third.execution_id not in await cluster.executor.orphans()
    await hasty.close()


async def test_job__that_wants_a_graphics_processor__goes_where_one_is(cluster: ClusterRig) -> None:
    job = cluster.job("endless", **ENDLESS)
    await begin(cluster, replace(job, spec=replace(job.spec, gpu=1)))

    assert len(cluster.machines.jobs("other")) == 1


@pytest.mark.parametrize("wants", [{"cpu_milli": 1500}, {"gpu": 2}, {"memory_bytes": 1 << 50}], ids=str)
async def test_job__larger_than_every_machine__is_refused_at_once(cluster: ClusterRig, wants: dict[str, int]) -> None:
    job = cluster.job("exit3")
    limits = replace(job.spec.limits, memory_bytes=wants.pop("memory_bytes", 1 << 20))
    job = replace(job, spec=replace(job.spec, limits=limits, **wants))

    with pytest.raises(ExecutorFaultError, match=r"no machine of the cluster is large enough .*; 1 CPU, "):
        await cluster.start(job)


async def test_module__that_is_not_the_one_its_manifest_names__is_refused(cluster: ClusterRig) -> None:
    job = cluster.job("exit3")
    with pytest.raises(ModuleInvalidError, match="not the one that its manifest names"):
        await cluster.start(replace(job, spec=replace(job.spec, artifact_digest=bytes(32))))
    with pytest.raises(ModuleInvalidError, match="cannot be read"):
        await cluster.start(replace(job, spec=replace(job.spec, artifact="/nowhere.wasm")))
    assert cluster.machines.folders() == []


async def test_inputs__with_a_link__are_a_fault(cluster: ClusterRig) -> None:
    job = cluster.job("exit3")
    (job.inputs / "link").symlink_to("/etc/passwd")
    with pytest.raises(ExecutorFaultError, match="only files and directories"):
        await cluster.start(job)
    assert await cluster.executor.orphans() == ()


async def test_output__in_use_by_something_else__is_a_fault(cluster: ClusterRig) -> None:
    job = cluster.job("exit3")
    job.output.mkdir()
    (job.output / "something").touch()
    with pytest.raises(ExecutorFaultError, match="not empty"):
        await cluster.start(job)


async def test_unknown_id__wait_and_logs_raise__cancel_does_nothing(cluster: ClusterRig) -> None:
    await cluster.executor.cancel("nobody")
    with pytest.raises(KeyError):
        await cluster.executor.wait("nobody")
    with pytest.raises(KeyError):
        await anext(cluster.executor.logs("nobody"))


async def test_machines__are_told_with_what_they_have(cluster: ClusterRig) -> None:
    found = sorted(await cluster.executor.machines(), key=lambda machine: machine.gpu)
    assert [(machine.cpu, machine.gpu, machine.has_docker) for machine in found] == [(1, 0, None), (1, 1, None)]
    assert all(machine.memory_bytes > 1 << 30 for machine in found)


async def test_cluster__that_does_not_answer__is_away() -> None:
    away = ClusterExecutor(f"127.0.0.1:{unused_port()}")
    with pytest.raises(EngineAwayError, match="no cluster answers here"):
        await away.machines()


async def test_ray__not_installed__is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExecutorFaultError, match=r"pip install 'lilypad\[cluster\]'"):
        await ClusterExecutor("127.0.0.1:6379").machines()


def test_ray__is_not_imported_by_an_agent() -> None:
    code = "import lilypad.agents.provider.service, sys; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
