"""The register of WASI calls.

A call is a plain function of the guest and of the numbers that the module passed. It returns nothing when it
succeeds and raises WasiError when it does not. Its signature is written in one letter per number:
`i` unsigned 32 bits, `l` unsigned 64 bits, `s` signed 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lilypad.executors.wasi.guest import Guest

Function = Callable[..., None]


@dataclass(frozen=True, slots=True)
class WasiCall:
    name: str
    signature: str
    function: Function
    returns_errno: bool = True

    def __call__(self, guest: Guest, numbers: tuple[Any, ...]) -> None:
        self.function(guest, *(_NARROW[t](n) for t, n in zip(self.signature, numbers, strict=True)))


_NARROW: dict[str, Callable[[int], int]] = {
    "i": lambda n: n & 0xFFFF_FFFF,
    "l": lambda n: n & 0xFFFF_FFFF_FFFF_FFFF,
    "s": lambda n: n,
}

CALLS: dict[str, WasiCall] = {}


def wasi_call(signature: str, *, returns_errno: bool = True) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        CALLS[function.__name__] = WasiCall(function.__name__, signature, function, returns_errno)
        return function

    return register
