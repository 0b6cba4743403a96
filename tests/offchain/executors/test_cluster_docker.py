"""Cluster executor: containers on its machines."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from lilypad.errors import ModuleInvalidError
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.docker import DockerExecutor
from lilypad.types import ExitStatus

from .cluster_rig import ClusterRig
from .docker_rig import Job, Rig

pytestmark = pytest.mark.docker

WRITES = "open('/outputs/copy', 'w').write(open('/inputs/greeting').read()); print('done')"
WAITS = "import time; print('begun', flush=True); time.sleep(15)"


@pytest.fixture
def containers(cluster: ClusterRig, docker_image: str, tmp_path: Path) -> Rig:
    """Its executor is the cluster's."""
    return Rig(cluster.executor, docker_image, "test", tmp_path)


@pytest.fixture
async def engine() -> AsyncIterator[DockerExecutor]:
    """Both machines have the same one; it is asked what is left in it."""
    engine = DockerExecutor(namespace="test")
    yield engine
    for execution_id in await engine.orphans():
        await engine.cancel(execution_id)
    await engine.close()


async def begin(executor: ClusterExecutor, job: Job) -> None:
    await executor.start(job.execution_id, job.spec, job.inputs, job.output)
    async with aclosing(executor.logs(job.execution_id)) as logs:
        assert (await anext(logs)).data == b"begun\n"


async def test_container__on_the_cluster__brings_its_output_back(containers: Rig, engine: DockerExecutor) -> None:
    result, job = await containers.run(WRITES)
    assert (result.exit_status, job.stdout, job.outputs) == (0, b"done\n", {"copy": b"hello\n"})
    assert await engine.orphans() == ()


async def test_container__out_of_budget__is_a_result_without_output(containers: Rig) -> None:
    result, job = await containers.run("print(1, flush=True)\nwhile True: pass", instructions=500_000_000)
    assert result.exit_status == ExitStatus.OUT_OF_BUDGET
    assert job.is_empty()


async def test_image__that_the_machine_does_not_have__is_refused(containers: Rig) -> None:
    containers.image = f"sha256:{'ab' * 32}"
    with pytest.raises(ModuleInvalidError, match="the engine does not have this image"):
        await containers.run(WRITES)


async def test_cancel__leaves_no_container(cluster: ClusterRig, containers: Rig, engine: DockerExecutor) -> None:
    job = containers.job(WAITS)
    await begin(cluster.executor, job)
    assert await engine.orphans() == (job.execution_id,)

    await cluster.executor.cancel(job.execution_id)
    assert await engine.orphans() == ()


async def test_container__whose_process_on_the_machine_is_killed__is_run_again_alone(
    cluster: ClusterRig, containers: Rig, engine: DockerExecutor
) -> None:
    job = containers.job("import time; print('begun', flush=True); time.sleep(2); print('done')")
    await begin(cluster.executor, job)
    for pid in cluster.machines.jobs():
        os.kill(pid, signal.SIGKILL)

    assert (await cluster.executor.wait(job.execution_id)).exit_status == 0
    assert job.stdout == b"begun\ndone\n"
    assert await engine.orphans() == ()


async def test_container__of_a_job_that_nobody_has_in_hand__is_removed_by_the_next_look(
    cluster: ClusterRig, containers: Rig, engine: DockerExecutor
) -> None:
    left, running = containers.job(WAITS), containers.job(WAITS)
    await engine.start(left.execution_id, left.spec, left.inputs, left.output)
    await begin(cluster.executor, running)
    machines = await cluster.executor.machines(ask_docker=True)

    assert [machine.has_docker for machine in machines] == [True, True]
    assert await engine.orphans() == (running.execution_id,)
