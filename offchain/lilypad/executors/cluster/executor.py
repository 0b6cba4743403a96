"""Runs jobs on a Ray cluster: the same executions, by the executors of its machines, with the same limits.

Ray itself lives in a process of its own (`process`), so that neither its import nor its end is the agent's.
Jobs outlive both: the next start finds them by their ids.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lilypad.crashing import WITH
from lilypad.errors import EngineAwayError, ExecutorFaultError
from lilypad.executors.base import LogChunk
from lilypad.executors.cluster.node import Owner
from lilypad.executors.cluster.wire import Answer, Call, Hello, Item, Machine, Notice, Stop, Wire
from lilypad.executors.container_files import Record
from lilypad.executors.docker import DEFAULT_ENGINE
from lilypad.types import ExecutionResult, ExecutionSpec

log = logging.getLogger(__name__)

ROOM_SECONDS = 30
"""Less than it takes until a deal cannot be declined any more."""
LISTEN_SECONDS = 5
JOIN_SECONDS = 40
END_SECONDS = 5
LINKS = 3
"""How many processes to the cluster may be lost before whoever asks one something hears of it."""
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # silences a warning
    "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
}


class LinkLostError(EngineAwayError):
    """The process to the cluster ended; the jobs go on."""


@dataclass(eq=False)
class _Link:
    """A process that is connected to the cluster, and who waits for its answers."""

    process: asyncio.subprocess.Process
    wire: Wire
    reading: asyncio.Task[None] = field(init=False)
    waiting: dict[int, asyncio.Queue[Item | Answer]] = field(default_factory=dict)
    is_lost: bool = False

    def __post_init__(self) -> None:
        self.reading = asyncio.create_task(self._read(), name="cluster")

    async def _read(self) -> None:
        async for message in self.wire.messages():
            if isinstance(message, Notice):
                log.warning(message.event, extra=message.fields)
            elif queue := self.waiting.get(message.number):
                queue.put_nowait(message)
        self.is_lost = True
        for number, queue in self.waiting.items():
            error = LinkLostError("the connection to the cluster was lost; is it still running?")
            queue.put_nowait(Answer(number, error=error))

    async def end(self) -> None:
        await self.wire.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self.process.wait()
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self.reading


class ClusterExecutor:
    """`Executor` for every engine, on the cluster's machines.

    Args:
        address: `HOST:PORT` of the cluster's head, or `auto` for the one that this machine belongs to. Either way this
            machine is one of the cluster's; it need not take jobs (`ray start --num-cpus 0`).
        namespace: keeps agents apart, as in `DockerExecutor`.
        docker: the engine's address on each machine.
        room_seconds: how long a job waits for a machine that has room for it.
    """

    def __init__(
        self,
        address: str,
        *,
        namespace: str = "default",
        docker: str = DEFAULT_ENGINE,
        room_seconds: float = ROOM_SECONDS,
    ) -> None:
        self._hello = Hello(address, Owner(namespace, docker), room_seconds)
        self._link: _Link | None = None
        self._linking: asyncio.Task[_Link] | None = None
        self._is_closed = False
        self._numbers = itertools.count(1)
        self._started: dict[str, tuple[ExecutionSpec, Path, Path]] = {}

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        given = (spec, inputs.absolute(), output.absolute())  # noqa: ASYNC240 - no look at the disk
        await self._call("start", execution_id, *given)
        self._started[execution_id] = given

    async def wait(self, execution_id: str) -> ExecutionResult:
        return await self._call("wait", execution_id)  # type: ignore[no-any-return]

    async def cancel(self, execution_id: str) -> None:
        started = self._started.pop(execution_id, None)
        try:
            await self._call("cancel", execution_id)
        finally:
            if started is not None:
                await asyncio.to_thread(Record.forget, started[2])

    async def logs(self, execution_id: str, *, follow: bool = True) -> AsyncGenerator[LogChunk, None]:
        seen = {"stdout": 0, "stderr": 0}
        async for chunk in self._calls("logs", execution_id, follow, seen):
            if isinstance(chunk, LogChunk):
                seen[chunk.stream] += len(chunk.data)
                yield chunk

    async def orphans(self, known: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of this namespace that the cluster has in hand but are not `known`; `cancel` removes them."""
        return await self._call("orphans", tuple(known))  # type: ignore[no-any-return]

    async def machines(self, *, ask_docker: bool = False) -> list[Machine]:
        """Those that take jobs. Each that is asked for its Docker engine throws away what it has of lost jobs."""
        return await self._call("machines", ask_docker)  # type: ignore[no-any-return]

    async def paces(self, known: Mapping[str, int]) -> dict[str, int]:
        """How many instructions of WebAssembly each machine runs in a second. Not measured again where it is `known`.

        Raises:
            EngineAwayError: none of them has said so.
        """
        paces: dict[str, int] = await self._call("paces", dict(known))
        if not paces:
            raise EngineAwayError("no machine of the cluster tells how fast it is", cluster=self._hello.address)
        return paces

    async def close(self) -> None:
        """Jobs go on; their results wait for the next executor."""
        self._is_closed = True
        if self._linking is not None:
            self._linking.cancel()
            await asyncio.gather(self._linking, return_exceptions=True)
        link, self._link = self._link, None
        if link is not None:
            await link.end()

    async def _call(self, method: str, *arguments: Any) -> Any:
        return [value async for value in self._calls(method, *arguments)][-1]

    async def _calls(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        """Items as they come, then the answer. Asked once more where the process to the cluster is lost: whatever it
        is, it may be asked twice. What the arguments say of what was seen is then as of now. A new process knows
        nothing of what an earlier one began, and is told first."""
        for link in range(1, LINKS + 1):
            try:
                async with aclosing(self._ask(method, arguments)) as answers:
                    async for answer in answers:
                        yield answer
                return
            except LinkLostError:
                if self._is_closed or link == LINKS:
                    raise
            except KeyError:
                if not self._has_begun(method, arguments):
                    raise
                if self._is_closed or link == LINKS:
                    raise EngineAwayError("the cluster does not know it any more", execution=arguments[0]) from None
            if self._has_begun(method, arguments):
                await self._call("start", arguments[0], *self._started[arguments[0]])

    def _has_begun(self, method: str, arguments: tuple[Any, ...]) -> bool:
        return method in ("wait", "logs") and arguments[0] in self._started

    async def _ask(self, method: str, arguments: tuple[Any, ...]) -> AsyncGenerator[Any, None]:
        link = await self._reach()
        number = next(self._numbers)
        queue = link.waiting[number] = asyncio.Queue()
        link.wire.send(Call(number, method, arguments))
        message: Item | Answer | None = None
        try:
            while not isinstance(message := await queue.get(), Answer):
                yield message.value
            if message.error is not None:
                raise message.error
            yield message.value
        finally:
            del link.waiting[number]
            if not isinstance(message, Answer):
                link.wire.send(Stop(number))

    async def _reach(self) -> _Link:
        """Joining goes on when one who waits for it has no more patience, for the others and for next time."""
        if self._link is not None and not self._link.is_lost:
            return self._link
        if self._linking is None:
            self._linking = asyncio.create_task(self._relink(), name="joining the cluster")
            self._linking.add_done_callback(self._linked)
        return await asyncio.shield(self._linking)

    async def _relink(self) -> _Link:
        lost, self._link = self._link, None
        if lost is not None:
            await lost.end()
        self._link = await self._join()
        return self._link

    def _linked(self, task: asyncio.Task[_Link]) -> None:
        self._linking = None
        if not task.cancelled():
            task.exception()  # there may be nobody left who waits

    async def _join(self) -> _Link:
        if importlib.util.find_spec("ray") is None:
            raise ExecutorFaultError("a cluster needs Ray: install it with `pip install 'lilypad[cluster]'`")
        await _check_listening(self._hello.address)
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "lilypad.executors.cluster.process", str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # Ray's own log lies in its session's folder
                env=os.environ | ENVIRONMENT | {WITH: str(os.getpid())},
                start_new_session=True,  # Ctrl-C is the agent's
            )  # fmt: skip
        link = _Link(process, await Wire.of(ours))
        try:
            await self._greet(link)
        except BaseException:
            process.kill()
            await link.end()
            raise
        return link

    async def _greet(self, link: _Link) -> None:
        queue = link.waiting[0] = asyncio.Queue()
        link.wire.send(self._hello)
        where = self._hello.address
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                answer = await queue.get()
        except TimeoutError:
            raise EngineAwayError("the cluster does not answer", cluster=where, waited=JOIN_SECONDS) from None
        finally:
            del link.waiting[0]
        error = answer.error if isinstance(answer, Answer) else None
        if isinstance(error, LinkLostError):
            message = "Ray gave up on the cluster; see Ray's log, and whether this machine is one of it"
            raise EngineAwayError(message, cluster=where)
        if error is not None:
            raise error


async def _check_listening(address: str) -> None:
    """Ray takes half a minute to find out."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return
    try:
        async with asyncio.timeout(LISTEN_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError as error:
        raise EngineAwayError("no cluster answers here; does its head run?", cluster=address, reason=error) from error
    writer.close()
