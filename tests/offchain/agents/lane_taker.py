"""A command of its own that takes lanes of an account that others take lanes of at the same time.

python lane_taker.py FILE COUNT: prints the lanes, one a line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, cast

from lilypad.agents.creator.lanes import Lanes
from lilypad.protocol.deal import DealStatus
from lilypad.types import ZERO_ADDRESS


class NothingYet:
    """A chain on which nothing has happened."""

    async def is_nonce_used(self, account: object, nonce: int) -> bool:
        return False

    async def lane_status(self, creator: object, lane: int) -> DealStatus:
        return DealStatus.NONE


async def take(file: Path, count: int) -> None:
    lanes = Lanes(cast(Any, NothingYet()), ZERO_ADDRESS, file)
    for nonce in range(count):
        print(await lanes.take(nonce, int(time.time()) + 600), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]), int(sys.argv[2])))
