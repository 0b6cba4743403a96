"""Who uses a store's blocks now: what stands between a collection and everybody else, in any thread or process.

A *hold* is taken for as long as somebody needs blocks that nothing pins yet: while a tree is added, fetched or read,
until its root is pinned. It is a file that its holder keeps locked; a process that is killed lets go of it. Whatever a
holder puts, or finds to be there already, gets the time of that as its file's modification time, and a collection
takes a block only if nothing pinned leads to it and its time is before the collection's *limit*: the moment at which
the collection began, or the beginning of the oldest hold of that moment.

Why that never takes a block in use. All times come from one clock that never goes back (`_tick`: the machine's, but
always later than any that was given out in this store, whoever asked). Say somebody's hold H covers a block.

- H began after the collection did: the block was stamped after the limit, so it stays.
- H was there when the collection began: the limit is not later than H's beginning, and the block was stamped after
  that, so it stays, also once H has ended.
- H had ended when the collection began: what it was for is pinned, and pins are read after the limit is set; the
  collection follows them. Nothing else was promised.

Stamping a file that is there, giving a new one its name, and a collection's last look at a block's time with its
removal happen one at a time (`latched`), so no stamp comes between the look and the removal.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Hold:
    name: str
    began: int

    def stamp(self) -> int:
        """The time for a block that is put or found now, in nanoseconds."""
        return max(time.time_ns(), self.began)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a collection that has begun may take."""

    before: int
    """Blocks whose time is before this one."""
    living: frozenset[str]
    """The names of the holds that were there."""


class Holds:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "holds"
        self._latch = folder / "latch"
        self._clock = folder / "clock"
        self._collector = folder / "collector"

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        name = secrets.token_hex(8)
        path = self._folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.latched():  # or a collection might find it before it is locked, and take it for a dead one
            descriptor = os.open(path, _NEW_FILE | os.O_EXCL, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            began = self._tick()
            os.utime(descriptor, ns=(began, began))
        try:
            yield Hold(name, began)
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)

    @contextmanager
    def latched(self) -> Iterator[None]:
        """One at a time, for a moment."""
        with _locked(self._latch):
            yield

    @contextmanager
    def collecting(self) -> Iterator[Limit]:
        """One collection at a time. Takes away what the dead have left of their holds."""
        with _locked(self._collector):
            with self.latched():
                before, living = self._tick(), set()
                for path in list(self._folder.iterdir()) if self._folder.exists() else []:
                    if (began := _living(path)) is not None:
                        living.add(path.name)
                        before = min(before, began)
            yield Limit(before, frozenset(living))

    def _tick(self) -> int:
        """Call it latched. The file's time is the last one that was given out."""
        descriptor = os.open(self._clock, _NEW_FILE, 0o600)
        try:
            now = max(time.time_ns(), os.fstat(descriptor).st_mtime_ns + 1)
            os.utime(descriptor, ns=(now, now))
        finally:
            os.close(descriptor)
        return now


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, _NEW_FILE, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _living(hold: Path) -> int | None:
    """When it began; a dead one is removed."""
    try:
        descriptor = os.open(hold, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hold.unlink(missing_ok=True)
    except BlockingIOError:
        return os.fstat(descriptor).st_mtime_ns
    finally:
        os.close(descriptor)
    return None
