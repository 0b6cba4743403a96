"""What a creator signs to read what only it may read. Never seen by the contracts, but signed for the same domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lilypad.protocol.offers import Signable


@dataclass(frozen=True, slots=True)
class LogRequest(Signable):
    """The logs of a deal while it runs. Good for a minute around its time, so that a copy of it soon opens nothing."""

    TYPE: ClassVar[str] = "LogRequest"
    ABI: ClassVar[tuple[str, ...]] = ("bytes32", "uint40")

    deal: bytes
    time: int
    """Unix seconds."""
