"""Settlements for a vault's own tests."""

from __future__ import annotations

from typing import Any

from lilypad.types import ZERO_ADDRESS

Leg = tuple[Any, int, int]
NOBODY: Leg = (ZERO_ADDRESS, 0, 0)


def legs(*parts: Leg) -> tuple[Leg, Leg, list[Leg]]:
    """The parts as the vault takes them: creator, provider, others; who is missing is nobody."""
    first, second, *others = (*parts, NOBODY, NOBODY)[: max(2, len(parts))]
    return first, second, others
