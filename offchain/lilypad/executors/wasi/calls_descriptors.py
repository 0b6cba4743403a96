"""The fd_* calls: reading, writing, seeking, listing."""

from __future__ import annotations

import struct

from lilypad.executors.wasi import meter
from lilypad.executors.wasi.calls import wasi_call
from lilypad.executors.wasi.descriptors import FileType, InputStream, LogStream, OpenDirectory, OpenFile
from lilypad.executors.wasi.errno import Errno, WasiError
from lilypad.executors.wasi.filesystem import Directory, File, Node
from lilypad.executors.wasi.guest import Guest
from lilypad.executors.wasi.memory import MAX_BUFFERS

ALL_RIGHTS = (1 << 29) - 1
APPEND = 1
MAX_OFFSET = (1 << 63) - 1


@wasi_call("iiii")
def fd_read(guest: Guest, fd: int, buffers: int, count: int, result: int) -> None:
    if isinstance(guest.descriptors[fd], InputStream):
        guest.memory.write_u32(result, 0)
        return
    opened = guest.descriptors.readable_file(fd)
    opened.position += _read(guest, opened.file, opened.position, buffers, count, result)


@wasi_call("iiili")
def fd_pread(guest: Guest, fd: int, buffers: int, count: int, offset: int, result: int) -> None:
    _read(guest, guest.descriptors.readable_file(fd).file, offset, buffers, count, result)


def _buffers(guest: Guest, address: int, count: int) -> list[tuple[int, int]]:
    if count > MAX_BUFFERS:
        raise WasiError(Errno.INVAL)
    guest.meter.charge(meter.PER_BUFFER * count)
    return guest.memory.buffers(address, count)


def _read(guest: Guest, file: File, offset: int, address: int, count: int, result: int) -> int:
    """Fills the buffers in their order; never copies more than what is left of the file."""
    buffers = _buffers(guest, address, count)
    guest.memory.check(result, 4)
    start = offset
    for buffer, size in buffers:
        size = min(size, max(0, len(file.data) - offset))
        guest.meter.charge(meter.PER_BYTE * size)
        with memoryview(file.data) as whole, whole[offset : offset + size] as part:
            guest.memory.write(buffer, part)
        offset += size
    guest.memory.write_u32(result, offset - start)
    return offset - start


@wasi_call("iiii")
def fd_write(guest: Guest, fd: int, buffers: int, count: int, result: int) -> None:
    opened = guest.descriptors[fd]
    if isinstance(opened, LogStream):
        _write_log(guest, opened, buffers, count, result)
        return
    opened = guest.descriptors.writable_file(fd)
    if opened.append:
        opened.position = len(opened.file.data)
    opened.position += _write(guest, opened.file, opened.position, buffers, count, result)


@wasi_call("iiili")
def fd_pwrite(guest: Guest, fd: int, buffers: int, count: int, offset: int, result: int) -> None:
    _write(guest, guest.descriptors.writable_file(fd).file, offset, buffers, count, result)


def _write(guest: Guest, file: File, offset: int, address: int, count: int, result: int) -> int:
    """All or nothing: there is room for everything, or the call fails and the file stays as it was."""
    buffers = _buffers(guest, address, count)
    guest.memory.check(result, 4)
    total = sum(size for _, size in buffers)
    if total:
        growth = file.growth(offset + total)
        guest.meter.charge(meter.PER_BYTE * max(total, growth))
        file.write(offset, b"".join(guest.memory.read(start, size) for start, size in buffers))
    guest.memory.write_u32(result, total)
    return total


def _write_log(guest: Guest, stream: LogStream, address: int, count: int, result: int) -> None:
    """The module may write as much as it pays for; only what there is room for is copied."""
    buffers = _buffers(guest, address, count)
    guest.memory.check(result, 4)
    total = min(sum(size for _, size in buffers), 0xFFFF_FFFF)
    guest.meter.charge(meter.PER_BYTE * total)
    for start, size in buffers:
        size = min(size, guest.logs.room(stream.data))
        if size:
            guest.logs.write(stream.data, guest.memory.read(start, size))
    guest.memory.write_u32(result, total)


@wasi_call("isii")
def fd_seek(guest: Guest, fd: int, offset: int, whence: int, result: int) -> None:
    opened = guest.descriptors.file(fd)
    if whence > 2:
        raise WasiError(Errno.INVAL)
    position = offset + (0, opened.position, len(opened.file.data))[whence]
    if not 0 <= position <= MAX_OFFSET:
        raise WasiError(Errno.INVAL)
    guest.memory.write_u64(result, position)
    opened.position = position


@wasi_call("ii")
def fd_tell(guest: Guest, fd: int, result: int) -> None:
    guest.memory.write_u64(result, guest.descriptors.file(fd).position)


@wasi_call("il")
def fd_filestat_set_size(guest: Guest, fd: int, size: int) -> None:
    file = guest.descriptors.writable_file(fd).file
    guest.meter.charge(meter.PER_BYTE * file.growth(size))
    file.resize(size)


