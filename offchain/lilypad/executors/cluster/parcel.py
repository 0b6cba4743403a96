"""Files on their way to another machine and back: directories and regular files, their names and bytes, nothing else.

Nobody on the other side is trusted to stay inside a directory. A link can not be written, and without one no name that
is checked here leads out.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from lilypad.errors import ExecutorFaultError

CHUNK_BYTES = 4 << 20
"""What travels in one message, and with it what a job costs in memory on the way."""


def pack(parcel: Path, sources: Mapping[str, Path]) -> None:
    """Each source, a file or a directory with all that lies in it, under the name that it gets on the other side."""
    with tarfile.open(parcel, "w", format=tarfile.PAX_FORMAT) as tar:
        for root, source in sources.items():
            for path in (source, *sorted(source.rglob("*"))):
                name = PurePosixPath(root, *path.relative_to(source).parts)
                _add(tar, str(name), path)


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    """Without times, owners and modes, which no two machines share."""
    status = path.lstat()
    entry = tarfile.TarInfo(name)
    if stat.S_ISDIR(status.st_mode):
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    elif stat.S_ISREG(status.st_mode):
        entry.size = status.st_size
        with path.open("rb") as file:
            tar.addfile(entry, file)
    else:
        raise ExecutorFaultError("only files and directories can go to another machine", path=path)


def unpack(parcel: Path, directory: Path, most_bytes: int) -> None:
    """Into a directory that is made new.

    Raises:
        ExecutorFaultError: it is damaged, too large, or holds anything that no honest machine packs.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        with tarfile.open(parcel, "r:") as tar:
            for entry in tar:
                most_bytes -= entry.size
                if most_bytes < 0 or entry.size < 0:
                    raise ExecutorFaultError("what another machine has sent is larger than allowed", name=entry.name)
                _take_out(tar, entry, directory / _safe(entry.name))
    except (tarfile.TarError, OSError, ValueError) as error:
        raise ExecutorFaultError("what another machine has sent cannot be unpacked", reason=error) from error


def _take_out(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    if entry.type == tarfile.DIRTYPE:
        target.mkdir()
        return
    content = tar.extractfile(entry) if entry.type == tarfile.REGTYPE and not entry.issparse() else None
    if content is None:
        raise ExecutorFaultError("another machine has sent something that is no file", name=entry.name)
    with target.open("xb") as file:
        shutil.copyfileobj(content, file)


def _safe(name: str) -> PurePosixPath:
    parts = name.split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ExecutorFaultError("another machine has sent a path that leads elsewhere", name=name)
    return PurePosixPath(*parts)


def read_chunk(parcel: Path, offset: int) -> bytes:
    """Nothing at its end."""
    with parcel.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK_BYTES)


def chunks_of(parcel: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while data := read_chunk(parcel, offset):
        yield offset, data
        offset += len(data)


def write_chunk(parcel: Path, offset: int, data: bytes) -> None:
    """In any order."""
    with parcel.open("r+b" if parcel.exists() else "w+b") as file:
        file.seek(offset)
        file.write(data)
