"""Lets jobs begin as there is room for them: whatever was promised, no more runs at once than the machine has.

Promises alone do not see to that. A reorganisation may take an agreement back, and its offer is open again when another
one has been made in its place.
"""

from __future__ import annotations

import asyncio

from lilypad.agents.provider.capacity import total_of
from lilypad.types import DealId, Resources


class Gate:
    def __init__(self, total: Resources, places: int) -> None:
        self._total = total
        self._places = places
        self._inside: dict[DealId, Resources] = {}
        self._left = asyncio.Event()

    @property
    def running(self) -> Resources:
        """What those inside may use, all together."""
        return total_of(self._inside.values())

    def resume(self, deal: DealId, needs: Resources) -> None:
        """It had begun before this process did, and may still run."""
        self._inside[deal] = needs

    async def enter(self, deal: DealId, needs: Resources, seconds: float) -> bool:
        """Whether there was room within this time. Who is inside stays there until it leaves."""
        try:
            async with asyncio.timeout(seconds):
                while not self._lets_in(deal, needs):
                    await self._left.wait()
        except TimeoutError:
            return False
        self._inside[deal] = needs
        return True

    def leave(self, deal: DealId) -> None:
        self._inside.pop(deal, None)
        self._left.set()
        self._left = asyncio.Event()

    def _lets_in(self, deal: DealId, needs: Resources) -> bool:
        """Alone it may have whatever it was promised: the machine may have become smaller since."""
        if deal in self._inside or not self._inside:
            return True
        return len(self._inside) < self._places and needs.fit_in(self._total.beyond(self.running))
