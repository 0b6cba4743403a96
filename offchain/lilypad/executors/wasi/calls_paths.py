"""The path_* calls: opening, making, renaming and removing what paths lead to."""

from __future__ import annotations

from lilypad.executors.wasi import meter
from lilypad.executors.wasi.calls import wasi_call
from lilypad.executors.wasi.calls_descriptors import APPEND, file_stat
from lilypad.executors.wasi.descriptors import OpenDirectory, OpenFile
from lilypad.executors.wasi.errno import Errno, WasiError
from lilypad.executors.wasi.filesystem import MAX_PATH, Directory, File, Node, Place, move, resolve
from lilypad.executors.wasi.guest import Guest

CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE = 1, 2, 4, 8
RIGHT_READ, RIGHT_WRITE = 1 << 1, 1 << 6


def _find(guest: Guest, fd: int, address: int, size: int) -> Place:
    base = guest.descriptors.directory(fd).directory
    if size > MAX_PATH:
        raise WasiError(Errno.NAMETOOLONG)
    guest.meter.charge(meter.PER_PATH_BYTE * size)
    return resolve(base, guest.memory.read(address, size))


@wasi_call("iiiiillii")
def path_open(
    guest: Guest,
    fd: int,
    _lookup: int,
    path: int,
    size: int,
    flags: int,
    rights: int,
    _inheriting: int,
    fd_flags: int,
    result: int,
) -> None:
    place = _find(guest, fd, path, size)
    guest.memory.check(result, 4)
    guest.descriptors.lowest_free()
    if place.node is None and flags & CREATE:
        guest.meter.charge(meter.PER_NODE)
    node = _open_or_create(place, flags)
    writes = bool(rights & RIGHT_WRITE)
    if isinstance(node, Directory):
        if writes:
            raise WasiError(Errno.ISDIR)
        number = guest.descriptors.add(OpenDirectory(node))
    else:
        number = _open_file(guest, node, flags, rights, fd_flags)
    guest.memory.write_u32(result, number)


def _open_or_create(place: Place, flags: int) -> Node:
    node = place.node
    if node is None:
        if not flags & CREATE:
            raise WasiError(Errno.NOENT)
        if place.wants_directory or flags & DIRECTORY or place.name is None:
            raise WasiError(Errno.ISDIR)
        return place.directory.add_file(place.name)
    if flags & CREATE and flags & EXCLUSIVE:
        raise WasiError(Errno.EXIST)
    if flags & DIRECTORY and isinstance(node, File):
        raise WasiError(Errno.NOTDIR)
    return node


def _open_file(guest: Guest, file: File, flags: int, rights: int, fd_flags: int) -> int:
    writes = bool(rights & RIGHT_WRITE)
    if writes or flags & TRUNCATE:
        file.tree.writable()
    if flags & TRUNCATE:
        file.resize(0)
    opened = OpenFile(file, bool(rights & RIGHT_READ), writes, append=bool(fd_flags & APPEND))
    return guest.descriptors.add(opened)


@wasi_call("iiiii")
def path_filestat_get(guest: Guest, fd: int, _lookup: int, path: int, size: int, result: int) -> None:
    guest.memory.write(result, file_stat(_find(guest, fd, path, size).existing()))


@wasi_call("iiiilli")
def path_filestat_set_times(
    guest: Guest, fd: int, _lookup: int, path: int, size: int, _accessed: int, _modified: int, _flags: int
) -> None:
    """Files have no times here."""
    _find(guest, fd, path, size).existing()


@wasi_call("iii")
def path_create_directory(guest: Guest, fd: int, path: int, size: int) -> None:
    place = _find(guest, fd, path, size)
    if place.name is None:
        raise WasiError(Errno.EXIST)
    guest.meter.charge(meter.PER_NODE)
    place.directory.add_directory(place.name)


@wasi_call("iii")
def path_unlink_file(guest: Guest, fd: int, path: int, size: int) -> None:
    place = _find(guest, fd, path, size)
    if isinstance(place.existing(), Directory) or place.name is None:
        raise WasiError(Errno.ISDIR)
    place.directory.unlink_file(place.name)


@wasi_call("iii")
def path_remove_directory(guest: Guest, fd: int, path: int, size: int) -> None:
    place = _find(guest, fd, path, size)
    if place.name is None:
        raise WasiError(Errno.INVAL)
    place.directory.remove_directory(place.name)


@wasi_call("iiiiii")
def path_rename(guest: Guest, fd: int, path: int, size: int, new_fd: int, new_path: int, new_size: int) -> None:
    old, new = _find(guest, fd, path, size), _find(guest, new_fd, new_path, new_size)
    node = old.existing()
    if isinstance(node, Directory):
        for _ in node.walk():
            guest.meter.charge(meter.PER_ENTRY)
    move(old, new)


@wasi_call("iiiiii")
def path_readlink(guest: Guest, fd: int, path: int, size: int, _buffer: int, _buffer_size: int, _result: int) -> None:
    """Nothing is a link."""
    _find(guest, fd, path, size).existing()
    raise WasiError(Errno.INVAL)


@wasi_call("iiiii")
def path_symlink(_guest: Guest, *_numbers: int) -> None:
    raise WasiError(Errno.NOTSUP)


@wasi_call("iiiiiii")
def path_link(_guest: Guest, *_numbers: int) -> None:
    raise WasiError(Errno.NOTSUP)
