"""The embedded executor: WebAssembly, deterministic by construction, nothing to install.

The same spec and the same inputs give the same output directory and the same instruction count on every host
that has this engine version and this host version. Ends that are not the same everywhere (the wall clock, the
call stack) are faults and never results.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

from lilypad.crashing import crash_point
from lilypad.errors import ExecutorFaultError, LilypadError, ModuleInvalidError
from lilypad.executors.base import LogChunk
from lilypad.executors.wasi.engine import (
    ENGINE_NAME,
    ENGINE_VERSION,
    MAX_ARTIFACT_BYTES,
    ModuleCache,
    check_module,
    new_engine,
)
from lilypad.executors.wasi.host import HOST_VERSION
from lilypad.executors.wasi.logs import Logs
from lilypad.executors.wasi.output import check_absent_or_empty, find_finished, read_inputs, write_output
from lilypad.executors.wasi.run import Interrupt, run_module
from lilypad.types import Engine, ExecutionResult, ExecutionSpec

__all__ = ["ENGINE_NAME", "ENGINE_VERSION", "HOST_VERSION", "WasmExecutor"]


STACK_BYTES = 16 << 20


@dataclass(eq=False)
class _Execution:
    """One execution under way or done. Its futures are settled by the threads that load and run it."""

    key: str
    spec: ExecutionSpec
    inputs: Path
    output: Path
    interrupt: Interrupt = field(default_factory=lambda: Interrupt(new_engine()))
    loaded: Future[None] = field(default_factory=Future)
    finished: Future[ExecutionResult] = field(default_factory=Future)
    logs: Logs = field(init=False)
    _queued: Future[None] | None = None
    _queueing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.logs = Logs(self.spec.limits.log_bytes)

    def queue(self, submit: Callable[[], Future[None]]) -> None:
        """Puts it in line for a thread, from where stop() can take it back."""
        with self._queueing:
            self.interrupt.check()
            self._queued = submit()

    def stop(self) -> None:
        with self._queueing:
            self.interrupt.request()
            waiting, self._queued = self._queued, None
        if waiting is not None and waiting.cancel():
            self.fail(ExecutorFaultError("The execution was cancelled before it began."))

    def succeed(self, result: ExecutionResult) -> None:
        self.interrupt.close()
        self.finished.set_result(result)
        self.logs.close()

    def fail(self, error: Exception) -> LilypadError:
        if not isinstance(error, LilypadError):
            error = ExecutorFaultError(f"The execution broke this host: {error!r}")
        self.interrupt.close()
        self.finished.set_exception(error)
        self.logs.close()
        return error


class WasmExecutor:
    """Implements `Executor`. Modules run in threads of this process, at most `max_concurrent` at once.

    An execution that has ended, its logs with it, is remembered until it is cancelled.
    """

    def __init__(self, cache_dir: Path, *, max_concurrent: int | None = None) -> None:
        self._cache = ModuleCache(cache_dir)
        self._executions: dict[str, _Execution] = {}
        self._loaders = ThreadPoolExecutor(1, "wasm-load")
        self._runners = ThreadPoolExecutor(max_concurrent or os.cpu_count() or 1, "wasm-run")

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        execution = self._executions.get(execution_id)
        if execution is None:
            execution = _Execution(_execution_key(execution_id, spec), spec, inputs, output)
            self._executions[execution_id] = execution
            self._loaders.submit(self._load, execution)
        try:
            await asyncio.shield(asyncio.wrap_future(execution.loaded))
        except Exception:
            if self._executions.get(execution_id) is execution:
                del self._executions[execution_id]
            raise

    async def wait(self, execution_id: str) -> ExecutionResult:
        return await asyncio.shield(asyncio.wrap_future(self._executions[execution_id].finished))

    async def cancel(self, execution_id: str) -> None:
        execution = self._executions.get(execution_id)
        if execution is None:
            return
        execution.stop()
        await asyncio.gather(asyncio.shield(asyncio.wrap_future(execution.finished)), return_exceptions=True)
        if self._executions.get(execution_id) is execution:
            del self._executions[execution_id]

    def logs(self, execution_id: str, *, follow: bool = True) -> AsyncIterator[LogChunk]:
        logs = self._executions[execution_id].logs
        return logs.follow() if follow else logs.so_far()

    async def close(self) -> None:
        await asyncio.gather(*(self.cancel(execution_id) for execution_id in list(self._executions)))
        self._loaders.shutdown()
        self._runners.shutdown()

    def _load(self, execution: _Execution) -> None:
        """First thread: everything that can be wrong with what was asked for."""
        try:
            done = find_finished(execution.output, execution.key)
            if done:
                self._adopt(execution, done)
            else:
                module = self._load_module(execution)
                execution.queue(lambda: self._submit_with_deep_stack(execution, module))
        except Exception as error:
            execution.loaded.set_exception(execution.fail(error))
        else:
            execution.loaded.set_result(None)

    def _submit_with_deep_stack(self, execution: _Execution, module: wasmtime.Module) -> Future[None]:
        """The module's call stack lies on the thread's: where threads have little by default, it would crash."""
        usual = threading.stack_size(STACK_BYTES)
        try:
            return self._runners.submit(self._run, execution, module)
        finally:
            threading.stack_size(usual)

    def _adopt(self, execution: _Execution, result: ExecutionResult) -> None:
        """It ran before this process began."""
        execution.logs.write(execution.logs.stdout, (execution.output / "stdout").read_bytes())
        execution.logs.write(execution.logs.stderr, (execution.output / "stderr").read_bytes())
        execution.succeed(result)

    def _load_module(self, execution: _Execution) -> wasmtime.Module:
        if not 0 < execution.spec.limits.instructions < 1 << 63:
            raise ModuleInvalidError("The instruction limit must be positive and fit 63 bits.")
        check_absent_or_empty(execution.output)
        wasm = _read_artifact(execution.spec)
        module = self._cache.load(execution.interrupt.engine, wasm)
        check_module(module, execution.spec.limits.memory_bytes)
        return module

    def _run(self, execution: _Execution, module: wasmtime.Module) -> None:
        """Second thread: the module itself, and its output directory."""
        try:
            with module:
                inputs = read_inputs(execution.inputs)
                finished = run_module(module, execution.spec, inputs, execution.logs, execution.interrupt)
            crash_point("wasm.ran")
            write_output(execution.output, execution.key, finished, execution.logs)
        except Exception as error:
            execution.fail(error)
        else:
            execution.succeed(finished.result)


def _read_artifact(spec: ExecutionSpec) -> bytes:
    if spec.engine is not Engine.WASM:
        raise ModuleInvalidError(f"This executor runs WebAssembly, not {spec.engine}.")
    path = Path(spec.artifact)
    try:
        if path.stat().st_size > MAX_ARTIFACT_BYTES:
            raise ModuleInvalidError(f"A module may have {MAX_ARTIFACT_BYTES} bytes.", path=path)
        wasm = path.read_bytes()
    except OSError as error:
        raise ModuleInvalidError(f"The module's file cannot be read: {error}", path=path) from error
    digest = hashlib.sha256(wasm).digest()
    if digest != spec.artifact_digest:
        raise ModuleInvalidError(
            "The module's file is not the one that its manifest names.",
            path=path,
            expected=spec.artifact_digest,
            actual=digest,
        )
    return wasm


def _execution_key(execution_id: str, spec: ExecutionSpec) -> str:
    """Names an execution and all of its spec that decides the result."""
    limits = spec.limits
    decides = [
        [execution_id, ENGINE_NAME, ENGINE_VERSION, HOST_VERSION],
        [spec.artifact_digest.hex(), spec.argv, spec.env, spec.seed.hex()],
        [limits.instructions, limits.memory_bytes, limits.output_bytes, limits.log_bytes],
    ]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()