@wasi_call("iiili")
def fd_readdir(guest: Guest, fd: int, buffer: int, size: int, cookie: int, result: int) -> None:
    """Names in the order of their bytes. The last entry may be cut off; the module asks again from there."""
    opened = guest.descriptors.directory(fd)
    guest.memory.check(buffer, size)
    if cookie == 0:
        guest.meter.charge(meter.PER_ENTRY * len(opened.directory.entries))
        opened.listing = [b".", b"..", *sorted(opened.directory.entries)]
    listed = bytearray()
    for number in range(min(cookie, len(opened.listing)), len(opened.listing)):
        if len(listed) >= size:
            break
        guest.meter.charge(meter.PER_ENTRY)
        listed += _directory_entry(opened.directory, opened.listing[number], number + 1)
    guest.memory.write(buffer, bytes(listed[:size]))
    guest.memory.write_u32(result, min(len(listed), size))


def _directory_entry(directory: Directory, name: bytes, next_cookie: int) -> bytes:
    node = directory if name in (b".", b"..") else directory.entries.get(name)
    inode, kind = (node.inode, file_type(node)) if node else (0, FileType.UNKNOWN)
    return struct.pack("<QQIB3x", next_cookie, inode, len(name), kind) + name


@wasi_call("ii")
def fd_filestat_get(guest: Guest, fd: int, result: int) -> None:
    opened = guest.descriptors[fd]
    if isinstance(opened, OpenFile):
        guest.memory.write(result, file_stat(opened.file))
    elif isinstance(opened, OpenDirectory):
        guest.memory.write(result, file_stat(opened.directory))
    else:
        guest.memory.write(result, _pack_stat(0, FileType.UNKNOWN, 0))


def file_type(node: Node) -> FileType:
    return FileType.DIRECTORY if isinstance(node, Directory) else FileType.REGULAR_FILE


def file_stat(node: Node) -> bytes:
    return _pack_stat(node.inode, file_type(node), len(node.data) if isinstance(node, File) else 0)


def _pack_stat(inode: int, kind: FileType, size: int) -> bytes:
    """Device 1, one link, all three times at zero."""
    return struct.pack("<QQB7xQQQQQ", 1, inode, kind, 1, size, 0, 0, 0)


@wasi_call("ii")
def fd_fdstat_get(guest: Guest, fd: int, result: int) -> None:
    opened = guest.descriptors[fd]
    kind, flags = FileType.UNKNOWN, 0
    if isinstance(opened, OpenFile):
        kind, flags = FileType.REGULAR_FILE, APPEND if opened.append else 0
    elif isinstance(opened, OpenDirectory):
        kind = FileType.DIRECTORY
    guest.memory.write(result, struct.pack("<BxH4xQQ", kind, flags, ALL_RIGHTS, ALL_RIGHTS))


@wasi_call("ii")
def fd_fdstat_set_flags(guest: Guest, fd: int, flags: int) -> None:
    opened = guest.descriptors[fd]
    if isinstance(opened, OpenFile):
        opened.append = bool(flags & APPEND)


@wasi_call("ill")
def fd_fdstat_set_rights(guest: Guest, fd: int, _base: int, _inheriting: int) -> None:
    """Rights are not kept: every descriptor already has the least there is."""
    guest.descriptors[fd]


@wasi_call("ii")
def fd_prestat_get(guest: Guest, fd: int, result: int) -> None:
    guest.memory.write(result, struct.pack("<II", 0, len(_preopened(guest, fd))))


@wasi_call("iii")
def fd_prestat_dir_name(guest: Guest, fd: int, address: int, size: int) -> None:
    name = _preopened(guest, fd)
    if size < len(name):
        raise WasiError(Errno.NAMETOOLONG)
    guest.memory.write(address, name)


def _preopened(guest: Guest, fd: int) -> bytes:
    opened = guest.descriptors[fd]
    if not isinstance(opened, OpenDirectory) or opened.preopened_as is None:
        raise WasiError(Errno.BADF)
    return opened.preopened_as


@wasi_call("i")
def fd_close(guest: Guest, fd: int) -> None:
    guest.descriptors.close(fd)


@wasi_call("ii")
def fd_renumber(guest: Guest, fd: int, to: int) -> None:
    guest.descriptors.renumber(fd, to)


@wasi_call("ill")
def fd_allocate(guest: Guest, fd: int, _offset: int, _size: int) -> None:
    guest.descriptors[fd]
    raise WasiError(Errno.NOTSUP)


@wasi_call("i")
def fd_sync(guest: Guest, fd: int) -> None:
    guest.descriptors[fd]


@wasi_call("i")
def fd_datasync(guest: Guest, fd: int) -> None:
    guest.descriptors[fd]


@wasi_call("illi")
def fd_advise(guest: Guest, fd: int, _offset: int, _size: int, _advice: int) -> None:
    guest.descriptors[fd]


@wasi_call("illi")
def fd_filestat_set_times(guest: Guest, fd: int, _accessed: int, _modified: int, _flags: int) -> None:
    """Files have no times here."""
    guest.descriptors[fd]
