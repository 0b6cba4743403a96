"""What a store may let go of, as a pure rule.

Nothing goes that is needed now: what belongs to a deal, or a case, that is not at its end. Of the rest, what nobody has
needed for long goes; and when there is more than the quota allows, more goes, what is not even pinned first (inputs of
what has just ended, kept in case the chain takes its end back), then the rest by when it was needed last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from lilypad.store.cid import Cid
from lilypad.store.files import Pin


@dataclass(frozen=True, slots=True)
class Retention:
    quota: int
    """Bytes; zero for none."""
    seconds: float
    """How long something stays that nobody needs any more."""

    @property
    def comfortable(self) -> int:
        """A tenth of the quota is kept free, so that the next deal finds room."""
        return self.quota - self.quota // 10


@dataclass(frozen=True, slots=True)
class Needs:
    now: frozenset[Cid] = frozenset()
    """Roots that must not go."""
    lately: tuple[Cid, ...] = ()
    """Roots that need not be here any more, but are better kept while there is room."""
    used: Mapping[Cid, float] = field(default_factory=dict)
    """When roots were needed last, where that is known better than by their pins: Unix time."""


@dataclass(frozen=True, slots=True)
class Kept:
    root: Cid
    size: int
    last_needed: float
    """Unix time."""
    pin: Pin | None = None


def kept(pins: Iterable[Pin], lately: Mapping[Cid, int], used: Mapping[Cid, float]) -> list[Kept]:
    """Everything that may be let go of by itself; `lately` has sizes."""
    pinned = {pin.root: Kept(pin.root, pin.size, max(pin.renewed / 1e9, used.get(pin.root, 0.0)), pin) for pin in pins}
    return [*(Kept(root, size, 0.0) for root, size in lately.items() if root not in pinned), *pinned.values()]


def to_release(
    here: Iterable[Kept], needed: Collection[Cid], retention: Retention, excess: int, now: float
) -> list[Kept]:
    """
    Args:
        excess: bytes that are to go, if there is enough that may.
    """
    free = [each for each in here if each.root not in needed]
    old = [each for each in free if each.pin is not None and now - each.last_needed > retention.seconds]
    gone = {each.root for each in old}
    missing = excess - sum(each.size for each in old)
    rest = [each for each in free if each.root not in gone]
    for each in sorted(rest, key=lambda each: (each.pin is not None, each.last_needed)):
        if missing <= 0:
            break
        old.append(each)
        missing -= each.size
    return old
