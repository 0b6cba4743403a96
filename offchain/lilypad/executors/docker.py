"""Runs modules in containers of a Docker engine. With `container_engine` and `container_gpus` all that imports docker.

The engine's container is the memory of an execution: its name follows from the id (so the engine
refuses to run one twice), its labels say where the output goes, its log holds the result. Everything
here can be dropped and made anew at any time without losing a job. No task runs in the background:
limits are kept inside the container by the warden (see `container_policy`).

Engines whose image ids are not the digest of the image's configuration (the containerd image store)
are refused by the digest check.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests
from docker import DockerClient, errors
from docker.models.containers import Container
from docker.types import LogConfig, Mount, Ulimit

from lilypad.crashing import crash_point
from lilypad.errors import EngineAwayError, ExecutorFaultError, LilypadError, ModuleInvalidError
from lilypad.executors import container_policy as policy
from lilypad.executors.base import LogChunk
from lilypad.executors.container_engine import connect, engine_faults
from lilypad.executors.container_files import Record, finish, publish_inputs
from lilypad.executors.container_gpus import Gpus, device_requests
from lilypad.executors.container_output import End, Stopped, judge, ran_seconds, unpack
from lilypad.executors.container_stream import frames_of
from lilypad.types import ExecutionResult, ExecutionSpec

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
WAIT_SLICE_SECONDS = 2
GRACE_SECONDS = 60
"""After the deadline the warden ends a container itself; this much later we do, should it be stuck."""


@dataclass(slots=True)
class _Held:
    ticket: policy.ContainerTicket
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while the execution begins or is collected: a cancelled await leaves its thread running."""


