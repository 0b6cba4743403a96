from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.executors.docker import DEFAULT_ENGINE, DockerExecutor

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
