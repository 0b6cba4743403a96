"""What waits at a node to be mined."""

from __future__ import annotations

import asyncio
from typing import Any

from lilypad.chain.rpc import Rpc


async def pooled(rpc: Rpc, address: str) -> list[dict[str, Any]]:
    waiting = (await rpc.call("txpool_content"))["pending"]
    return list(next((v for k, v in waiting.items() if k.lower() == address.lower()), {}).values())


async def until_pooled(rpc: Rpc, address: str, count: int = 1) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        while len(found := await pooled(rpc, address)) != count:
            pass
    return found
