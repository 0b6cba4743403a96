"""The in-memory WASI host, without an engine: whatever is called, in whatever order, it keeps its bounds."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.executors.wasi.errno import Errno
from lilypad.executors.wasi.filesystem import MAX_DEPTH, MAX_NODES, Directory, File, Tree
from lilypad.executors.wasi.guest import Guest, SeededRandom, new_outputs
from lilypad.executors.wasi.host import CALLS, WasiHost
from lilypad.executors.wasi.logs import Logs
from lilypad.executors.wasi.memory import GuestMemory
from lilypad.executors.wasi.meter import Meter

MEMORY = 8192
OUTPUT_LIMIT = 3000
LOG_LIMIT = 500
FUEL = 10**9


class FakeMemory:
    """Bytes that notice when they are used beyond their bounds."""

    def __init__(self) -> None:
        self.data = bytearray(MEMORY)

    def size(self) -> int:
        return MEMORY

    def read(self, start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= MEMORY
        return bytes(self.data[start:stop])

    def write(self, start: int, data: bytes | memoryview) -> None:
        assert 0 <= start <= start + len(data) <= MEMORY
        self.data[start : start + len(data)] = data


class Machine:
    """A guest whose program is the test."""

    def __init__(self, fuel: int = FUEL) -> None:
        self.memory, self.fuel = FakeMemory(), fuel
        tree = Tree(quota=None)
        inputs = Directory(tree, tree.new_inode())
        inputs.entries[b"in"] = File(tree, tree.new_inode(), bytearray(b"input"))
        guest_memory = GuestMemory()
        guest_memory.attach(self.memory)
        self.guest = Guest(
            argv=(b"module", b"argument"),
            env=(b"A=1",),
            memory=guest_memory,
            meter=Meter(lambda: self.fuel, self._set_fuel),
            logs=Logs(LOG_LIMIT),
            inputs=inputs,
            outputs=new_outputs(OUTPUT_LIMIT),
            random=SeededRandom(b""),
        )
        self.host = WasiHost(self.guest, store=None)  # type: ignore[arg-type]

    def _set_fuel(self, fuel: int) -> None:
        self.fuel = fuel

    def call(self, name: str, *numbers: int) -> Errno:
        return self.host.perform(CALLS[name], numbers)

    def path(self, text: str) -> tuple[int, int]:
        raw = text.encode()
        self.memory.data[: len(raw)] = raw
        return 0, len(raw)

    def open(self, path: str, *, flags: int = 1, rights: int = 0x42) -> Errno:
        return self.call("path_open", 4, 0, *self.path(path), flags, rights, 0, 0, 4096)

    def opened(self) -> int:
        return int(struct.unpack_from("<I", self.memory.data, 4096)[0])

    def write(self, fd: int, *chunks: bytes, offset: int | None = None) -> Errno:
        address = 1024
        for number, chunk in enumerate(chunks):
            struct.pack_into("<II", self.memory.data, 8 * number, address, len(chunk))
            self.memory.data[address : address + len(chunk)] = chunk
            address += len(chunk)
        where = () if offset is None else (offset,)
        return self.call("fd_write" if offset is None else "fd_pwrite", fd, 0, len(chunks), *where, 4096)


def _letters(signature: str) -> st.SearchStrategy[tuple[int, ...]]:
    small = st.integers(0, 12)
    address = st.integers(0, MEMORY + 16)
    strange = st.sampled_from([1 << 31, (1 << 32) - 1, (1 << 62), -1, 64, 1000])
    return st.tuples(*(st.one_of(small, address, strange) for _ in signature))


_ANY_CALL = st.sampled_from(sorted(CALLS)).flatmap(lambda n: st.tuples(st.just(n), _letters(CALLS[n].signature)))


def _check_bounds(machine: Machine) -> None:
    guest = machine.guest
    nodes = list(guest.outputs.walk())
    directories = [n for n in nodes if isinstance(n, Directory)]
    assert sum(len(n.data) for n in nodes if isinstance(n, File)) <= OUTPUT_LIMIT
    assert len(nodes) <= MAX_NODES
    assert max(d.depth for d in directories) <= MAX_DEPTH
    assert len(guest.logs.stdout) <= LOG_LIMIT
    assert len(guest.logs.stderr) <= LOG_LIMIT
    assert guest.inputs.entries.keys() == {b"in"}
    assert guest.inputs.entries[b"in"].data == b"input"  # type: ignore[union-attr]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.lists(_ANY_CALL, max_size=25))
def test_any_calls__never_break_the_host_nor_its_bounds(memory: bytes, calls: list[tuple[str, Any]]) -> None:
    machine, twin = Machine(), Machine()
    for each in (machine, twin):
        each.memory.data[: len(memory)] = memory
    for name, numbers in calls:
        before = machine.fuel
        errno = machine.call(name, *numbers)
        assert errno == twin.call(name, *numbers)
        assert machine.fuel < before or machine.host.ended_by is not None
    assert machine.host.ended_by is None or type(machine.host.ended_by).__name__ in (
        "ModuleExitedError",
        "OutOfBudgetError",
    )
    assert (machine.memory.data, machine.fuel) == (twin.memory.data, twin.fuel)
    _check_bounds(machine)


_NAMES = st.sampled_from(["a", "b", "a/b", "a/c", "a/b/c", "../a", "b/", "."])
_OPERATIONS = st.one_of(
    st.tuples(st.just("open"), _NAMES, st.sampled_from([0, 1, 2, 5, 9])),
    st.tuples(st.just("mkdir"), _NAMES),
    st.tuples(st.just("unlink"), _NAMES),
    st.tuples(st.just("rmdir"), _NAMES),
    st.tuples(st.just("rename"), _NAMES, _NAMES),
    st.tuples(st.just("write"), st.integers(5, 8), st.integers(0, 1500), st.integers(0, 2000)),
    st.tuples(st.just("resize"), st.integers(5, 8), st.integers(0, 4000)),
    st.tuples(st.just("close"), st.integers(5, 8)),
)


def _perform(machine: Machine, operation: tuple[Any, ...]) -> Errno:
    match operation:
        case ("open", name, flags):
            return machine.open(name, flags=flags)
        case ("mkdir", name):
            return machine.call("path_create_directory", 4, *machine.path(name))
        case ("unlink", name):
            return machine.call("path_unlink_file", 4, *machine.path(name))
        case ("rmdir", name):
            return machine.call("path_remove_directory", 4, *machine.path(name))
        case ("rename", old, new):
            address, size = machine.path(old + new)
            return machine.call("path_rename", 4, address, len(old), 4, address + len(old), size - len(old))
        case ("write", fd, size, offset):
            return machine.write(fd, b"x" * size, offset=offset)
        case ("resize", fd, size):
            return machine.call("fd_filestat_set_size", fd, size)
        case ("close", fd):
            return machine.call("fd_close", fd)
    raise AssertionError(operation)


@settings(max_examples=200, deadline=None)
@given(st.lists(_OPERATIONS, max_size=40))
def test_any_file_operations__account_for_every_byte_and_node(operations: list[tuple[Any, ...]]) -> None:
    machine = Machine()
    for operation in operations:
        _perform(machine, operation)
        _check_bounds(machine)
    for fd in range(5, 256):
        machine.call("fd_close", fd)

    nodes = list(machine.guest.outputs.walk())
    quota = machine.guest.outputs.tree.quota
    assert quota is not None
    assert quota.bytes_left == OUTPUT_LIMIT - sum(len(n.data) for n in nodes if isinstance(n, File))
    assert quota.nodes_left == MAX_NODES - (len(nodes) - 1)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=8))
def test_write_then_read__scattered_and_gathered__gives_the_same_bytes(chunks: list[bytes]) -> None:
    machine = Machine()
    assert machine.open("file") == Errno.SUCCESS
    fd = machine.opened()
    assert machine.write(fd, *chunks) == Errno.SUCCESS
    whole = b"".join(chunks)

    assert machine.call("fd_seek", fd, 0, 0, 4096) == Errno.SUCCESS
    sizes = [len(whole) // 2, len(whole) + 10]
    struct.pack_into("<IIII", machine.memory.data, 0, 5000, sizes[0], 5000 + sizes[0], sizes[1])
    assert machine.call("fd_read", fd, 0, 2, 4096) == Errno.SUCCESS
    assert struct.unpack_from("<I", machine.memory.data, 4096)[0] == len(whole)
    assert machine.memory.data[5000 : 5000 + len(whole)] == whole


def test_unlinked_file_that_is_still_open__goes_on_counting() -> None:
    machine = Machine()
    for number in range(3):
        machine.open(f"f{number}")
        errno = machine.write(machine.opened(), b"x" * 1400)
        machine.call("path_unlink_file", 4, *machine.path(f"f{number}"))

    assert errno == Errno.NOSPC
    machine.call("fd_close", 5)
    assert machine.write(7, b"x" * 1400) == Errno.SUCCESS


def test_deep_directories__end_at_the_bound__also_by_renaming() -> None:
    machine = Machine()
    deep = "/".join(["d"] * MAX_DEPTH)
    for depth in range(1, MAX_DEPTH + 1):
        assert machine.call("path_create_directory", 4, *machine.path("/".join(["d"] * depth))) == 0
    assert machine.call("path_create_directory", 4, *machine.path(deep + "/d")) == Errno.NAMETOOLONG
    assert machine.call("path_create_directory", 4, *machine.path("e")) == Errno.SUCCESS
    assert _perform(machine, ("rename", "d", "e/d")) == Errno.NAMETOOLONG
    assert _perform(machine, ("rename", "d", "d/d/x")) == Errno.INVAL
    assert _perform(machine, ("rename", "d/d", "e/d")) == Errno.SUCCESS


def test_many_descriptors__end_at_the_bound() -> None:
    machine = Machine()
    errors = [machine.open("file") for _ in range(300)]

    assert errors.count(Errno.SUCCESS) == 256 - 5
    assert set(errors) == {Errno.SUCCESS, Errno.MFILE}
