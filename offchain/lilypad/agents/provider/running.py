"""What a running provider leaves for other commands on its machine: where it is, and whether it takes deals.

The file is locked for as long as its process lives, so that nobody is misled by a crash or a process id used again.
"""

from __future__ import annotations

import asyncio
import enum
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from lilypad.agents.provider.capacity import NOTHING, Booking
from lilypad.settings import Settings
from lilypad.types import Address, Resources

FILE = "running.json"
LOOK_SECONDS = 0.2


class RunState(enum.StrEnum):
    SERVING = "serving"
    DRAINING = "draining"
    """Takes no more deals; ends when those in hand have."""
    DRAINED = "drained"
    """Ended with nothing in hand."""
    STOPPED = "stopped"
    """Ended; what was in hand goes on at the next start."""


@dataclass(frozen=True, slots=True)
class RunningProvider:
    pid: int
    url: str
    places: int
    price_per_instruction: int
    """Wei."""
    started: float
    drains: bool = True
    """SIGUSR1 makes it end when its deals have; not where it is a part of a larger process."""
    state: RunState = RunState.SERVING
    booking: Booking = field(default_factory=lambda: Booking(NOTHING))


def provider_folder(settings: Settings, account: Address) -> Path:
    """Everything that a provider's account keeps on this machine."""
    return settings.data / "provider" / str(settings.chain_id) / account.lower()


class RunningFile:
    """Held by the provider itself."""

    def __init__(self, descriptor: int, now: RunningProvider) -> None:
        self._descriptor = descriptor
        self._now = now

    def tell(self, state: RunState) -> None:
        self._write(replace(self._now, state=state))

    def book(self, booking: Booking) -> None:
        """What cannot be told, the disk being full, is told with the next change."""
        with suppress(OSError):
            self._write(replace(self._now, booking=booking))

    def _write(self, now: RunningProvider) -> None:
        self._now = now
        text = json.dumps(asdict(self._now)).encode()
        os.pwrite(self._descriptor, text, 0)  # over the old text: that needs no room
        os.ftruncate(self._descriptor, len(text))

    @property
    def state(self) -> RunState:
        return self._now.state


@contextmanager
def running_file(folder: Path, url: str, places: int, price: int, *, drains: bool) -> Iterator[RunningFile]:
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # whoever looks holds it for a moment only
        here = RunningFile(descriptor, RunningProvider(os.getpid(), url, places, price, time.time(), drains))
        here.tell(RunState.SERVING)
        try:
            yield here
        finally:
            if here.state is not RunState.DRAINED:
                here.tell(RunState.STOPPED)
    finally:
        os.close(descriptor)


def find_running(folder: Path) -> RunningProvider | None:
    """The provider that runs with this folder now."""
    try:
        with (folder / FILE).open() as file:
            if _is_free(file.fileno()):
                return None
    except FileNotFoundError:
        return None
    return last_known(folder)


def last_known(folder: Path) -> RunningProvider | None:
    """What the last one left, whether or not it runs."""
    for _ in range(20):
        try:
            plain = json.loads((folder / FILE).read_text())
            parts = plain.get("booking", asdict(Booking(NOTHING)))  # of an earlier version
            booking = Booking(**{name: Resources(**part) for name, part in parts.items()})
            return RunningProvider(**{**plain, "state": RunState(plain["state"]), "booking": booking})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            time.sleep(0.01)  # it is being written
    return None


async def how_it_ended(folder: Path) -> RunState | None:
    """Waits until no provider runs with this folder. Another process's end is nobody's event, so this looks."""
    while True:
        if find_running(folder) is None:
            last = last_known(folder)
            return last.state if last else None
        await asyncio.sleep(LOOK_SECONDS)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True
