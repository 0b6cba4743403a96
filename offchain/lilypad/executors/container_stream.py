"""A container's output while it is being written: a blocking stream, read in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from lilypad.errors import ExecutorFaultError
from lilypad.executors.container_output import Frame, parse


async def frames_of(open_stream: Callable[[], Any], gone: tuple[type[Exception], ...]) -> AsyncIterator[Frame]:
    """Frames as they come. `gone` are the errors that say that the reader or the engine went away."""
    ends = (OSError, ExecutorFaultError, *gone)
    queue: asyncio.Queue[Frame | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    stream = await asyncio.to_thread(open_stream)

    def put(frame: Frame | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, frame)

    thread = threading.Thread(target=_pump, args=(stream, put, ends), daemon=True)
    thread.start()
    try:
        while (frame := await queue.get()) is not None:
            yield frame
    finally:
        stream.close()
        await asyncio.to_thread(thread.join)


def _pump(stream: Iterator[bytes], put: Callable[[Frame | None], None], ends: tuple[type[Exception], ...]) -> None:
    try:
        for item in parse(stream):
            if isinstance(item, Frame):
                put(item)
    except ends:
        pass  # whoever waits for the result hears why
    finally:
        put(None)
