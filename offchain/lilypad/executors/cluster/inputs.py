"""A job's inputs, and its module, on their way to a machine of the cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lilypad.errors import ModuleInvalidError
from lilypad.executors.cluster.node import INPUTS, MODULE
from lilypad.executors.cluster.parcel import chunks_of, pack
from lilypad.types import Engine, ExecutionSpec


async def send(actor: Any, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
    parcel = output.with_name(f".{output.name}.sent")
    sources = {INPUTS: inputs}
    if spec.engine is Engine.WASM:
        sources[MODULE] = Path(spec.artifact)
        if not sources[MODULE].is_file():
            raise ModuleInvalidError("The module's file cannot be read.", path=spec.artifact)
    try:
        parcel.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(pack, parcel, sources)
        for offset, data in chunks_of(parcel):
            refusal = await actor.receive.remote(offset, data)
            if refusal is not None:
                raise refusal
    finally:
        parcel.unlink(missing_ok=True)
