"""Whether an agreed job can be done as it was agreed. A no is said at once, while it costs nothing."""

from __future__ import annotations

import math

from lilypad.agents.provider.pace import Pace
from lilypad.agents.work.packages import Catalogue
from lilypad.agents.work.workshop import instruction_limit
from lilypad.errors import RejectedError
from lilypad.protocol.deal import Deal
from lilypad.types import Engine

WORKING_PERCENT = 80
"""Of the submit window. The rest is for the inputs, for the output, and for the transaction."""


def finishes_in_time(limit: int, rate: int, window: int) -> bool:
    """Whether so many instructions, at so many a second, leave time in a submit window for the rest of the work."""
    return limit * 100 <= rate * window * WORKING_PERCENT


class Admission:
    def __init__(self, catalogue: Catalogue, pace: Pace) -> None:
        self._catalogue = catalogue
        self._pace = pace

    async def check(self, deal: Deal) -> None:
        """
        Raises:
            RejectedError: the job may use more of the machine than it asked for, or more time than it has.
        """
        manifest = (await self._catalogue.package(deal.job.module)).manifest
        if not manifest.needs.fit_in(deal.job.resources):
            message = "the job asks for less of the machine than its module may use"
            raise RejectedError(message, module=manifest.name, needs=manifest.needs, asked=deal.job.resources)
        window = deal.terms.windows.submit
        if manifest.engine is Engine.WASM:  # its wall clock is no result but a fault of this machine
            window = min(window, math.ceil(manifest.limits.wall_seconds * 100 / WORKING_PERCENT))
        limit = instruction_limit(deal, manifest)
        rate = await self._pace.of(deal.job.module, manifest, enough=-(-limit * 100 // (window * WORKING_PERCENT)))
        if manifest.engine is Engine.DOCKER:  # it ends at its wall clock, with a result
            limit = min(limit, int(manifest.limits.wall_seconds * rate))
        if not finishes_in_time(limit, rate, window):
            message = "this machine may not finish the job in its submit window"
            raise RejectedError(message, module=manifest.name, instructions=limit, a_second=rate, window=window)

    async def ran(self, deal: Deal, instructions: int, seconds: float) -> None:
        manifest = (await self._catalogue.package(deal.job.module)).manifest
        self._pace.ran(deal.job.module, manifest, instructions, seconds)
