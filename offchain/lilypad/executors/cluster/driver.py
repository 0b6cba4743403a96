"""Executions on a Ray cluster, each a named actor that outlives us.

The name is the execution's id, in a namespace of this agent, so the cluster itself refuses to run one twice, and the
next process finds what this one has begun. Where its machine goes down the job is run again on another: a job is
deterministic, and nothing of the first try is kept. Restarts are ours and not Ray's, which would look for the inputs in
the memory of a process that may be gone; ours lie on the agent's disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError
from ray.util import list_named_actors

from lilypad.crashing import crash_point
from lilypad.errors import EngineAwayError, ExecutorFaultError, LilypadError
from lilypad.executors.base import LogChunk
from lilypad.executors.cluster import machines
from lilypad.executors.cluster import output as outputs
from lilypad.executors.cluster.inputs import send
from lilypad.executors.cluster.machines import Tell, said
from lilypad.executors.cluster.node import VERSIONS, About, MachineFaultError, NodeJob, Order, Owner
from lilypad.executors.cluster.wire import Machine
from lilypad.executors.container_files import Record
from lilypad.types import ExecutionResult, ExecutionSpec

TRIES = 3
AWAY_SECONDS = 120
"""After that an actor that cannot be reached, and whose machine is not given up by the cluster, counts as lost."""
POLITE_SECONDS = 15
LOOK_SECONDS = 0.1


class _LeavingError(Exception):
    """The actor is dead, and its name is not free yet."""


@dataclass(eq=False)
class _Execution:
    order: Order
    inputs: Path
    output: Path
    started: asyncio.Future[None] = field(default_factory=asyncio.Future)
    ended: asyncio.Future[ExecutionResult] = field(default_factory=asyncio.Future)
    actor: Any = None
    task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        for future in (self.started, self.ended):
            future.add_done_callback(lambda f: f.exception())  # there may be nobody who waits for it

    def fail(self, error: Exception) -> None:
        for future in (self.started, self.ended):
            if not future.done():
                future.set_exception(error)

    def succeed(self, result: ExecutionResult) -> None:
        if not self.started.done():
            self.started.set_result(None)
        self.ended.set_result(result)


class Driver:
    """`Executor`, in a process that is connected to Ray and does nothing else."""

    def __init__(self, owner: Owner, room_seconds: float, tell: Tell) -> None:
        self._owner = owner
        self._room_seconds = room_seconds
        self._tell = tell
        self._executions: dict[str, _Execution] = {}
        self._sweeping: asyncio.Task[list[Machine]] | None = None

    async def start(self, execution_id: str, spec: ExecutionSpec, inputs: Path, output: Path) -> None:
        order = Order(execution_id, spec, self._owner)
        execution = self._executions.get(execution_id)
        if execution is None:
            execution = self._executions[execution_id] = _Execution(order, inputs, output)
            execution.task = asyncio.create_task(self._carry(execution), name=execution_id)
        elif execution.order.digest != order.digest:
            raise _another_spec(execution_id)
        try:
            await asyncio.shield(execution.started)
        except LilypadError:
            if self._executions.get(execution_id) is execution:
                del self._executions[execution_id]
            raise

    async def wait(self, execution_id: str) -> ExecutionResult:
        return await asyncio.shield(self._executions[execution_id].ended)

    async def cancel(self, execution_id: str) -> None:
        execution = self._executions.pop(execution_id, None)
        if execution is not None and execution.task is not None:
            execution.fail(ExecutorFaultError("the execution was cancelled", execution=execution_id))
            execution.task.cancel()
            await asyncio.gather(execution.task, return_exceptions=True)
        await self._dismiss(execution_id, is_there=execution is None or execution.actor is not None)

    async def logs(self, execution_id: str, follow: bool, seen: dict[str, int]) -> AsyncIterator[LogChunk]:
        """After what the reader has seen, also where the job had to begin again on another machine."""
        execution = self._executions[execution_id]
        is_all = False
        while not is_all:
            if execution.ended.done():
                printed, is_all = outputs.printed(execution.output), True
                news = {stream: data[seen[stream] :] for stream, data in printed.items()}
            else:
                news, is_all = await self._news(execution, seen, follow)
            for stream, data in news.items():
                if data:
                    seen[stream] += len(data)
                    yield LogChunk(stream, data)  # type: ignore[arg-type]
            is_all |= not follow

    async def _news(self, execution: _Execution, seen: dict[str, int], follow: bool) -> tuple[dict[str, bytes], bool]:
        with suppress(RayError):
            if execution.actor is not None:
                printed = await execution.actor.read_logs.remote(seen["stdout"], seen["stderr"], follow)
                return {"stdout": printed.stdout, "stderr": printed.stderr}, printed.is_all
        await asyncio.wait([execution.ended], timeout=LOOK_SECONDS)  # until it is placed again, or has ended
        return {}, False

    async def orphans(self, known: Collection[str]) -> tuple[str, ...]:
        return tuple(sorted(set(list_named_actors()) - set(known)))

    async def machines(self, ask_docker: bool) -> list[Machine]:
        return await machines.survey(self._owner, self._tell, ask_docker=ask_docker)

    async def paces(self, known: dict[str, int]) -> dict[str, int]:
        return await machines.paces(known, self._tell)

    def _sweep(self) -> None:
        """Where only a process was lost its machine still has what that had in hand, a container perhaps."""
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self.machines(ask_docker=True), name="sweeping")

    # -- one execution, from its machine's choice to its output ------------------------------------

    async def _carry(self, execution: _Execution) -> None:
        """To its end, on as many machines as it takes."""
        failures, away = 0, 0
        while not execution.ended.done():
            try:
                execution.succeed(await self._try(execution))
            except (ActorUnavailableError, _LeavingError) as error:
                away += 1
                if away > AWAY_SECONDS:
                    execution.fail(EngineAwayError("the machine that runs it cannot be reached", reason=said(error)))
                await asyncio.sleep(1)
            except (RayActorError, MachineFaultError) as error:
                failures += 1
                reason = said(error)
                self._tell("cluster_lost_a_job", {"execution": execution.order.execution_id, "reason": reason})
                await self._give_up(execution.order.execution_id)
                if failures == TRIES:
                    execution.fail(_hopeless(error, reason))
            except LilypadError as error:
                execution.fail(error)
            except RayError as error:
                execution.fail(EngineAwayError("the cluster could not do it", reason=said(error)))
            except OSError as error:
                execution.fail(ExecutorFaultError("this machine cannot keep the job's files", reason=error))
            except Exception as error:
                # Ray has errors of no kind of its own; whoever waits for the end must hear of it.
                execution.fail(ExecutorFaultError("the cluster could not be worked with", reason=repr(error)))

    async def _try(self, execution: _Execution) -> ExecutionResult:
        order = execution.order
        if (record := Record.load(execution.output)) is not None:
            if record.spec_digest != order.digest:
                raise _another_spec(order.execution_id)
            await self._let_go(order.execution_id)
            return record.result
        execution.actor = await self._adopt(order) or await self._place(execution)
        if not execution.started.done():
            execution.started.set_result(None)
        ended = await execution.actor.wait.remote()
        if isinstance(ended, LilypadError):
            raise ended
        await outputs.collect(execution.actor, ended, execution.output, order.spec.limits)
        crash_point("cluster.unpacked")
        record = Record(order.execution_id, order.digest, ended.result)
        await asyncio.to_thread(record.keep, execution.output)
        crash_point("cluster.recorded")
        await self._let_go(order.execution_id)
        return record.result

    async def _adopt(self, order: Order) -> Any:
        """What an earlier process has begun. What it had not quite begun is thrown away."""
        actor = _find(order.execution_id)
        if actor is None:
            return None
        about = await self._hear_of(order, actor)
        if about.digest == order.digest and about.has_begun:
            return actor
        if about.has_begun:
            raise _another_spec(order.execution_id)
        await self._dismiss(order.execution_id)
        return None

    async def _place(self, execution: _Execution) -> Any:
        order = execution.order
        outputs.check_free(execution.output)
        actor = ray.remote(NodeJob).options(
            name=order.execution_id,
            lifetime="detached",
            max_restarts=0,
            scheduling_strategy="SPREAD",
            **machines.request(order.spec),
        ).remote(order)  # fmt: skip
        about = await self._hear_of(order, actor)
        execution.actor = actor
        try:
            if about.versions != VERSIONS:
                message = "a machine of the cluster has another version of Lilypad"
                raise ExecutorFaultError(message, here=VERSIONS, there=about.versions)
            await send(actor, order.spec, execution.inputs, execution.output)
            refusal = await actor.begin.remote()
            if refusal is not None:
                raise refusal
        except (LilypadError, RayError, OSError):
            await self._let_go(order.execution_id)
            raise
        return actor

    async def _hear_of(self, order: Order, actor: Any) -> About:
        """Once it has a machine, which it does not get as long as all are busy."""
        try:
            async with asyncio.timeout(self._room_seconds):
                return await actor.about.remote()  # type: ignore[no-any-return]
        except TimeoutError:
            await self._dismiss(order.execution_id, is_there=False)
            raise EngineAwayError("no machine of the cluster has room for it now", waited=self._room_seconds) from None

    async def _give_up(self, execution_id: str) -> None:
        """This try of it. Another one needs its name, and its machine may have a container of it."""
        await self._let_go(execution_id)
        self._sweep()

    async def _let_go(self, execution_id: str) -> None:
        """What is known of it is known, whatever is in the way of this: a later sweep finds what is left."""
        with suppress(Exception):
            await self._dismiss(execution_id)

    async def _dismiss(self, execution_id: str, *, is_there: bool = True) -> None:
        """Nothing of it runs any more when this is done, unless its machine is lost, where a sweep finds it."""
        with suppress(_LeavingError):
            actor = _find(execution_id)
            if actor is None:
                return
            with suppress(RayError, TimeoutError):
                async with asyncio.timeout(POLITE_SECONDS if is_there else 0):
                    await actor.cancel.remote()
            with suppress(RayError):
                ray.kill(actor)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLITE_SECONDS):
                while execution_id in list_named_actors():  # noqa: ASYNC110 - the cluster tells nobody of a free name
                    await asyncio.sleep(LOOK_SECONDS)


def _find(execution_id: str) -> Any:
    try:
        return ray.get_actor(execution_id)
    except ValueError:
        return None
    except AssertionError as error:  # Ray's own: it does not find what belonged to an actor that has just died
        raise _LeavingError(execution_id) from error


def _hopeless(error: Exception, reason: str) -> ExecutorFaultError:
    if isinstance(error, MachineFaultError):  # it may be well again soon
        return EngineAwayError("no machine that was asked to could run it", times=TRIES, reason=reason)
    return ExecutorFaultError("every machine that ran it was lost", times=TRIES, reason=reason)


def _another_spec(execution_id: str) -> ExecutorFaultError:
    return ExecutorFaultError("this id was begun with another spec", execution=execution_id)
