"""Alerts as JSON to a URL: `{"kind", "message", "resolved", "at", "agent": {...}, "fields": {...}}`, fields as strings:
amounts in wei are larger than what every reader of JSON can hold.

The agent puts an alert into a queue and goes on; a task of its own posts, again and again while the other side is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from lilypad.ops.alerts import Alert
from lilypad.ops.metrics import Metrics

log = logging.getLogger(__name__)

QUEUE = 1_000
GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    tries: int = 8
    first_pause: float = 1.0
    """Doubled with each try, up to a minute: eight tries take about two minutes."""
    longest_pause: float = 60.0
    timeout: float = 10.0


class Webhook:
    def __init__(
        self, url: str, agent: Mapping[str, object], metrics: Metrics, patience: Patience | None = None
    ) -> None:
        self._url = url
        self._agent = dict(agent)
        self._metrics = metrics
        self._patience = patience or Patience()
        self._queue: asyncio.Queue[Alert] = asyncio.Queue(QUEUE)

    def put(self, alert: Alert) -> None:
        """Never waits. A full queue drops the alert: it is in the log."""
        try:
            self._queue.put_nowait(alert)
        except asyncio.QueueFull:
            self._metrics.posts.labels("dropped").inc()

    async def run(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._patience.timeout)) as session:
            while True:
                alert = await self._queue.get()
                outcome = "delivered" if await self._deliver(session, alert) else "failed"
                self._metrics.posts.labels(outcome).inc()
                self._queue.task_done()

    async def drain(self) -> None:
        """What is queued gets a moment before the agent ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await self._queue.join()

    async def _deliver(self, session: aiohttp.ClientSession, alert: Alert) -> bool:
        pause, reason = self._patience.first_pause, ""
        for attempt in range(self._patience.tries):
            if attempt:
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._patience.longest_pause)
            try:
                async with session.post(self._url, json=self._document(alert), allow_redirects=False) as response:
                    if response.status < 300:
                        return True
                    reason = f"HTTP status {response.status}"
                    if response.status not in (408, 425, 429) and response.status < 500:
                        break  # asking again would be answered the same
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                reason = type(error).__name__
        # The path and the query often hold a key.
        log.warning("webhook_failed", extra={"host": urlsplit(self._url).hostname, "reason": reason})
        return False

    def _document(self, alert: Alert) -> dict[str, object]:
        return {
            "kind": alert.kind.value,
            "message": alert.message,
            "resolved": alert.resolved,
            "at": datetime.fromtimestamp(alert.at, UTC).isoformat(timespec="seconds"),
            "agent": self._agent,
            "fields": {name: str(value) for name, value in alert.fields.items()},
        }
