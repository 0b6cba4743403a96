"""Everything one execution can see and do, short of its own computation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from lilypad.executors.wasi.descriptors import Descriptors, InputStream, LogStream, OpenDirectory
from lilypad.executors.wasi.filesystem import Directory, Quota, Tree
from lilypad.executors.wasi.logs import Logs
from lilypad.executors.wasi.memory import GuestMemory
from lilypad.executors.wasi.meter import Meter

EPOCH_2000 = 946_684_800 * 10**9
"""Where the module's calendar starts, in nanoseconds since 1970."""
TICK = 1_000_000
U64_MAX = (1 << 64) - 1


class VirtualClock:
    """Moves by a millisecond whenever it is read, and by the asked-for time when the module sleeps."""

    def __init__(self) -> None:
        self.now = 0

    def read(self) -> int:
        shown = self.now
        self.advance_to(self.now + TICK)
        return shown

    def advance_to(self, time: int) -> None:
        self.now = min(max(self.now, time), U64_MAX - EPOCH_2000)


class SeededRandom:
    """A stream that depends on the seed and on what was asked for before, on nothing else."""

    def __init__(self, seed: bytes) -> None:
        self._key = hashlib.sha256(b"lilypad wasi random" + seed).digest()
        self._drawn = 0

    def draw(self, size: int) -> bytes:
        block = hashlib.shake_256(self._key + self._drawn.to_bytes(8, "little")).digest(size)
        self._drawn += 1
        return block


@dataclass(slots=True)
class Guest:
    argv: tuple[bytes, ...]
    env: tuple[bytes, ...]
    memory: GuestMemory
    meter: Meter
    logs: Logs
    inputs: Directory
    outputs: Directory
    random: SeededRandom
    clock: VirtualClock = field(default_factory=VirtualClock)
    descriptors: Descriptors = field(init=False)

    def __post_init__(self) -> None:
        self.descriptors = Descriptors(
            [
                InputStream(),
                LogStream(self.logs.stdout),
                LogStream(self.logs.stderr),
                OpenDirectory(self.inputs, b"/inputs"),
                OpenDirectory(self.outputs, b"/outputs"),
            ]
        )


def new_outputs(limit: int) -> Directory:
    """The empty tree that the module writes to."""
    tree = Tree(Quota(limit))
    return Directory(tree, tree.new_inode())
