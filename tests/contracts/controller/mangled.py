"""Signatures of a key that are none, or that are another writing of one."""

from __future__ import annotations

from collections.abc import Callable

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def expand(signature: bytes) -> bytes:
    """The same in the 65 bytes r, s, v."""
    parity = signature[32] >> 7
    return signature[:32] + bytes([signature[32] & 0x7F]) + signature[33:] + bytes([27 + parity])


def with_high_s(signature: bytes) -> bytes:
    """Its twin, which the curve's equation allows as well: 65 bytes, since s has no place for the parity any more."""
    long = expand(signature)
    return long[:32] + (ORDER - int.from_bytes(long[32:64], "big")).to_bytes(32, "big") + bytes([55 - long[64]])


def with_high_s_cut(signature: bytes) -> bytes:
    """Its twin squeezed into 64 bytes, the parity over the highest bit of s."""
    twin = with_high_s(signature)
    parity = (twin[64] - 27) << 7
    return twin[:32] + bytes([twin[32] & 0x7F | parity]) + twin[33:64]


MANGLED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "one byte": lambda s: s[:1],
    "cut": lambda s: s[:-1],
    "half": lambda s: s[:32],
    "v of zero behind": lambda s: s + b"\x00",
    "two bytes more": lambda s: s + bytes(2),
    "a node more": lambda s: s + bytes(32),
    "bit flipped": lambda s: bytes([s[0] ^ 1]) + s[1:],
    "parity flipped": lambda s: s[:32] + bytes([s[32] ^ 0x80]) + s[33:],
    "high s": with_high_s,
    "high s cut": with_high_s_cut,
    "v as 0 or 1": lambda s: expand(s)[:64] + bytes([expand(s)[64] - 27]),
    "v of a chain": lambda s: expand(s)[:64] + bytes([expand(s)[64] + 10]),
    "v of the other": lambda s: expand(s)[:64] + bytes([55 - expand(s)[64]]),
    "zeros": lambda _: bytes(64),
    "65 zeros": lambda _: bytes(65),
    "r of zero": lambda s: bytes(32) + s[32:],
    "s of zero": lambda s: s[:32] + bytes(32),
    "r of the order": lambda s: ORDER.to_bytes(32, "big") + s[32:],
}
"""Of 64 good bytes makes some that are no signature of this key."""
