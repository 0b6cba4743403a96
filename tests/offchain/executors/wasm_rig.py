"""Runs small WebAssembly programs: one line for a job in a test."""

from __future__ import annotations

import hashlib
import itertools
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from lilypad.executors.wasm import WasmExecutor
from lilypad.types import Engine, ExecutionResult, ExecutionSpec, Limits

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "tests" / "fixtures" / "wasm"
BUILT = ROOT / ".build" / "test-wasm"
MIB = 1 << 20
_BUILD = runpy.run_path(str(ROOT / "modules" / "build_wasm.py"))


def fixture_module(name: str) -> Path:
    """tests/fixtures/wasm/<name>.c, compiled once for each version of source and compiler."""
    source = SOURCES / f"{name}.c"
    decides = (source.read_bytes(), _BUILD["compiler_version"]().encode(), repr(_BUILD["COMPILE"]).encode())
    target = BUILT / f"{name}-{hashlib.sha256(b'|'.join(decides)).hexdigest()[:16]}.wasm"
    if not target.exists():
        _BUILD["compile_wasm"]([source], target)
    return target


@dataclass(frozen=True)
class Job:
    execution_id: str
    spec: ExecutionSpec
    inputs: Path
    output: Path

    @property
    def stdout(self) -> bytes:
        return (self.output / "stdout").read_bytes()

    @property
    def stderr(self) -> bytes:
        return (self.output / "stderr").read_bytes()

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the output directory by its relative path."""
        found = (path for path in self.output.rglob("*") if path.is_file())
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in found}


class WasmRig:
    def __init__(self, directory: Path, **options: int) -> None:
        self.directory = directory
        self.executor = WasmExecutor(ROOT / ".build" / "test-wasm-cache", **options)
        self._numbers = itertools.count()

    def job(
        self,
        module: str | Path,
        *argv: str,
        env: tuple[tuple[str, str], ...] = (),
        inputs: Mapping[str, bytes] | None = None,
        seed: bytes = b"",
        instructions: int = 10**9,
        **limits: float,
    ) -> Job:
        """A job that is not yet begun: a fixture's name, a .wasm file, or WebAssembly text."""
        folder = self.directory / f"job-{next(self._numbers)}"
        for name, data in (inputs or {"greeting": b"hello\n"}).items():
            (folder / "inputs" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "inputs" / name).write_bytes(data)
        path = _module_file(module, folder)
        spec = ExecutionSpec(
            engine=Engine.WASM,
            artifact=str(path),
            artifact_digest=hashlib.sha256(path.read_bytes()).digest(),
            argv=("module", *argv),
            env=env,
            limits=Limits(instructions, **limits),  # type: ignore[arg-type]
            seed=seed,
        )
        return Job(folder.name, spec, folder / "inputs", folder / "output")

    async def start(self, job: Job) -> None:
        await self.executor.start(job.execution_id, job.spec, job.inputs, job.output)

    async def finish(self, job: Job) -> ExecutionResult:
        await self.start(job)
        return await self.executor.wait(job.execution_id)

    async def run(self, module: str | Path, *argv: str, **options: object) -> tuple[ExecutionResult, Job]:
        job = self.job(module, *argv, **options)  # type: ignore[arg-type]
        return await self.finish(job), job


def _module_file(module: str | Path, folder: Path) -> Path:
    if isinstance(module, Path):
        return module
    if not module.startswith("("):
        return fixture_module(module)
    path = folder / "module.wasm"
    path.write_bytes(wasmtime.wat2wasm(module))
    return path
