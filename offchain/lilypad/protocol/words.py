"""The packed words of offers and terms: lowest bits first, exactly as in contracts/types/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from eth_utils.address import to_checksum_address

from lilypad.types import ZERO_ADDRESS, Address

BPS = 10_000
LEVEL_MEDIATED = 2
LONGEST_WINDOW = 30 * 24 * 3600


def pack(*lanes: tuple[str, int, int]) -> int:
    """
    Args:
        lanes: name, value and bits of each, lowest bits first.

    Raises:
        ValueError: a value does not fit its lane.
    """
    word = shift = 0
    for name, value, bits in lanes:
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{name} must fit {bits} bits, got {value}")
        word |= value << shift
        shift += bits
    return word


@dataclass(frozen=True, slots=True)
class Windows:
    """The four windows of a deal, in seconds."""

    decline: int
    submit: int
    judge: int
    mediate: int

    def pack(self) -> int:
        names = ("decline", "submit", "judge", "mediate")
        return pack(*((name, getattr(self, name), 24) for name in names))

    @classmethod
    def unpack(cls, word: int) -> Self:
        return cls(*((word >> shift) & 0xFFFFFF for shift in (0, 24, 48, 72)))

    @property
    def lanes(self) -> tuple[int, int, int, int]:
        return self.decline, self.submit, self.judge, self.mediate

    def accepts(self, asked: Windows) -> bool:
        """Whether a provider with these limits takes a job that asks for `asked`.

        At least its time to decline, to submit and to have a dispute decided, at most its time to be judged.
        """
        if max(*asked.lanes, *self.lanes) >= 1 << 23:
            return False  # the highest bit of each lane is the contracts' own
        enough_time = asked.decline >= self.decline and asked.submit >= self.submit
        return enough_time and asked.judge <= self.judge and asked.mediate >= self.mediate

    @property
    def valid(self) -> bool:
        some_time = min(self.submit, self.judge, self.mediate) > 0
        not_too_long = max(self.submit, self.judge, self.mediate) <= LONGEST_WINDOW
        return some_time and not_too_long and self.decline <= self.submit


@dataclass(frozen=True, slots=True)
class Verification:
    """How a disputed result is decided. Both offers must name exactly the same."""

    mediation: Address
    """The contract that judges."""
    mediator_set: int = 0
    """Which of its mediators; zero for all."""
    mediators: int = 3
    """How many are drawn."""
    level: int = LEVEL_MEDIATED
    tolerance_bps: int = 0
    """How far two measured instruction counts may differ; zero for WASM, where they are exact."""

    def pack(self) -> int:
        return pack(
            ("mediation", int(self.mediation, 16), 160),
            ("mediator_set", self.mediator_set, 32),
            ("mediators", self.mediators, 8),
            ("level", self.level, 8),
            ("tolerance_bps", self.tolerance_bps, 16),
        )

    @classmethod
    def unpack(cls, word: int) -> Self:
        mediation = to_checksum_address((word & (1 << 160) - 1).to_bytes(20, "big"))
        return cls(
            mediation,
            (word >> 160) & 0xFFFFFFFF,
            (word >> 192) & 0xFF,
            (word >> 200) & 0xFF,
            (word >> 208) & 0xFFFF,
        )

    def word(self) -> bytes:
        """As it travels beside the offers."""
        return self.pack().to_bytes(32, "big")

    @property
    def valid(self) -> bool:
        return self.level == LEVEL_MEDIATED and self.mediation != ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class Shares:
    """Who takes which part of the cost before the provider, in basis points."""

    solver_bps: int = 0
    royalty_bps: int = 0
    protocol_bps: int = 0

    def pack(self) -> int:
        names = ("solver_bps", "royalty_bps", "protocol_bps")
        return pack(*((name, getattr(self, name), 16) for name in names))

    @classmethod
    def unpack(cls, word: int) -> Self:
        return cls(*((word >> shift) & 0xFFFF for shift in (0, 16, 32)))

    @property
    def total_bps(self) -> int:
        return self.solver_bps + self.royalty_bps + self.protocol_bps


def word(*lanes: tuple[str, int, int]) -> bytes:
    """As `pack`, as the 32 bytes that travel."""
    return pack(*lanes).to_bytes(32, "big")


def pack_funds(account: Address, amount: int) -> bytes:
    """contracts/types/Funds.sol: whose and how much."""
    return word(("account", int(account, 16), 160), ("amount", amount, 96))


def unpack_funds(packed: bytes) -> tuple[Address, int]:
    word = int.from_bytes(packed, "big")
    return Address(to_checksum_address((word & (1 << 160) - 1).to_bytes(20, "big"))), word >> 160
