"""Runs small Python programs in real containers: one line for a job in a test."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from lilypad.executors.docker import DockerExecutor
from lilypad.types import Engine, ExecutionResult, ExecutionSpec, Limits

SECOND = 1_000_000_000
MIB = 1 << 20


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
    def exit_code(self) -> bytes:
        return (self.output / "exitCode").read_bytes()

    @property
    def outputs(self) -> dict[str, bytes]:
        """Every file below outputs/ by its relative path; a directory's path ends with a slash."""
        root = self.output / "outputs"
        return {
            path.relative_to(root).as_posix() + "/" * path.is_dir(): b"" if path.is_dir() else path.read_bytes()
            for path in root.rglob("*")
        }

    def is_empty(self) -> bool:
        return not self.stdout and not self.stderr and not self.outputs


class Rig:
    def __init__(self, executor: DockerExecutor, image: str, namespace: str, directory: Path) -> None:
        self.executor = executor
        self.image = image
        self.namespace = namespace
        self._directory = directory
        self._numbers = itertools.count()

    def job(self, script: str | None, *, argv: tuple[str, ...] = (), **limits: float) -> Job:
        """A job that is not yet begun: a Python script, or another command."""
        number = next(self._numbers)
        directory = self._directory / str(number)
        inputs = directory / "inputs"
        inputs.mkdir(parents=True)
        (inputs / "greeting").write_text("hello\n")
        chosen = {"instructions": 10 * SECOND, "memory_bytes": 128 * MIB, "output_bytes": 4 * MIB}
        chosen |= {"log_bytes": 10_000, "wall_seconds": 20} | limits
        if script is not None:
            argv = ("/usr/bin/python3.11", "-S", "-c", script)
        spec = ExecutionSpec(
            engine=Engine.DOCKER,
            artifact=self.image,
            artifact_digest=bytes.fromhex(self.image.removeprefix("sha256:")),
            argv=argv,
            env=(("COLOUR", "green"),),
            limits=Limits(**chosen),  # type: ignore[arg-type]
        )
        return Job(f"{directory.parent.name}-{number}", spec, inputs, directory / "output")

    async def start(self, job: Job) -> None:
        await self.executor.start(job.execution_id, job.spec, job.inputs, job.output)

    async def finish(self, job: Job) -> ExecutionResult:
        await self.start(job)
        return await self.executor.wait(job.execution_id)

    async def run(self, script: str, **limits: float) -> tuple[ExecutionResult, Job]:
        job = self.job(script, **limits)
        return await self.finish(job), job

    def another_executor(self) -> DockerExecutor:
        """What the agent has after a restart."""
        return DockerExecutor(namespace=self.namespace)
