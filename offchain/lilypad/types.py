"""The words every room of the house shares: plain frozen values, bytes and ints inside.

Nothing here does I/O and nothing here imports another module of Lilypad.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from typing import NewType, Self

from eth_typing import ChecksumAddress

Address = ChecksumAddress
DealId = NewType("DealId", bytes)
"""32 bytes: the hash of a deal's terms, which contain the hashes of both offers."""
Digest = NewType("Digest", bytes)
"""32 bytes: the SHA-256 of a content's root block, which is what its CID carries."""
ModuleId = NewType("ModuleId", bytes)
"""32 bytes: one immutable version of a module in the registry."""
Wei = NewType("Wei", int)

ZERO_ADDRESS = Address("0x0000000000000000000000000000000000000000")  # type: ignore[arg-type]
ZERO_DIGEST = Digest(bytes(32))


class Engine(enum.StrEnum):
    """What runs a module. A module version pins one engine and its version."""

    WASM = "wasm"
    DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Resources:
    """What a job needs or a machine offers. Packs into one word, first field in the lowest bits."""

    cpu_milli: int = 0
    """Thousandths of a core."""
    gpu: int = 0
    """Whole devices."""
    ram_mib: int = 0
    vram_mib: int = 0
    disk_mib: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < 1 << 31:
                raise ValueError(f"{field.name} must fit 31 bits, got {value}")

    def pack(self) -> int:
        return sum(getattr(self, field.name) << (32 * i) for i, field in enumerate(fields(self)))

    @classmethod
    def unpack(cls, word: int) -> Self:
        return cls(*((word >> (32 * i)) & 0xFFFFFFFF for i in range(5)))

    def fit_in(self, other: Resources) -> bool:
        """Whether `other` has at least this much of everything."""
        return all(getattr(self, f.name) <= getattr(other, f.name) for f in fields(self))

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: Resources) -> Resources:
        """
        Raises:
            ValueError: `other` is not a part of this.
        """
        return Resources(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

    def within(self, other: Resources) -> Resources:
        """As much of this, component by component, as `other` has."""
        return Resources(*(min(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)))

    def beyond(self, other: Resources) -> Resources:
        """What is left of this, component by component, when `other` is taken; never less than nothing."""
        return Resources(*(max(getattr(self, f.name) - getattr(other, f.name), 0) for f in fields(self)))


class ExitStatus(int):
    """How an execution ended: its exit code (0..255), or one of the two ends that have no code.

    Both special values are results like any other: they are committed, voted on and paid for.
    """

    OUT_OF_BUDGET = 256
    """The instruction limit was reached."""
    TRAPPED = 257
    """The module did something its engine forbids (WASM: unreachable, out of bounds, ...)."""

    def __str__(self) -> str:
        if self == self.OUT_OF_BUDGET:
            return "out of budget"
        return "trapped" if self == self.TRAPPED else str(int(self))


@dataclass(frozen=True, slots=True)
class Limits:
    """What an execution may use. Reaching `instructions` is a result of its own: out of budget."""

    instructions: int
    """WASM: fuel. Containers: nanoseconds of CPU time."""
    memory_bytes: int = 256 << 20
    output_bytes: int = 64 << 20
    """Everything under outputs/ together."""
    log_bytes: int = 1 << 20
    """Each of stdout and stderr; more is cut off at exactly this many bytes."""
    wall_seconds: float = 300.0
    """Containers end here as out of budget. For WASM it is a safety net: reaching it is the host's fault."""


@dataclass(frozen=True, slots=True)
class ExecutionSpec:
    """Everything that decides the bits of a result, ready for an executor.

    The input files lie in a directory that is given to the executor beside this; the module sees
    them read-only at /inputs and writes to /outputs.
    """

    engine: Engine
    artifact: str
    """WASM: path of the .wasm file. Docker: image id, "sha256:..."."""
    artifact_digest: bytes
    """SHA-256 of the .wasm file, or the digest in the image id; the executor refuses anything else."""
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    limits: Limits
    seed: bytes = b""
    """Seeds the module's random source (WASM)."""
    cpu_milli: int = 1000
    gpu: int = 0
    """Whole devices, for containers alone."""


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What an executor reports; the bytes themselves lie in the output directory it was given.

    That directory holds the files `stdout`, `stderr` and `exitCode` (decimal, newline) and the
    directory `outputs/`, and nothing else.
    """

    exit_status: ExitStatus
    instruction_count: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider commits to. The commitment on chain is the hash of these five fields."""

    output: Digest
    """Root of the output directory; its CID is CIDv1 dag-pb of this."""
    returned: Digest
    """SHA-256 of outputs/return, or zero when the module wrote none."""
    exit_status: ExitStatus
    stdout: Digest
    """SHA-256 of the bytes of stdout (plain, not a content root)."""
    stderr: Digest
