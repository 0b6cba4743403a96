"""An output directory on its way back from a machine of the cluster."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.node import OUTPUT, Ended
from lilypad.executors.cluster.parcel import unpack, write_chunk
from lilypad.executors.container_files import part_of
from lilypad.types import Limits

HEADER_BYTES = 256 << 20
"""What the names of very many files may take in a parcel."""
HOLDS = {"stdout", "stderr", "exitCode", "outputs"}


def check_free(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ExecutorFaultError("the output directory is not empty", output=output)


async def collect(actor: Any, ended: Ended, output: Path, limits: Limits) -> None:
    """Its part is here then: complete, and not named before there is a record of it."""
    allowed = limits.output_bytes + 2 * limits.log_bytes + 16
    if ended.parcel_bytes > allowed + HEADER_BYTES:
        raise ExecutorFaultError("a machine of the cluster has more output than allowed", bytes=ended.parcel_bytes)
    parcel, unpacked = (output.with_name(f".{output.name}.{suffix}") for suffix in ("parcel", "unpacked"))
    parcel.unlink(missing_ok=True)
    try:
        offset = 0
        while offset < ended.parcel_bytes:
            data = await actor.read_output.remote(offset)
            if not data or offset + len(data) > ended.parcel_bytes:
                raise ExecutorFaultError("a machine of the cluster has sent half of an output", bytes=offset)
            await asyncio.to_thread(write_chunk, parcel, offset, data)
            offset += len(data)
        await asyncio.to_thread(unpack, parcel, unpacked, allowed)
        _put(unpacked, output)
    finally:  # also where the disk was too full for all of it, or the machine went down in the middle
        parcel.unlink(missing_ok=True)
        shutil.rmtree(unpacked, ignore_errors=True)


def _put(unpacked: Path, output: Path) -> None:
    whole = unpacked / OUTPUT
    if not whole.is_dir() or {path.name for path in whole.iterdir()} != HOLDS:
        raise ExecutorFaultError("a machine of the cluster has sent something that is no output", output=output)
    shutil.rmtree(part_of(output), ignore_errors=True)  # of a try that was given up
    whole.replace(part_of(output))


def printed(output: Path) -> dict[str, bytes]:
    """Nothing, where there is no output: the job has failed here."""
    files = {stream: output / stream for stream in ("stdout", "stderr")}
    return {stream: path.read_bytes() if path.is_file() else b"" for stream, path in files.items()}
