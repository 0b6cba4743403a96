"""What the contracts' tests send to their node, step by step, so that Replay.t.sol can send it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from enum import IntEnum

from eth_abi.abi import encode

NOBODY = "0x" + "00" * 20


class Kind(IntEnum):
    CREATE = 0
    SEND = 1
    READ = 2
    SNAPSHOT = 3
    RESTORE = 4
    CHAIN = 5
    STORE = 6


@dataclass(frozen=True)
class Step:
    """Mirrors Step in Replay.t.sol, where each field is explained."""

    kind: Kind
    time: int = 0
    number: int = 0
    gas: int = 0
    sender: str = NOBODY
    to: str = NOBODY
    artifact: str = ""
    data: bytes = b""
    ok: bool = True
    answer: bytes = bytes(32)

    def line(self) -> str:
        kinds = "(uint8,uint256,uint256,uint256,address,address,string,bytes,bool,bytes32)"
        return "0x" + encode([kinds], [astuple(self)]).hex()


class Codes:
    """The creation code of every contract, to tell which one a transaction creates."""

    def __init__(self, codes: Mapping[str, bytes]) -> None:
        # The longest first: one contract's code may begin as another's.
        self._codes = sorted(codes.items(), key=lambda item: -len(item[1]))

    def split(self, data: bytes) -> tuple[str, bytes]:
        """The contract's name and the constructor's arguments; no name and all of it when the code is not ours."""
        for name, code in self._codes:
            if code and data.startswith(code):
                return name, data[len(code) :]
        return "", data
