"""The process of an agent that is connected to the cluster: `python -m lilypad.executors.cluster.process FD`.

Apart from the agent because Ray takes over its process: signals, standard output, and in the end the process itself,
which it kills when the cluster cannot be reached for long. An agent has to outlive that. It ends when its agent does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import aclosing, suppress
from typing import Any

import ray

from lilypad.errors import EngineAwayError, ExecutorFaultError, LilypadError
from lilypad.executors.cluster.driver import Driver
from lilypad.executors.cluster.wire import Answer, Call, Hello, Item, Notice, Stop, Wire

WATCH_SECONDS = 1


async def serve(end: socket.socket) -> None:
    wire = await Wire.of(end)
    messages = wire.messages()
    hello: Hello = await anext(messages)
    try:
        _connect(hello)
    except Exception as error:
        reason = _first_line(error)
        wire.send(
            Answer(0, error=EngineAwayError("the cluster cannot be joined", cluster=hello.address, reason=reason))
        )
        return await wire.close()
    driver = Driver(hello.owner, hello.room_seconds, lambda event, fields: wire.send(Notice(event, fields)))
    wire.send(Answer(0))
    watching = asyncio.create_task(_watch(), name="watching")
    tasks: dict[int, asyncio.Task[None]] = {}
    async for message in messages:
        if isinstance(message, Call):
            task = tasks[message.number] = asyncio.create_task(_answer(wire, driver, message))
            task.add_done_callback(lambda _, number=message.number: tasks.pop(number, None))  # type: ignore[misc]
        elif isinstance(message, Stop) and message.number in tasks:
            tasks[message.number].cancel()
    watching.cancel()
    return None


async def _watch() -> None:
    """Ray does not tell a process that its machine is out of the cluster: it would wait for ever. A new one joins anew,
    where there is another."""
    here = ray.get_runtime_context().get_node_id()
    with suppress(Exception):  # whatever it is, nothing can be done from here
        while any(node["Alive"] and node["NodeID"] == here for node in ray.nodes()):  # noqa: ASYNC110
            await asyncio.sleep(WATCH_SECONDS)
    os._exit(1)


def _connect(hello: Hello) -> None:
    ray.init(
        address=hello.address,
        namespace=f"lilypad-{hello.owner.namespace}",
        log_to_driver=False,
        configure_logging=False,
    )


async def _answer(wire: Wire, driver: Driver, call: Call) -> None:
    value: Any = None
    failure: Exception | None = None
    try:
        value = await _do(wire, driver, call)
    except LilypadError as error:
        failure = error
    except Exception as error:
        is_unknown = isinstance(error, KeyError) and call.method in ("wait", "logs")
        failure = error if is_unknown else ExecutorFaultError("the work with the cluster broke", reason=repr(error))
    wire.send(Answer(call.number, value, failure))


async def _do(wire: Wire, driver: Driver, call: Call) -> Any:
    if call.method != "logs":
        return await getattr(driver, call.method)(*call.arguments)
    async with aclosing(driver.logs(*call.arguments)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            wire.send(Item(call.number, chunk))
    return None


async def _main(descriptor: int) -> None:
    await serve(socket.socket(fileno=descriptor))
    os._exit(0)  # Ray's own way out takes seconds, and jobs go on anyway


def _first_line(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return said[0] if said else "Ray says nothing; with another token (RAY_AUTH_TOKEN) it refuses like this"


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
