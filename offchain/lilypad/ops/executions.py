"""An executor that tells what it runs. To whoever uses it, it is the executor."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lilypad.errors import LilypadError
from lilypad.executors.base import Executor
from lilypad.types import Engine, ExecutionResult, ExecutionSpec


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that is over, as it is told."""

    execution: str
    engine: Engine
    began: float
    ended: float
    outcome: str
    """succeeded, failed (of its own), out_of_budget, trapped; fault (of this host); cancelled"""
    instructions: int = 0


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom an observed executor tells."""

    running: Callable[[Engine, int], None]
    """How many run now."""
    ended: Callable[[Ended], None]


class ObservedExecutor:
    """Implements `Executor`."""

    def __init__(self, inner: Executor, engine: Engine, listener: Listener) -> None:
        self._inner = inner
        self._engine = engine
        self._listener = listener
        self._began: dict[str, float] = {}
        self.logs = inner.logs

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        self._began.setdefault(execution_id, time.time())
        self._tell_running()
        try:
            await self._inner.start(execution_id, spec, inputs, output)
        except LilypadError:
            self._end(execution_id, "fault")
            raise

    async def wait(self, execution_id: str) -> ExecutionResult:
        try:
            result = await self._inner.wait(execution_id)
        except LilypadError:
            self._end(execution_id, "fault")
            raise
        self._end(execution_id, _outcome(int(result.exit_status)), result.instruction_count)
        return result

    async def cancel(self, execution_id: str) -> None:
        try:
            await self._inner.cancel(execution_id)
        finally:
            self._end(execution_id, "cancelled")

    async def close(self) -> None:
        await self._inner.close()

    def _end(self, execution_id: str, outcome: str, instructions: int = 0) -> None:
        """Once for each execution: what is cancelled after its end has ended before."""
        began = self._began.pop(execution_id, None)
        if began is not None:
            self._tell_running()
            self._listener.ended(Ended(execution_id, self._engine, began, time.time(), outcome, instructions))

    def _tell_running(self) -> None:
        self._listener.running(self._engine, len(self._began))


def _outcome(status: int) -> str:
    """Of an exit status: 0..255, 256 for out of budget, 257 for trapped."""
    return {0: "succeeded", 256: "out_of_budget", 257: "trapped"}.get(status, "failed")
