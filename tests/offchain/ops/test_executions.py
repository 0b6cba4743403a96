"""The executor that tells: the same to its user, and every end told once."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import wasmtime

from lilypad.errors import ModuleInvalidError
from lilypad.executors.base import Executor
from lilypad.executors.wasm import WasmExecutor
from lilypad.ops.operations import Operations
from lilypad.types import Engine, ExecutionSpec, ExitStatus, Limits

from .helpers import operations, scrape_here

IMPORT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
MODULE = '(module {imports} (memory (export "memory") 1) (func (export "_start") {body}))'
ENDS = {
    "succeeded": "",
    "failed": "(call $exit (i32.const 3))",
    "out_of_budget": "(loop $again (br $again))",
    "trapped": "unreachable",
}
EXECUTION = "ab" * 32


@pytest.fixture
def watched() -> Operations:
    return operations()


@pytest.fixture
async def executor(watched: Operations, tmp_path: Path) -> AsyncIterator[Executor]:
    inner = WasmExecutor(tmp_path / "cache", max_concurrent=1)
    yield watched.observed(inner, Engine.WASM)
    await inner.close()


def spec(folder: Path, body: str, instructions: int = 1_000_000) -> ExecutionSpec:
    wasm = bytes(wasmtime.wat2wasm(MODULE.format(imports=IMPORT, body=body)))
    (folder / "program.wasm").write_bytes(wasm)
    (folder / "inputs").mkdir(exist_ok=True)
    digest = hashlib.sha256(wasm).digest()
    return ExecutionSpec(Engine.WASM, str(folder / "program.wasm"), digest, ("x",), (), Limits(instructions))


async def start(executor: Executor, spec: ExecutionSpec, folder: Path) -> None:
    await executor.start(EXECUTION, spec, folder / "inputs", folder / "output")


@pytest.mark.parametrize("outcome", sorted(ENDS))
async def test_execution__at_its_end__is_counted_by_how_it_ended(
    watched: Operations, executor: Executor, tmp_path: Path, outcome: str
) -> None:
    await start(executor, spec(tmp_path, ENDS[outcome]), tmp_path)
    assert scrape_here(watched)("executions_running", engine="wasm") == 1
    await executor.wait(EXECUTION)
    await executor.cancel(EXECUTION)
    numbers = scrape_here(watched)
    assert numbers("executions_running", engine="wasm") == 0
    assert numbers("executions_total", engine="wasm", outcome=outcome) == 1
    assert numbers("execution_seconds_count", engine="wasm") == 1


async def test_execution__that_is_cancelled__runs_no_more(
    watched: Operations, executor: Executor, tmp_path: Path
) -> None:
    await start(executor, spec(tmp_path, ENDS["out_of_budget"], instructions=10**15), tmp_path)
    await executor.cancel(EXECUTION)
    numbers = scrape_here(watched)
    assert numbers("executions_running", engine="wasm") == 0
    assert numbers("executions_total", engine="wasm", outcome="cancelled") == 1


async def test_execution__that_cannot_begin__is_a_fault_and_raises(
    watched: Operations, executor: Executor, tmp_path: Path
) -> None:
    good = spec(tmp_path, "")
    (tmp_path / "program.wasm").write_bytes(b"other")
    with pytest.raises(ModuleInvalidError):
        await start(executor, good, tmp_path)
    assert scrape_here(watched)("executions_total", engine="wasm", outcome="fault") == 1
    assert scrape_here(watched)("executions_running", engine="wasm") == 0


async def test_result_and_logs__through_it__are_the_executor_s(executor: Executor, tmp_path: Path) -> None:
    await start(executor, spec(tmp_path, ENDS["failed"]), tmp_path)
    assert (await executor.wait(EXECUTION)).exit_status == ExitStatus(3)
    assert [chunk async for chunk in executor.logs(EXECUTION) if chunk.data] == []
    with pytest.raises(KeyError):
        await executor.wait("00")
