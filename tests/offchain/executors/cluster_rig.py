"""A real Ray cluster of two machines, both of them this one: each a set of processes that can be killed as one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pickle
import secrets
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import pytest
from aiohttp.test_utils import unused_port

from lilypad.crashing import AT
from lilypad.executors.cluster.executor import ClusterExecutor

from .wasm_rig import Job, WasmRig

SMALL = ("--object-store-memory", str(100 << 20), "--block", "--disable-usage-stats")
SOON = {"period_ms": "300", "failure_threshold": "3", "initial_delay_ms": "0", "timeout_ms": "2000"}
"""How soon the cluster gives up a machine that is gone; by default it takes a quarter of a minute."""
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
"""Ray listens on every network that this machine is in."""
JOB = "ray::NodeJob"
AGENT = """
import asyncio, pickle, sys
from lilypad.executors.cluster.executor import ClusterExecutor

async def main():
    address, *job = pickle.load(sys.stdin.buffer)
    executor = ClusterExecutor(address, namespace="test")
    await executor.start(*job)
    print("begun", flush=True)
    await executor.wait(job[0])

asyncio.run(main())
"""
LINK = "lilypad.executors.cluster.process"


@dataclass
class Machines:
    folder: Path
    """With a short path: sockets lie in it."""
    port: int = field(default_factory=unused_port)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def cache(self) -> Path:
        """Where the machines keep what they have in hand."""
        return self.folder / "cache" / "lilypad"

    def start_head(self) -> None:
        head = ("--head", "--port", str(self.port), "--temp-dir", str(self.folder / "s"), "--include-dashboard=false")
        self._start("head", *head, "--num-cpus", "1")

    def start_other(self, cache: Path | None = None) -> None:
        """The one with a graphics processor, as far as anybody asks. If it is not there."""
        if "other" not in self._running:
            self._start("other", "--address", self.address, "--num-cpus", "1", "--num-gpus", "1", cache=cache)

    def kill_other(self) -> None:
        """As by an outage: nobody is told."""
        self._kill("other")

    def stop(self) -> None:
        for name in list(self._running):
            self._kill(name)

    def jobs(self, name: str | None = None) -> list[int]:
        """Processes of executions, on one machine or on both."""
        machines = [process.pid for which, process in self._running.items() if name in (None, which)]
        return [pid for pid in processes(JOB) if _group(pid) in machines]

    def folders(self) -> list[Path]:
        """Of executions, those that were forgotten among them."""
        return [path for path in self.cache.glob("cluster/*/*") if path.is_dir()]

    def _start(self, name: str, *arguments: str, cache: Path | None = None) -> None:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *SMALL, *arguments]
        soon = {f"RAY_health_check_{key}": value for key, value in SOON.items()}
        own = {**soon, "XDG_CACHE_HOME": str(cache or self.folder / "cache"), "RAY_TMPDIR": str(self.folder)}
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, env=os.environ | TOKEN | own, stdout=file, stderr=file, start_new_session=True
            )
        self._running[name] = process
        wait_until(lambda: b"Ray runtime started" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()

    def _kill(self, name: str) -> None:
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def two_machines(missing: Callable[[str], NoReturn]) -> Iterator[Machines]:
    if importlib.util.find_spec("ray") is None:
        missing("Ray is not installed")
    with (
        TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in TOKEN.items():
            environment.setenv(name, value)
        machines = Machines(Path(folder))
        try:
            machines.start_head()
            machines.start_other()
            yield machines
        finally:
            machines.stop()


class ClusterRig(WasmRig):
    """Jobs for the cluster, with ids as deals have them."""

    def __init__(self, machines: Machines, executor: ClusterExecutor, directory: Path) -> None:
        super().__init__(directory)
        self.machines = machines
        self.here = self.executor
        self.executor: Any = executor

    def job(self, *arguments: Any, **options: Any) -> Job:
        return replace(super().job(*arguments, **options), execution_id=secrets.token_hex(32))

    async def agent(self, job: Job, crash_at: str = "") -> asyncio.subprocess.Process:
        """Another process, which has begun it and waits for its end."""
        environment = os.environ | ({AT: crash_at} if crash_at else {})
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", AGENT, stdin=PIPE, stdout=PIPE, env=environment
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps((self.machines.address, job.execution_id, job.spec, job.inputs, job.output)))
        process.stdin.close()
        assert await process.stdout.readline() == b"begun\n"
        return process

    async def run_here(self, job: Job) -> tuple[Any, Job]:
        """By this machine alone."""
        same = replace(job, output=job.output.with_name("here"))
        await self.here.start(same.execution_id, same.spec, same.inputs, same.output)
        return await self.here.wait(same.execution_id), same


def processes(of: str) -> list[int]:
    """Whose command line has this in it."""
    numbers = (path.name for path in Path("/proc").iterdir() if path.name.isdigit())
    return [int(name) for name in numbers if of in _command_line(name)]


def links(agent: int) -> list[int]:
    """The processes of an agent to its cluster."""
    return [pid for pid in processes(LINK) if _parent(pid) == agent]


def wait_until(is_so: Callable[[], bool], patience: float = 40.0) -> None:
    until = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
