"""What a module writes to stdout and stderr: kept up to a limit, followed by readers while it grows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

from lilypad.executors.base import LogChunk


class Logs:
    """Written by the thread that runs the module, read by any event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._closed = False
        self._lock = threading.Lock()
        self._sleeping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def room(self, stream: bytearray) -> int:
        return self.limit - len(stream)

    def write(self, stream: bytearray, data: bytes) -> None:
        """Keeps what there is room for; the rest is cut off."""
        with self._lock:
            stream += data[: self.room(stream)]
        self._wake_readers()

    def close(self) -> None:
        """Nothing more will come."""
        with self._lock:
            self._closed = True
        self._wake_readers()

    async def so_far(self) -> AsyncIterator[LogChunk]:
        with self._lock:
            out, err = bytes(self.stdout), bytes(self.stderr)
        yield LogChunk("stdout", out)
        yield LogChunk("stderr", err)

    async def follow(self) -> AsyncIterator[LogChunk]:
        """Everything so far, then what comes, until close()."""
        seen_out = seen_err = 0
        while True:
            more = asyncio.Event()
            with self._lock:
                out, err = bytes(self.stdout[seen_out:]), bytes(self.stderr[seen_err:])
                closed = self._closed
                if not (out or err or closed):
                    self._sleeping.append((asyncio.get_running_loop(), more))
            if out:
                yield LogChunk("stdout", out)
            if err:
                yield LogChunk("stderr", err)
            seen_out, seen_err = seen_out + len(out), seen_err + len(err)
            if closed:
                return
            if not (out or err):
                await more.wait()

    def _wake_readers(self) -> None:
        with self._lock:
            sleeping, self._sleeping = self._sleeping, []
        for loop, more in sleeping:
            if not loop.is_closed():
                loop.call_soon_threadsafe(more.set)
