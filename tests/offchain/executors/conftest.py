from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.docker import DEFAULT_ENGINE, DockerExecutor

from .cluster_rig import ClusterRig, Machines, two_machines
from .docker_rig import Rig
from .wasm_rig import WasmRig

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def docker_image(missing: Callable[[str], NoReturn]) -> str:
    """The image of modules/linreg, built and loaded: a Python to run probes in."""
    if not Path(DEFAULT_ENGINE.removeprefix("unix://")).is_socket():
        missing("no Docker engine answers")
    command = [sys.executable, str(ROOT / "modules" / "build_image.py"), "linreg"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "sudo apt-get install" in done.stderr:
        missing(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


@pytest.fixture
async def rig(docker_image: str, tmp_path: Path) -> AsyncIterator[Rig]:
    namespace = f"test-{uuid.uuid4().hex}"
    executor = DockerExecutor(namespace=namespace)
    yield Rig(executor, docker_image, namespace, tmp_path)
    for execution_id in await executor.orphans():
        await executor.cancel(execution_id)
    await executor.close()


@pytest.fixture
async def wasm(tmp_path: Path) -> AsyncIterator[WasmRig]:
    rig = WasmRig(tmp_path)
    yield rig
    await rig.executor.close()


@pytest.fixture(scope="session")
def machines(missing: Callable[[str], NoReturn]) -> Iterator[Machines]:
    with two_machines(missing) as machines:
        yield machines


@pytest.fixture(scope="session")
async def joined(machines: Machines) -> AsyncIterator[ClusterExecutor]:
    """Once for all tests: to join takes seconds."""
    executor = ClusterExecutor(machines.address, namespace="test")
    yield executor
    await executor.close()


@pytest.fixture
async def cluster(machines: Machines, joined: ClusterExecutor, tmp_path: Path) -> AsyncIterator[ClusterRig]:
    machines.start_other()
    yield ClusterRig(machines, joined, tmp_path)
    for execution_id in await joined.orphans():
        await joined.cancel(execution_id)
