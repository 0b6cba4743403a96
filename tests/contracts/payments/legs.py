"""Settlements for a vault's own tests, in the words that the vault takes."""

from __future__ import annotations

from typing import Any

from lilypad.protocol.words import pack_funds
from lilypad.types import Address

MOST = 2**96 - 1
"""What one lane of a balance can count, and the vault can hold."""


def funds(account: Any, amount: int) -> bytes:
    """Whose and how much; account is whatever has an address, or the address itself."""
    return pack_funds(Address(getattr(account, "address", account)), amount)


def legs(*parts: tuple[Any, int, int]) -> tuple[list[bytes], list[int]]:
    """The two lists of settleAll: of each part an account, what is unlocked, and what is credited."""
    return [funds(account, unlock) for account, unlock, _ in parts], [credit for *_, credit in parts]


def payees(*parts: tuple[Any, int]) -> list[bytes]:
    return [funds(account, amount) for account, amount in parts]
