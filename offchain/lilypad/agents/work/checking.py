"""Whether a module's result is the same wherever it is run: run here under several conditions, with the executors that
providers and mediators use, and compared as mediators compare.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lilypad.agents.work.comparing import Difference, difference_of_files, first_difference
from lilypad.agents.work.conditions import AS_IT_IS, Condition, conditions_for, other_file_system, rearrange
from lilypad.agents.work.packages import Package
from lilypad.agents.work.workshop import require_same_engine
from lilypad.errors import EngineAwayError, ExecutorFaultError, ModuleInvalidError
from lilypad.executors.base import Executor
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.modules.folder import MANIFEST_FILE, load_manifest, read_inputs, write_inputs
from lilypad.modules.manifest import InputType, Manifest
from lilypad.modules.spec import execution_spec, seed_from_inputs
from lilypad.protocol.commitment import commitment
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.results import seal
from lilypad.types import Engine, ExecutionSpec, ExitStatus

EXAMPLES, EXPECTED = "examples", "expected"


@dataclass(frozen=True, slots=True)
class Example:
    """One job to run again and again."""

    name: str
    values: Mapping[str, Any]
    expected: Path | None = None
    """An output directory that the author keeps beside the module."""


@dataclass(frozen=True, slots=True)
class Run:
    exit_status: ExitStatus
    commitment: bytes
    instruction_count: int
    output: Path


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one condition."""

    condition: str
    difference: Difference | None
    counts: tuple[int, ...] = ()
    """Of instructions, one for each run."""
    exit_status: ExitStatus | None = None


def load_package(folder: Path, others: Iterable[Package] = ()) -> Package:
    """
    Args:
        others: where a source that is not built finds what was built of it.

    Raises:
        ModuleInvalidError: there is none, it is wrong, not built, or made for another version of the engine.
    """
    if not (folder / MANIFEST_FILE).is_file():
        raise ModuleInvalidError(f"this folder has no {MANIFEST_FILE}, so it is no module", folder=folder)
    package = Package(load_manifest(folder), folder)
    if not package.is_built:
        package = Package(_built_of(package, others), folder)
    require_same_engine(package.manifest)
    return package


def _built_of(source: Package, others: Iterable[Package]) -> Manifest:
    for other in others:
        if other.is_built and replace(other.manifest, artifact=source.manifest.artifact) == source.manifest:
            return other.manifest
    name = source.manifest.name
    how = f"build it with `python modules/build_image.py {source.folder}`, again after each change of its manifest"
    raise ModuleInvalidError(f"the module {name!r} is not built yet: {how}", folder=source.folder)


