"""A machine of the cluster keeps one folder for each execution that it has in hand.

Who works in a folder holds a lock on it, which ends with its process, however that ends. So what is not locked was left
by a process that is no more, and can be thrown away, with its container, by whoever comes next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lilypad.errors import ExecutorFaultError

PATIENCE_SECONDS = 20
"""How long the process of an earlier try may take to end."""


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    lock: int
    """An open file; the lock goes with it."""


class Places:
    """Those of one agent, on this machine."""

    def __init__(self, cache: Path, namespace: str) -> None:
        self._root = cache / "cluster" / hashlib.sha256(namespace.encode()).hexdigest()[:16]
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self, execution_id: str) -> Place:
        """Empty, and nobody else's."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (place := self._try(execution_id)) is None:
            if time.monotonic() > until:
                raise ExecutorFaultError("an earlier try still runs on this machine", execution=execution_id)
            time.sleep(0.1)
        for path in place.folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return place

    def leave(self, place: Place) -> None:
        with self._alone():
            shutil.rmtree(place.folder, ignore_errors=True)
            os.close(place.lock)

    @contextmanager
    def sweeping(self) -> Iterator[set[str]]:
        """The executions under way. Throws away the folders of all others; nobody begins one meanwhile."""
        with self._alone():
            busy = set()
            for folder in self._root.iterdir():
                if not folder.is_dir():
                    continue
                lock = _lock(folder / "lock")
                if lock is None:
                    busy.add(folder.name)
                else:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)
            yield busy

    def _try(self, execution_id: str) -> Place | None:
        with self._alone():
            folder = self._root / execution_id
            folder.mkdir(exist_ok=True, mode=0o700)
            lock = _lock(folder / "lock")
            return None if lock is None else Place(folder, lock)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        file = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _lock(path: Path) -> int | None:
    """The open file, or None if somebody else holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file
    os.close(file)
    return None
