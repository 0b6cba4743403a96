"""A block store's files: `blocks/<xy>/<cid>`, xy being the two letters before the last; `pins/<cid>`, which are empty.

A block is written to `partial/`, flushed to the disk and renamed, so a name never stands for half a block. Every read
is checked; what the disk has spoiled is removed and counts as absent. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lilypad.crashing import crash_point
from lilypad.errors import ContentInvalidError, ContentUnavailableError, FaultError
from lilypad.store import dagpb
from lilypad.store.cid import Cid, Codec
from lilypad.store.dag import Block
from lilypad.store.holds import Hold, Holds

DISK_BLOCK = 4096
_STAMPED_AT_ONCE = 64

MOST_SIZES = 100_000
"""That are remembered."""


@dataclass(frozen=True, slots=True)
class Pin:
    root: Cid
    renewed: int
    """When it was made, or last said to be needed: nanoseconds."""
    size: int
    """Of the blocks below, each once; those that it shares with others are counted for each of them."""


def on_disk(size: int) -> int:
    """What a file takes: whole blocks of the disk."""
    return -(-size // DISK_BLOCK) * DISK_BLOCK


class BlockFiles:
    def __init__(self, folder: Path) -> None:
        self._blocks = folder / "blocks"
        self._partial = folder / "partial"
        self._pins = folder / "pins"
        self.holds = Holds(folder)
        self._sizes: dict[Cid, int] = {}
        self._counting = threading.Lock()
        self.written = 0
        """Bytes on the disk, of all that came by here."""

    def path(self, cid: Cid) -> Path:
        text = str(cid)
        return self._blocks / text[-3:-1] / text

    # ------------------------------------------------------------------ blocks

    def read(self, cid: Cid) -> bytes:
        path = self.path(cid)
        try:
            return Block.checked(cid, path.read_bytes()).data
        except FileNotFoundError:
            raise ContentUnavailableError("Content is not in the local store", cid=cid) from None
        except ContentInvalidError:
            path.unlink(missing_ok=True)
            raise ContentUnavailableError("Content was spoiled on disk; fetch it again", cid=cid) from None

    def write(self, blocks: Iterable[Block]) -> None:
        """All files first, then all flushes: the disk gathers them, which is many times faster."""
        self._partial.mkdir(parents=True, exist_ok=True)
        data = {block.cid: block.data for block in blocks}
        with self.holds.hold() as hold, contextlib.ExitStack() as stack:
            missing = self._find(data, hold)
            written = [(cid, *stack.enter_context(_partial_file(self._partial, data[cid], hold))) for cid in missing]
            for cid, descriptor, name in written:
                os.fsync(descriptor)
                path = self.path(cid)
                path.parent.mkdir(parents=True, exist_ok=True)
                crash_point("blocks.flushed")
                with self.holds.latched():
                    name.replace(path)
            crash_point("blocks.kept")
        with self._counting:
            self.written += sum(on_disk(len(data[cid])) for cid in missing)

    def remove(self, cid: Cid) -> None:
        if (self._pins / str(cid)).exists():
            raise FaultError("This content is pinned; unpin it first", cid=cid)
        self.path(cid).unlink(missing_ok=True)

    def every_block(self) -> Iterator[tuple[Cid, int, int]]:
        """With size and time; what goes away meanwhile is left out."""
        for folder in _listed(self._blocks):
            for path in _listed(folder):
                with contextlib.suppress(FileNotFoundError, ContentInvalidError):
                    status = path.stat()
                    yield Cid.parse(path.name), status.st_size, status.st_mtime_ns

    def partial_files(self) -> list[Path]:
        return _listed(self._partial)

    # ------------------------------------------------------------------ trees

    def children(self, cid: Cid) -> list[Cid] | None:
        """What a block links to; None if it is not here. One that is no node of ours leads nowhere."""
        if cid.codec is Codec.RAW:
            return [] if self.path(cid).exists() else None
        try:
            return [link.cid for link in dagpb.decode(self.path(cid).read_bytes()).links]
        except FileNotFoundError:
            return None
        except ContentInvalidError:
            return []

    def below(self, roots: Iterable[Cid]) -> Iterator[tuple[Cid, bool]]:
        """All that the roots lead to, themselves too, each once, and whether it is here."""
        ahead = list(dict.fromkeys(roots))
        seen = set(ahead)
        while ahead:
            cid = ahead.pop()
            found = self.children(cid)
            yield cid, found is not None
            fresh = [child for child in dict.fromkeys(found or ()) if child not in seen]
            seen.update(fresh)
            ahead.extend(fresh)

    def find_below(self, roots: Iterable[Cid], hold: Hold) -> list[Cid]:
        """Stamps all that is here below some roots, and returns what is missing."""
        cids = [cid for cid, _ in self.below(roots)]
        starts = range(0, len(cids), _STAMPED_AT_ONCE)
        return [cid for at in starts for cid in self._find(cids[at : at + _STAMPED_AT_ONCE], hold)]

    def _find(self, cids: Iterable[Cid], hold: Hold) -> list[Cid]:
        """Stamps those that are here, and returns the others."""
        missing, stamp = [], hold.stamp()
        with self.holds.latched():
            for cid in cids:
                try:
                    os.utime(self.path(cid), ns=(stamp, stamp))
                except FileNotFoundError:
                    missing.append(cid)
        return missing

    # ------------------------------------------------------------------ pins

    def pins(self) -> list[Cid]:
        return [Cid.parse(pin.name) for pin in _listed(self._pins)]

    def pin(self, cid: Cid) -> None:
        with self.holds.hold() as hold:
            if missing := self.find_below([cid], hold):
                message = "Only what is here entirely can be pinned; fetch it first"
                raise ContentUnavailableError(message, cid=cid, missing=missing[0])
            self._pins.mkdir(parents=True, exist_ok=True)
            pin, stamp = self._pins / str(cid), hold.stamp()
            with self.holds.latched():
                pin.touch()
                os.utime(pin, ns=(stamp, stamp))
            for folder in (self._pins, self.path(cid).parent):
                _flush_folder(folder)

    def unpin(self, cid: Cid) -> None:
        (self._pins / str(cid)).unlink(missing_ok=True)

    def renew(self, cid: Cid) -> bool:
        if not (self._pins / str(cid)).exists():
            return False
        with self.holds.hold() as hold, self.holds.latched(), contextlib.suppress(FileNotFoundError):
            os.utime(self._pins / str(cid), ns=(hold.stamp(), hold.stamp()))
            return True
        return False

    def release(self, pin: Pin) -> bool:
        path = self._pins / str(pin.root)
        with self.holds.latched(), contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime_ns == pin.renewed:
                path.unlink()
                return True
        return False

    def shelf(self) -> list[Pin]:
        found = []
        for cid in self.pins():
            with contextlib.suppress(FileNotFoundError):
                found.append(Pin(cid, (self._pins / str(cid)).stat().st_mtime_ns, self.size_below(cid)))
        return sorted(found, key=lambda pin: pin.renewed)

    def size_below(self, root: Cid) -> int:
        """Of the blocks that are here, each once. What nodes say of the sizes below them is whatever their maker wrote.
        Content does not change, so a whole tree is walked once."""
        if (known := self._sizes.get(root)) is not None:
            return known
        total, is_whole = 0, True
        for cid, _ in self.below([root]):
            try:
                total += on_disk(self.path(cid).stat().st_size)
            except FileNotFoundError:
                is_whole = False
        if is_whole:
            if len(self._sizes) >= MOST_SIZES:
                self._sizes.clear()
            self._sizes[root] = total
        return total


@contextlib.contextmanager
def _partial_file(folder: Path, data: bytes, hold: Hold) -> Iterator[tuple[int, Path]]:
    """Named for the hold that it is written under: without that it is what a crash has left."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f"{hold.name}-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        stamp = hold.stamp()
        os.utime(descriptor, ns=(stamp, stamp))
        yield descriptor, path
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
