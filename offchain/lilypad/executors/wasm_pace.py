"""How fast this machine runs WebAssembly: measured once, by a few hundredths of a second of it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lilypad.executors.wasm import WasmExecutor
from lilypad.types import Engine, ExecutionSpec, Limits

ROUNDS = 3
INSTRUCTIONS = 100_000_000
LOOP = bytes.fromhex(
    "0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a2a012801017f"
    "0340200041f8ff0371200041056c41f8ff0371280200200041096a6a22003602000c000b0b"
)
"""Without end: i = load(5 * i) + i + 9, store(i). Each step waits for the one before it, as most of ordinary code does;
loops that a processor can work on ahead run twice as fast."""


async def measure() -> int:
    """Instructions a second, of the best of a few rounds: the others shared the processor with somebody.

    Raises:
        ExecutorFaultError: the engine does not work.
    """
    with TemporaryDirectory(prefix="lilypad-pace-") as folder:
        here = Path(folder)
        artifact = here / "loop.wasm"
        artifact.write_bytes(LOOP)
        (here / "inputs").mkdir()
        digest = hashlib.sha256(LOOP).digest()
        spec = ExecutionSpec(Engine.WASM, str(artifact), digest, ("loop",), (), Limits(INSTRUCTIONS))
        executor = WasmExecutor(here / "cache", max_concurrent=1)
        try:
            seconds = [await _round(executor, spec, here, str(number)) for number in range(ROUNDS)]
        finally:
            await executor.close()
    return int(INSTRUCTIONS / min(seconds))


async def _round(executor: WasmExecutor, spec: ExecutionSpec, here: Path, name: str) -> float:
    await executor.start(name, spec, here / "inputs", here / name)
    began = time.perf_counter()
    await executor.wait(name)
    return time.perf_counter() - began
