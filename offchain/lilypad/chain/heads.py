"""A websocket subscription to new blocks that rings a bell: nothing depends on it but how soon one looks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

import aiohttp

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0


async def watch_heads(ws_url: str, ring: Callable[[], None]) -> None:
    """Runs until cancelled; connects again, ever more slowly, whenever the connection is lost."""
    failures = 0
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.ws_connect(ws_url, heartbeat=20.0) as socket:
                    await socket.send_str(_SUBSCRIBE)
                    async for message in socket:
                        if message.type is not aiohttp.WSMsgType.TEXT:
                            break
                        failures = 0
                        ring()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.debug("subscription_lost", extra={"error": repr(error)})
            failures += 1
            await asyncio.sleep(min(0.2 * 2 ** min(failures, 10), _LONGEST_PAUSE))


_SUBSCRIBE = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