def find_examples(manifest: Manifest, folder: Path) -> list[Example]:
    """`<folder>/*.json`: inputs by name, files by their path from there. `../expected/<name>` is what comes of it."""
    files = {definition.name for definition in manifest.inputs if definition.type is InputType.FILE}
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            plain = json.loads(path.read_text())
            values = {name: folder / value if name in files else value for name, value in plain.items()}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise ModuleInvalidError(f"the example is no JSON object of inputs: {error}", path=path) from error
        expected = folder.parent / EXPECTED / path.stem
        found.append(Example(path.stem, values, expected if expected.is_dir() else None))
    return found


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs one package's jobs in a folder of its own."""

    package: Package
    docker: str
    """The engine's address."""
    folder: Path
    keep: Path | None = None
    """Where outputs are kept."""
    _name: str = field(default_factory=lambda: f"check-{uuid.uuid4().hex[:12]}")

    async def findings(self, example: Example) -> AsyncIterator[Finding]:
        """The first run's, then one for each condition.

        Raises:
            RejectedError, FaultError: it cannot be run here at all.
        """
        inputs = self.folder / example.name / "inputs"
        spec = await self._prepare(example, inputs)
        began = time.monotonic()
        (first,) = await self._runs(AS_IT_IS, spec, inputs, example)
        yield Finding(AS_IT_IS.name, None, (first.instruction_count,), first.exit_status)
        if example.expected is not None:
            yield Finding(f"expected/{example.name}", difference_of_files(example.expected, first.output))
        for condition in conditions_for(spec.engine, inputs):
            await asyncio.sleep(began + condition.wait_seconds - time.monotonic())
            yield await self._finding(condition, spec, inputs, example, first)

    async def _finding(
        self, condition: Condition, spec: ExecutionSpec, inputs: Path, example: Example, first: Run
    ) -> Finding:
        try:
            runs = await self._runs(condition, spec, inputs, example)
        except EngineAwayError:
            raise
        except ExecutorFaultError as error:  # the first run ended well: that this one did not is the module's doing
            return Finding(condition.name, Difference("result", f"none: {error}"))
        differences = (self._difference(first, run) for run in runs)
        difference = next((each for each in differences if each is not None), None)
        return Finding(condition.name, difference, tuple(run.instruction_count for run in runs), runs[0].exit_status)

    def _difference(self, first: Run, run: Run) -> Difference | None:
        if run.commitment != first.commitment:
            found = first_difference(first.output, run.output)
            return found or Difference("result", "has another commitment")
        counts = (run.instruction_count, first.instruction_count)
        if self.package.manifest.engine is Engine.WASM and len({*counts}) > 1:
            return Difference("instructions", f"{counts[0]:,} instead of {counts[1]:,}")
        return None

    async def _prepare(self, example: Example, inputs: Path) -> ExecutionSpec:
        manifest = self.package.manifest
        for name, value in example.values.items():
            if isinstance(value, Path) and not value.is_file():
                raise ModuleInvalidError(f"the input {name!r} is a file, and there is none", path=value)
        await asyncio.to_thread(write_inputs, manifest, example.values, inputs)
        root = await LocalBlockStore(self.folder / "blocks").add_directory(inputs)
        given, seed = read_inputs(manifest, inputs), seed_from_inputs(root.digest)
        return execution_spec(manifest, given, self.package.artifact, manifest.budget.default, seed)

    async def _runs(self, condition: Condition, spec: ExecutionSpec, inputs: Path, example: Example) -> list[Run]:
        folder = self.folder / example.name / condition.name.replace(",", "").replace(" ", "-")
        slower = max(10, spec.cpu_milli * condition.speed_percent // 100)
        changed = replace(spec, cpu_milli=slower, env=spec.env + condition.variables)
        with TemporaryDirectory(prefix="lilypad-", dir=other_file_system(inputs)) as elsewhere:
            if condition.is_rearranged:
                usual, inputs = inputs, Path(elsewhere) / "inputs"
                await asyncio.to_thread(rearrange, usual, inputs)
            async with self._executor(condition) as executor:
                works = (self._run(executor, changed, inputs, folder / str(n)) for n in range(condition.at_once))
                ended = await asyncio.gather(*works, return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return [each for each in ended if isinstance(each, Run)]

    async def _run(self, executor: Executor, spec: ExecutionSpec, inputs: Path, output: Path) -> Run:
        execution = str(output.relative_to(self.folder))
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            await executor.start(execution, spec, inputs, output)
            ended = await executor.wait(execution)
        finally:
            with suppress(ExecutorFaultError):
                await executor.cancel(execution)
        result, _ = await seal(output, ended.exit_status, LocalBlockStore(self.folder / "blocks"))
        if self.keep is not None:
            await asyncio.to_thread(shutil.copytree, output, self.keep / execution)
        return Run(ended.exit_status, commitment(result), ended.instruction_count, output)

    @asynccontextmanager
    async def _executor(self, condition: Condition) -> AsyncIterator[Executor]:
        executor: Executor
        if self.package.manifest.engine is Engine.WASM:
            cache = self.folder / ("new-cache" if condition.has_new_cache else "cache")
            executor = WasmExecutor(cache, max_concurrent=condition.at_once)
        else:
            executor = DockerExecutor(self.docker, namespace=self._name, processors=condition.processors)
        try:
            yield executor
        finally:
            await executor.close()
