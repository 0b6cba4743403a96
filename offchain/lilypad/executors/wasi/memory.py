"""Access to the module's linear memory. Every address and size comes from the module: trust none of them."""

from __future__ import annotations

import struct
from typing import Protocol

import wasmtime

from lilypad.executors.wasi.errno import Errno, WasiError

MAX_BUFFERS = 1024
"""Scatter/gather buffers in one call, as IOV_MAX on Linux."""

Buffer = bytes | memoryview
_PIECE = 1 << 20


class RawMemory(Protocol):
    """Bytes that somebody has checked the bounds of."""

    def size(self) -> int: ...
    def read(self, start: int, stop: int) -> bytes: ...
    def write(self, start: int, data: Buffer) -> None: ...


class EngineMemory:
    """The memory of a running instance."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        self._store = store
        self._memory = memory

    def size(self) -> int:
        return self._memory.data_len(self._store)

    def read(self, start: int, stop: int) -> bytes:
        return bytes(self._memory.read(self._store, start, stop))

    def write(self, start: int, data: Buffer) -> None:
        """In pieces: the engine's binding copies what it is given."""
        for piece in range(0, len(data), _PIECE):
            self._memory.write(self._store, bytearray(data[piece : piece + _PIECE]), start + piece)


class GuestMemory:
    """Reads and writes that fail with FAULT where the module points outside its memory."""

    def __init__(self) -> None:
        self._attached: RawMemory | None = None

    def attach(self, raw: RawMemory) -> None:
        self._attached = raw

    @property
    def attached(self) -> bool:
        return self._attached is not None

    @property
    def _raw(self) -> RawMemory:
        if self._attached is None:
            raise RuntimeError("the host attaches the memory before the first call")
        return self._attached

    def check(self, address: int, size: int) -> None:
        if address + size > self._raw.size():
            raise WasiError(Errno.FAULT)

    def read(self, address: int, size: int) -> bytes:
        self.check(address, size)
        return self._raw.read(address, address + size) if size else b""

    def write(self, address: int, data: Buffer) -> None:
        self.check(address, len(data))
        if data:
            self._raw.write(address, data)

    def write_u32(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<I", value))

    def write_u64(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<Q", value))

    def buffers(self, address: int, count: int) -> list[tuple[int, int]]:
        """A scatter/gather list: (address, size) of each buffer, all of them inside the memory."""
        words = struct.unpack(f"<{2 * count}I", self.read(address, 8 * count))
        found = list(zip(words[::2], words[1::2], strict=True))
        for start, size in found:
            self.check(start, size)
        return found
