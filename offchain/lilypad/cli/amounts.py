"""LILY as people write it, and the wei that everything else works with: exact in both directions."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

DECIMALS = 18
GIGA = 10**9
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
_LARGEST = 1 << 128
"""The contracts' amounts are uint128."""


def parse_lily(text: str) -> int:
    """Wei of an amount like "12" or "0.25".

    Raises:
        ValueError: not a plain decimal number, finer than one wei, or more than there can be.
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount; write LILY as a plain number, like 12 or 0.25")
    with localcontext() as context:
        context.prec = len(text) + DECIMALS
        wei = Decimal(text).scaleb(DECIMALS)
        if wei != wei.to_integral_value():
            raise ValueError(f"{text} LILY is finer than one wei; {DECIMALS} decimals are the most")
        if wei >= _LARGEST:
            raise ValueError(f"{text} LILY is more than the contracts can hold")
        return int(wei)


def format_lily(wei: int) -> str:
    """The shortest decimal number of LILY that is exactly this many wei."""
    whole, rest = divmod(abs(wei), 10**DECIMALS)
    text = f"{whole}.{rest:0{DECIMALS}d}".rstrip("0").rstrip(".")
    return f"-{text}" if wei < 0 else text


def parse_price(text: str) -> int:
    """Wei per instruction, from LILY per 10^9 instructions.

    Raises:
        ValueError: as of `parse_lily`, or no whole number of wei per instruction.
    """
    wei, rest = divmod(parse_lily(text), GIGA)
    if rest:
        raise ValueError(f"{text} LILY per 10^9 instructions is no whole number of wei per instruction")
    return wei


def format_bytes(count: int) -> str:
    """With three digits at least, in the units of disks and memory: 4.00 KiB, 20.0 GiB."""
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    digits = 0 if units[0] == "bytes" else 2 if size < 10 else 1 if size < 100 else 0
    return f"{size:.{digits}f} {units[0]}"


def amount_document(wei: int) -> dict[str, str]:
    """As `--json` shows an amount: strings, because JSON readers round large numbers."""
    return {"wei": str(wei), "lily": format_lily(wei)}
