"""Two GPUs that are not there: what a driver's two programs say and do, the one that lists the devices, and the one
that an engine calls to put them into a container. The engine itself is real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from tests.engine import PrivateEngine, can_run

ONE, OTHER = "GPU-11111111-0000-0000-0000-000000000000", "GPU-22222222-0000-0000-0000-000000000000"


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def driver_of_two(folder: Path) -> Path:
    """Devices of different sizes. Put the folder first on the PATH of who shall see them."""
    program(folder, "nvidia-smi", f"echo '{ONE}, 24576'; echo '{OTHER}, 16384'")
    return folder


@asynccontextmanager
async def engine_with_toolkit(missing: Callable[[str], NoReturn]) -> AsyncIterator[PrivateEngine]:
    """An engine looks for the toolkit's program when it starts, and then says of itself that it can hand out GPUs."""
    if not can_run():
        missing("a Docker engine of one's own needs root and dockerd")
    with TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        program(folder, "nvidia-container-runtime-hook", "cat >/dev/null")
        engine = PrivateEngine(folder, programs=folder)
        await engine.start()
        yield engine
        await engine.stop()
