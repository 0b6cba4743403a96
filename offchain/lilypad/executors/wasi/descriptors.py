"""What a module's file descriptors stand for."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from lilypad.executors.wasi.errno import Errno, WasiError
from lilypad.executors.wasi.filesystem import Directory, File

MAX_DESCRIPTORS = 256


class FileType(enum.IntEnum):
    UNKNOWN = 0
    DIRECTORY = 3
    REGULAR_FILE = 4


@dataclass(slots=True, eq=False)
class InputStream:
    """stdin: always at its end."""


@dataclass(slots=True, eq=False)
class LogStream:
    """stdout or stderr. Its type is unknown, as a pipe's is: nobody takes it for a terminal."""

    data: bytearray


@dataclass(slots=True, eq=False)
class OpenFile:
    file: File
    readable: bool
    writable: bool
    append: bool
    position: int = 0


@dataclass(slots=True, eq=False)
class OpenDirectory:
    directory: Directory
    preopened_as: bytes | None = None
    listing: list[bytes] = field(default_factory=list)
    """The names as they were when the module began to list them, so that it may delete while it lists."""


Descriptor = InputStream | LogStream | OpenFile | OpenDirectory


class Descriptors:
    """The table. A new descriptor gets the lowest free number, as on any Unix."""

    def __init__(self, initial: list[Descriptor]) -> None:
        self._table = dict(enumerate(initial))

    def __getitem__(self, fd: int) -> Descriptor:
        if fd not in self._table:
            raise WasiError(Errno.BADF)
        return self._table[fd]

    def file(self, fd: int) -> OpenFile:
        found = self[fd]
        if not isinstance(found, OpenFile):
            raise WasiError(Errno.ISDIR if isinstance(found, OpenDirectory) else Errno.SPIPE)
        return found

    def readable_file(self, fd: int) -> OpenFile:
        found = self.file(fd)
        if not found.readable:
            raise WasiError(Errno.BADF)
        return found

    def writable_file(self, fd: int) -> OpenFile:
        found = self.file(fd)
        if not found.writable:
            raise WasiError(Errno.BADF)
        return found

    def directory(self, fd: int) -> OpenDirectory:
        found = self[fd]
        if not isinstance(found, OpenDirectory):
            raise WasiError(Errno.NOTDIR)
        return found

    def lowest_free(self) -> int:
        for number in range(MAX_DESCRIPTORS):
            if number not in self._table:
                return number
        raise WasiError(Errno.MFILE)

    def add(self, descriptor: Descriptor) -> int:
        number = self.lowest_free()
        self._table[number] = descriptor
        if isinstance(descriptor, OpenFile):
            descriptor.file.handles += 1
        return number

    def close(self, fd: int) -> None:
        closed = self[fd]
        del self._table[fd]
        if isinstance(closed, OpenFile):
            closed.file.handles -= 1
            closed.file.release_if_unused()

    def renumber(self, fd: int, to: int) -> None:
        moved = self[fd]
        self[to]  # both have to be open
        if fd != to:
            self.close(to)
            del self._table[fd]
            self._table[to] = moved
