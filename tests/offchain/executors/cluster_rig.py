"""A real Ray cluster of two machines, both of them this one: each a set of processes that can be killed as one."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp.test_utils import unused_port

from lilypad.executors.cluster.executor import ClusterExecutor

SMALL = ("--object-store-memory", str(100 << 20), "--block", "--disable-usage-stats")
SOON = {"period_ms": "300", "failure_threshold": "3", "initial_delay_ms": "0", "timeout_ms": "2000"}
"""How soon the cluster gives up a machine that is gone; by default it takes a quarter of a minute."""


@dataclass
class Machines:
    folder: Path
    """A short path: sockets lie in it."""
    port: int = field(default_factory=unused_port)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What machines and agents of one cluster share. The token is there because Ray listens on every network."""
        token = self.folder / "token"
        if not token.exists():
            token.write_text(secrets.token_hex(16))
        soon = {f"RAY_health_check_{name}": value for name, value in SOON.items()}
        cache = {"XDG_CACHE_HOME": str(self.folder / "cache"), "RAY_TMPDIR": str(self.folder)}
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token.read_text(), **soon, **cache}

    def start_head(self) -> None:
        head = ("--head", "--port", str(self.port), "--temp-dir", str(self.folder / "s"), "--include-dashboard=false")
        self._start("head", *head, "--num-cpus", "1")

    def start_other(self) -> None:
        """The one with a graphics processor, as far as it is asked."""
        self._start("other", "--address", self.address, "--num-cpus", "1", "--num-gpus", "1")

    def kill_other(self) -> None:
        """As by an outage: nobody is told."""
        self._end("other", signal.SIGKILL)

    def stop(self) -> None:
        for name in list(self._running):
            self._end(name, signal.SIGKILL)

    def count(self, of: str) -> int:
        """Processes of the cluster whose command line has this in it."""
        groups = {process.pid for process in self._running.values()}
        return sum(_group(pid) in groups and of in _command_line(pid) for pid in _pids())

    def _start(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *SMALL, *arguments]
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, env=os.environ | self.environment, stdout=file, stderr=file, start_new_session=True
            )
        self._running[name] = process
        wait_until(lambda: b"Ray runtime started" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()

    def _end(self, name: str, how: int) -> None:
        process = self._running.pop(name)
        os.killpg(process.pid, how)
        process.wait()


def wait_until(is_so: Callable[[], bool], patience: float = 40.0) -> None:
    until = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
