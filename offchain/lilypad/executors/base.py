"""What every executor promises.

An execution is known by an id that its caller chooses (for a deal: the deal id in hex), so that
after a restart the same id finds the same work again and nothing is run twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lilypad.types import ExecutionResult, ExecutionSpec


@dataclass(frozen=True, slots=True)
class LogChunk:
    stream: Literal["stdout", "stderr"]
    data: bytes


class Executor(Protocol):
    """Runs execution specs. All methods may be called again after a restart of the agent."""

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        """Begin, or adopt what was begun under this id; never runs the same id twice at once.

        `inputs` is a directory that the module sees read-only at /inputs. `output` is an absent or
        empty directory that receives stdout, stderr, exitCode and outputs/.

        Raises:
            ModuleInvalidError: the artifact is not what the spec's digest says, or cannot be loaded.
            ExecutorFaultError: the engine is missing or broken.
        """
        ...

    async def wait(self, execution_id: str) -> ExecutionResult:
        """Wait for the end. A job that fails is a result, not an error.

        Raises:
            ExecutorFaultError: the host failed (crash, wall clock of a WASM job, ...): commit nothing.
            KeyError: no such execution.
        """
        ...

    async def cancel(self, execution_id: str) -> None:
        """Stop it and forget it; a no-op for an unknown id."""
        ...

    def logs(self, execution_id: str, *, follow: bool = True) -> AsyncIterator[LogChunk]:
        """What the module has written so far, then, unless told otherwise, what it writes until it ends."""
        ...

    async def close(self) -> None:
        """Release what the executor holds. Running containers go on; WASM jobs are stopped."""
        ...
