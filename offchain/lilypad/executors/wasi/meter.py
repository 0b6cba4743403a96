"""Fuel for the host's own work.

The engine counts the module's instructions; without this, a module could make the host work for nothing by
calling it in a loop. A charge is taken before the work is done, follows from the call's arguments and the
state of the files alone, and is close to the time the work takes (one unit is about a nanosecond).

Changing a price changes every bill: bump HOST_VERSION in host.py.
"""

from __future__ import annotations

from collections.abc import Callable

from lilypad.executors.wasi.errno import OutOfBudgetError

PER_CALL = 20_000
PER_BYTE = 1
"""Copied between the module and the host, or added to a file."""
PER_BUFFER = 2_000
"""One scatter/gather buffer, one string of argv or env, one subscription of a poll."""
PER_RANDOM_BYTE = 5
PER_PATH_BYTE = 50
PER_ENTRY = 500
"""One directory entry that is sorted, listed or moved."""
PER_NODE = 200_000
"""A new file or directory, most of it for the disk that the outputs are written to in the end."""


class Meter:
    """Takes fuel out of the same tank that the engine takes it from."""

    def __init__(self, get_fuel: Callable[[], int], set_fuel: Callable[[int], None]) -> None:
        self._get_fuel = get_fuel
        self._set_fuel = set_fuel

    def charge(self, units: int) -> None:
        left = self._get_fuel()
        if units > left:
            raise OutOfBudgetError
        self._set_fuel(left - units)

    def remaining(self) -> int:
        return self._get_fuel()

    def drain(self) -> None:
        """Empties the tank: the engine stops the module at its next loop or function call."""
        self._set_fuel(0)
