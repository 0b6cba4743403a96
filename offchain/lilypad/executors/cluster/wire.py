"""How an agent and its process at the cluster talk: frames on a socket between the two, each a pickled message.

Both ends are processes of one agent on one machine, and of one version.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lilypad.executors.cluster.node import Owner

_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message to the process: which cluster, and for whom."""

    address: str
    owner: Owner
    room_seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    number: int
    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody waits for the answer any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Item:
    """One of several answers."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The last one. Number 0: of the greeting."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """For the agent's log."""

    event: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """One of the cluster's that is there."""

    address: str
    cpu: float
    gpu: float
    memory_bytes: float
    has_docker: bool | None = None
    """None: not asked."""


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def of(cls, end: socket.socket) -> Wire:
        return cls(*await asyncio.open_connection(sock=end))

    def send(self, message: Any) -> None:
        frame = pickle.dumps(message)
        self._writer.write(len(frame).to_bytes(_LENGTH_BYTES, "big") + frame)

    async def messages(self) -> AsyncIterator[Any]:
        """Until the other end is no more."""
        while True:
            try:
                length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "big")
                frame = await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError):
                return
            yield pickle.loads(frame)

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