class DockerExecutor:
    """`Executor` on a Docker engine that shares this machine's file system.

    Args:
        base_url: the engine's address.
        namespace: keeps agents on one engine apart: the same deal may run once for each of them.
        processors: the only ones that containers may use, like "0" or "0-3"; empty for all. For authors, who look
            whether their module's result depends on it: a job's spec does not say.
        gpus: the devices that it hands out.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_ENGINE,
        *,
        namespace: str = "default",
        processors: str = "",
        gpus: Gpus | None = None,
    ) -> None:
        self._base_url = base_url
        self._processors = processors
        self._namespace = namespace
        self._gpus = gpus or Gpus()
        self._docker: DockerClient | None = None
        self._connecting = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._waiters = ThreadPoolExecutor(16, "lilypad-docker-wait")

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        """See `Executor.start`. Makes the input files readable for everybody and resets their times."""
        policy.check_spec(spec)
        ticket = policy.ContainerTicket(execution_id, policy.spec_digest(spec), output, spec.limits)
        held = self._held.setdefault(execution_id, _Held(ticket))
        _same_spec(held.ticket.spec_digest, ticket)
        try:
            await asyncio.to_thread(self._start, held, spec, inputs)
        except LilypadError:
            self._held.pop(execution_id, None)
            raise

    async def wait(self, execution_id: str) -> ExecutionResult:
        """See `Executor.wait`. After a restart it works without `start` as long as there is a container.

        Raises:
            ModuleInvalidError: the image has no such program, or it is not executable.
        """
        held = await self._find_held(execution_id)
        loop = asyncio.get_running_loop()
        while not await loop.run_in_executor(self._waiters, self._wait_slice, held.ticket):
            pass
        return await asyncio.to_thread(self._collect, held)

    async def cancel(self, execution_id: str) -> None:
        """See `Executor.cancel`. What was already written to the output directory stays."""
        held = self._held.pop(execution_id, None)
        await asyncio.to_thread(self._remove, execution_id)
        if held is not None:
            Record.path(held.ticket.output).unlink(missing_ok=True)

    async def logs(self, execution_id: str, *, follow: bool = True) -> AsyncIterator[LogChunk]:
        """See `Executor.logs`. A piece arrives about a tenth of a second after it was written."""
        held = await self._find_held(execution_id)
        container = await asyncio.to_thread(self._find, execution_id)
        if container is not None:
            stream = partial(_output, container, follow=follow)
            async for frame in frames_of(stream, (requests.RequestException, errors.DockerException)):
                if frame.tag in "oe":
                    yield LogChunk("stdout" if frame.tag == "o" else "stderr", frame.data)
            return
        yield LogChunk("stdout", await asyncio.to_thread((held.ticket.output / "stdout").read_bytes))
        yield LogChunk("stderr", await asyncio.to_thread((held.ticket.output / "stderr").read_bytes))

    async def orphans(self, known: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of this namespace that have a container but are not `known`; `cancel` removes them."""
        found = await asyncio.to_thread(self._list)
        return tuple(sorted(set(found) - set(known)))

    async def close(self) -> None:
        """Let go of the engine. Containers go on; their results wait for the next executor."""
        await asyncio.to_thread(self._waiters.shutdown)
        if self._docker is not None:
            await asyncio.to_thread(self._docker.close)
        self._docker = None

    async def _find_held(self, execution_id: str) -> _Held:
        if execution_id not in self._held:
            container = await asyncio.to_thread(self._find, execution_id)
            if container is None:
                raise KeyError(execution_id)
            held = _Held(policy.ContainerTicket.from_labels(container.labels))
            self._held.setdefault(execution_id, held)
        return self._held[execution_id]

    # -- blocking, called in threads -------------------------------------------------------------

    def _client(self) -> DockerClient:
        with self._connecting:
            if self._docker is None:
                self._docker = connect(self._base_url)
            return self._docker

    def _find(self, execution_id: str) -> Container | None:
        with engine_faults(execution_id):
            try:
                return self._client().containers.get(policy.container_name(self._namespace, execution_id))
            except errors.NotFound:
                return None

    def _start(self, held: _Held, spec: ExecutionSpec, inputs: Path) -> None:
        ticket = held.ticket
        with held.lock, engine_faults(ticket.execution_id):
            container = self._find(ticket.execution_id)  # before the record: one of them is there at any time
            if (record := Record.load(ticket.output)) is not None:
                _same_spec(record.spec_digest, ticket)
                self._remove(ticket.execution_id)
            elif container is None:
                self._run(ticket, spec, inputs)
            elif container.status == "created":  # an agent went down between create and start
                container.remove(force=True, v=True)
                self._run(ticket, spec, inputs)
            else:
                _same_spec(container.labels[policy.LABEL_SPEC], ticket)

    def _run(self, ticket: policy.ContainerTicket, spec: ExecutionSpec, inputs: Path) -> None:
        if ticket.output.exists() and any(ticket.output.iterdir()):
            raise ExecutorFaultError("the output directory is not empty", output=ticket.output)
        self._check_image(spec)
        publish_inputs(inputs)
        with self._gpus.free(self._client(), spec.gpu) as devices:
            container = self._client().containers.create(
                **policy.create_arguments(spec, ticket, self._namespace, devices),
                device_requests=device_requests(devices),
                cpuset_cpus=self._processors,
                mounts=[
                    Mount("/inputs", str(inputs.absolute()), type="bind", read_only=True),
                    Mount(policy.WARDEN_PATH, str(policy.warden_binary()), type="bind", read_only=True),
                ],
                log_config=LogConfig(type="local", config=policy.log_options(spec.limits)),
                ulimits=[Ulimit(name=name, soft=most, hard=most) for name, most in policy.ULIMITS.items()],
            )
        crash_point("docker.created")
        try:
            container.start()
        except errors.APIError:
            container.remove(force=True, v=True)
            raise
        crash_point("docker.started")

    def _check_image(self, spec: ExecutionSpec) -> None:
        try:
            image = self._client().images.get(spec.artifact)
        except errors.ImageNotFound:
            raise ModuleInvalidError(
                "the engine does not have this image; build or load it first", image=spec.artifact
            ) from None
        if image.id != spec.artifact:
            raise ModuleInvalidError("the engine's image has another id", image=spec.artifact, found=image.id)

    def _wait_slice(self, ticket: policy.ContainerTicket) -> bool:
        """Wait a little, true when it has stopped. Short, so that a shutdown is never held up for long."""
        if Record.load(ticket.output) is not None:
            return True
        with engine_faults(ticket.execution_id):
            container = self._require(ticket)
            try:
                container.wait(timeout=WAIT_SLICE_SECONDS)
            except requests.RequestException:  # time is up, or the engine is down: then reload raises
                container.reload()
            else:
                return True
            state = container.attrs["State"]
            grace = GRACE_SECONDS + ticket.limits.output_bytes / 1e6
            if state["Running"] and ran_seconds(state) > ticket.limits.wall_seconds + grace:
                container.kill()
            return not state["Running"]

    def _collect(self, held: _Held) -> ExecutionResult:
        ticket = held.ticket
        with held.lock, engine_faults(ticket.execution_id):
            if (record := Record.load(ticket.output)) is not None:
                return record.result
            container = self._require(ticket)
            part = ticket.output.with_name(f"{ticket.output.name}.part")
            end = unpack(_output(container, follow=False), part, ticket.limits)
            result = judge(end, Stopped.from_state(container.attrs["State"]), ticket.limits)
            if result is None:
                raise _no_result(container, end, ticket.execution_id)
            crash_point("docker.unpacked")
            finish(part, ticket.output, result)
            Record(ticket.execution_id, ticket.spec_digest, result).save(ticket.output)
            crash_point("docker.recorded")
            container.remove(force=True, v=True)
        return result

    def _require(self, ticket: policy.ContainerTicket) -> Container:
        container = self._find(ticket.execution_id)
        if container is None:
            raise EngineAwayError("the container was removed", execution=ticket.execution_id)
        return container

    def _remove(self, execution_id: str) -> None:
        with engine_faults(execution_id), suppress(errors.NotFound):
            container = self._find(execution_id)
            if container is not None:
                container.remove(force=True, v=True)

    def _list(self) -> list[str]:
        with engine_faults("all"):
            chosen: dict[str, Any] = {"label": f"{policy.LABEL_NAMESPACE}={self._namespace}"}
            containers = self._client().containers.list(all=True, filters=chosen, ignore_removed=True)
            return [container.labels[policy.LABEL_EXECUTION] for container in containers]


def _output(container: Container, *, follow: bool) -> Any:  # docker's stream, which can be closed
    return container.logs(stdout=True, stderr=False, stream=True, follow=follow)


def _same_spec(found: str, ticket: policy.ContainerTicket) -> None:
    if found != ticket.spec_digest:
        raise ExecutorFaultError("this id was begun with another spec", execution=ticket.execution_id)


def _no_result(container: Container, end: End | None, execution_id: str) -> LilypadError:
    if end is not None and end.how == "exec":
        return ModuleInvalidError("the image cannot run this command", execution=execution_id, errno=end.code)
    said = container.logs(stdout=False, stderr=True, tail=5).decode(errors="replace").strip()
    state = container.attrs["State"]
    return EngineAwayError(
        "the container ended without a result (did the engine go down?); cancel it and start again",
        execution=execution_id,
        exit_code=state["ExitCode"],
        reason=said or state["Error"] or "none given",
    )
