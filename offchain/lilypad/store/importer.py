"""From a directory on disk to blocks.

The directory may have been filled by hostile code, so nothing in it is trusted: no link is followed
(every step is opened relative to the folder above it, with O_NOFOLLOW), anything but plain files and
directories is refused, also a file with a second name (hard link), and so is a file that changes
while it is read. All functions here read the disk and block; call them in a thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lilypad.errors import ContentInvalidError
from lilypad.store.dag import Block, Budget, DagLimits
from lilypad.store.dagpb import Link
from lilypad.store.unixfs import CHUNK_BYTES, Part, check_name, directory_block, file_blocks

Watch = Callable[[str, bytes], None]
"""Is told the relative path of a file and each of its chunks in order (b"" for an empty file)."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = _OPEN | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_DIRECTORY = _OPEN | os.O_DIRECTORY


def directory_blocks(
    path: Path, limits: DagLimits | None = None, watch: Watch | None = None
) -> Generator[Block, None, Part]:
    """The blocks of a directory, children first, so the last is its root."""
    walk = _Walk(Budget(limits or DagLimits()), watch)
    with _opened(_OPEN_DIRECTORY, os.fspath(path), None, "") as folder:
        return (yield from walk.directory(folder, ""))


def bytes_blocks(data: bytes) -> Generator[Block, None, Part]:
    """The blocks of a file with these bytes."""
    view = memoryview(data)
    return file_blocks(bytes(view[at : at + CHUNK_BYTES]) for at in range(0, len(data), CHUNK_BYTES))


@dataclass(slots=True)
class _Walk:
    budget: Budget
    watch: Watch | None

    def directory(self, folder: int, where: str) -> Generator[Block, None, Part]:
        entries: list[Link] = []
        for name in self._names(folder, where):
            part = yield from self._entry(folder, name, f"{where}{name}")
            entries.append(part.link(name))
        part = directory_block(entries)
        yield part.block
        return part

    def _names(self, folder: int, where: str) -> list[str]:
        """The names in a folder, sorted; counted while they are read, as there may be very many."""
        names: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self.budget.spend(entries=1)
                names.append(_utf8(entry.name, where))
        return sorted(names, key=str.encode)

    def _entry(self, folder: int, name: str, path: str) -> Generator[Block, None, Part]:
        self.budget.check_path(path)
        kind = stat.S_IFMT(_lstat(folder, name, path).st_mode)
        if kind == stat.S_IFDIR:
            with _opened(_OPEN_DIRECTORY, name, folder, path) as inner:
                return (yield from self.directory(inner, path + "/"))
        if kind != stat.S_IFREG:
            found = _KINDS.get(kind, "special file")
            raise ContentInvalidError(f"Only plain files and directories are content, not a {found}", path=path)
        with _opened(_OPEN_FILE, name, folder, path) as file:
            return (yield from file_blocks(self._chunks(file, path)))

    def _chunks(self, file: int, path: str) -> Iterator[bytes]:
        before = os.fstat(file)
        _check_plain(before, path)
        if before.st_size > self.budget.limits.total_bytes:
            self.budget.spend(total_bytes=before.st_size)
        while chunk := _read_chunk(file):
            self.budget.spend(total_bytes=len(chunk))
            self._tell(path, chunk)
            yield chunk
        if before.st_size == 0:
            self._tell(path, b"")
        if _version(os.fstat(file)) != _version(before):
            raise ContentInvalidError("Changed while it was read", path=path)

    def _tell(self, path: str, chunk: bytes) -> None:
        if self.watch is not None:
            self.watch(path, chunk)


_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


@contextmanager
def _opened(flags: int, name: str, folder: int | None, path: str) -> Iterator[int]:
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        raise ContentInvalidError("Cannot open this", path=path or name, why=error.strerror) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lstat(folder: int, name: str, path: str) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        raise ContentInvalidError("Changed while it was read", path=path, why=error.strerror) from None


def _check_plain(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ContentInvalidError("Changed while it was read: no plain file any more", path=path)
    if status.st_nlink != 1:
        raise ContentInvalidError("A file must have one name only; copy it instead of linking it", path=path)


def _version(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_nlink


def _read_chunk(file: int) -> bytes:
    """Exactly CHUNK_BYTES, or what is left of the file."""
    parts: list[bytes] = []
    missing = CHUNK_BYTES
    while missing and (part := os.read(file, missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _utf8(name: str, where: str) -> str:
    try:
        text = os.fsencode(name).decode()
    except UnicodeDecodeError:
        raise ContentInvalidError("A file name is not UTF-8", folder=where, name=ascii(name)) from None
    check_name(text)
    return text
