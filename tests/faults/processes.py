"""Agents in processes of their own, which can be killed. They are forked from one that has read all code already: a
start takes a few hundredths of a second, and a hundred of them are nothing."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lilypad.crashing import AT, TRACE

PATIENCE = 30.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", "tests.faults.processes", "tests.faults.preloaded"])


CLOCK = "FAULTS_CLOCK"
"""Names a file with the seconds by which the process's clock is wrong, as of each look at it."""


def _bend_clock(file: Path) -> None:
    true = time.time

    def bent() -> float:
        return true() + float(file.read_text() or 0)

    time.time = bent


def _live(arguments: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    """The child: becomes the `lilypad` command."""
    os.setsid()
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    for name in [name for name in os.environ if name.startswith("LILYPAD_")]:
        del os.environ[name]
    os.environ |= environment
    if CLOCK in environment:
        _bend_clock(Path(environment[CLOCK]))
    from lilypad.cli.main import call

    code = call([*arguments])
    sys.stdout.flush()
    os._exit(code)


@dataclass
class Life:
    """One process of an agent, from its start to its death."""

    process: ForkServerProcess
    said: Path

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    async def ended(self, patience: float = PATIENCE) -> int:
        """Its exit code; that of a killed process is negative."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.process.sentinel, gone.set)
        try:
            async with asyncio.timeout(patience):
                await gone.wait()
        except TimeoutError:
            raise AssertionError(f"it lives on: {self.last_words()}") from None
        finally:
            loop.remove_reader(self.process.sentinel)
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode

    async def died(self, where: str) -> None:
        code = await self.ended()
        assert code == -signal.SIGKILL, f"{where}: ended with {code}: {self.last_words()}"

    async def kill(self) -> None:
        self.process.kill()
        await self.ended()

    async def says(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while words not in self.last_words():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def last_words(self) -> str:
        return self.said.read_text()[-4000:] if self.said.exists() else "nothing was said"


@dataclass
class Agent:
    """A command that is started again and again with the same settings."""

    folder: Path
    arguments: tuple[str, ...]
    environment: dict[str, str]
    lives: list[Life] = field(default_factory=list)

    def start(self, *arguments: str, crash_at: str = "", **settings: object) -> Life:
        self.folder.mkdir(parents=True, exist_ok=True)
        said = self.folder / "said.log"
        environment = self.environment | {TRACE: str(self.trace)} | ({AT: crash_at} if crash_at else {})
        environment |= {f"LILYPAD_{name.upper()}": str(value) for name, value in settings.items()}
        if self.clock.exists():
            environment[CLOCK] = str(self.clock)
        command = (*self.arguments, *arguments)
        process = _CONTEXT.Process(target=_live, args=(command, environment, str(said)), daemon=True)
        process.start()
        self.lives.append(Life(process, said))
        return self.lives[-1]

    async def end(self) -> None:
        for life in self.lives:
            if life.is_alive:
                await life.kill()

    @property
    def trace(self) -> Path:
        return self.folder / "trace"

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    def set_clock(self, seconds: float) -> None:
        """Before its start; from then on also while it runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.clock.with_name("clock.new")
        new.write_text(str(seconds))
        new.replace(self.clock)

    def passed(self) -> list[str]:
        """Every crash point that any of its processes came past, in order."""
        lines = self.trace.read_text().splitlines() if self.trace.exists() else []
        return [line.split(" ", 1)[1] for line in lines]

    def count(self, point: str) -> int:
        return sum(line.split("@")[0] == point for line in self.passed())

    def pids(self) -> list[int]:
        return [life.process.pid or 0 for life in self.lives]
