"""What runs on a machine of the cluster: one actor for each execution, around the executor of that machine.

Ray makes an actor of `NodeJob`; nothing here knows of Ray. Errors of our own tree are answers and not exceptions,
so that they arrive as what they are.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from platformdirs import user_cache_path

from lilypad.errors import EngineAwayError, ExecutorFaultError, LilypadError
from lilypad.executors.base import Executor
from lilypad.executors.cluster.parcel import pack, read_chunk, unpack, write_chunk
from lilypad.executors.cluster.places import Places
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasi.engine import ENGINE_NAME, ENGINE_VERSION, MAX_ARTIFACT_BYTES
from lilypad.executors.wasi.host import HOST_VERSION
from lilypad.executors.wasi.output import MAX_INPUT_BYTES
from lilypad.executors.wasm import WasmExecutor
from lilypad.types import Engine, ExecutionResult, ExecutionSpec

VERSIONS = f"{ENGINE_NAME} {ENGINE_VERSION}, host {HOST_VERSION}"
"""What has to be the same on all machines."""
MODULE, INPUTS, OUTPUT = "module.wasm", "inputs", "output"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose executions they are, and how a machine runs them."""

    namespace: str
    docker: str
    """The engine's address, the same on every machine."""


@dataclass(frozen=True, slots=True)
class Order:
    execution_id: str
    spec: ExecutionSpec
    owner: Owner

    @property
    def digest(self) -> str:
        """Of everything but where the agent keeps the module."""
        kept = replace(self.spec, artifact="") if self.spec.engine is Engine.WASM else self.spec
        return hashlib.sha256(repr((kept, self.execution_id, VERSIONS)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class About:
    digest: str
    versions: str
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Ended:
    result: ExecutionResult
    parcel_bytes: int


@dataclass(frozen=True, slots=True)
class Printed:
    """After what the reader has seen."""

    stdout: bytes
    stderr: bytes
    is_all: bool


class MachineFaultError(EngineAwayError):
    """Of this machine: its disk is full, its Docker engine away. Another one may be well."""


class NodeJob:
    """In the order of calls: `receive` until all is here, `begin`, then the others as often as one likes."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._places = places(order.owner)
        self._place = self._places.take(order.execution_id)
        self._executor = _executor(order)
        self._ending: asyncio.Task[Ended | LilypadError] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._printed = {"stdout": bytearray(), "stderr": bytearray()}
        self._more = asyncio.Event()

    async def about(self) -> About:
        return About(self._order.digest, VERSIONS, self._ending is not None)

    async def receive(self, offset: int, data: bytes) -> LilypadError | None:
        try:
            await asyncio.to_thread(write_chunk, self._path("sent"), offset, data)
        except OSError as error:
            return _our(error)
        return None

    async def begin(self) -> LilypadError | None:
        order, spec = self._order, self._order.spec
        try:
            most = MAX_INPUT_BYTES + MAX_ARTIFACT_BYTES
            await asyncio.to_thread(unpack, self._path("sent"), self._path("job"), most)
            self._path("sent").unlink()
            if spec.engine is Engine.WASM:
                spec = replace(spec, artifact=str(self._path("job") / MODULE))
            await _sweep(order.owner)
            await self._executor.cancel(order.execution_id)  # a container may be left of a try that died here
            await self._executor.start(order.execution_id, spec, self._path("job") / INPUTS, self._path(OUTPUT))
        except (LilypadError, OSError) as error:
            return _our(error)
        self._ending = asyncio.create_task(self._end(), name="ending")
        self._reading = asyncio.create_task(self._read(), name="reading")
        return None

    async def wait(self) -> Ended | LilypadError:
        if self._ending is None:
            return ExecutorFaultError("it has not begun", execution=self._order.execution_id)
        return await asyncio.shield(self._ending)

    async def read_output(self, offset: int) -> bytes:
        """A piece of the parcel that holds the output directory."""
        return await asyncio.to_thread(read_chunk, self._path("parcel"), offset)

    async def read_logs(self, seen_out: int, seen_err: int, wait: bool) -> Printed:
        """At once if there is something, or else when there is, unless told not to wait."""
        while True:
            out, err = self._printed["stdout"][seen_out:], self._printed["stderr"][seen_err:]
            is_all = self._reading is not None and self._reading.done()
            if out or err or is_all or not wait:
                return Printed(bytes(out), bytes(err), is_all)
            await self._more.wait()

    async def cancel(self) -> LilypadError | None:
        """Afterwards nothing of it is left on this machine. The actor is of no more use."""
        try:
            await self._executor.cancel(self._order.execution_id)
            await self._executor.close()
        except LilypadError as error:
            return error
        finally:
            await asyncio.to_thread(self._places.leave, self._place)
        return None

    async def _end(self) -> Ended | LilypadError:
        parcel, output = self._path("parcel"), self._path(OUTPUT)
        try:
            result = await self._executor.wait(self._order.execution_id)
            await asyncio.to_thread(pack, parcel, {OUTPUT: output})
            return Ended(result, parcel.stat().st_size)
        except (LilypadError, OSError) as error:
            return _our(error)

    async def _read(self) -> None:
        try:
            with suppress(LilypadError, OSError, KeyError):  # whoever waits for the result hears why
                async for chunk in self._executor.logs(self._order.execution_id):
                    self._printed[chunk.stream] += chunk.data
                    self._wake()
        finally:
            asyncio.get_running_loop().call_soon(self._wake)  # once this task counts as done

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()

    def _path(self, name: str) -> Path:
        return self._place.folder / name


def sweep(owner: Owner) -> bool:
    """Throws away what this machine has of executions that nobody has in hand; whether its Docker engine answers."""
    return asyncio.run(_sweep(owner))


async def _sweep(owner: Owner) -> bool:
    docker = DockerExecutor(owner.docker, namespace=owner.namespace)
    try:
        with places(owner).sweeping() as busy:
            for execution in await docker.orphans(busy):
                await docker.cancel(execution)
    except ExecutorFaultError:
        return False
    finally:
        await docker.close()
    return True


def places(owner: Owner) -> Places:
    return Places(user_cache_path("lilypad"), owner.namespace)


def _executor(order: Order) -> Executor:
    if order.spec.engine is Engine.WASM:
        return WasmExecutor(user_cache_path("lilypad") / "wasm-cache", max_concurrent=1)
    return DockerExecutor(order.owner.docker, namespace=order.owner.namespace)


def _our(error: LilypadError | OSError) -> LilypadError:
    if isinstance(error, OSError):
        return MachineFaultError("a machine of the cluster cannot keep the job's files", reason=str(error))
    if isinstance(error, EngineAwayError):
        return MachineFaultError(error.message, **{name: str(value) for name, value in error.fields.items()})
    return error
