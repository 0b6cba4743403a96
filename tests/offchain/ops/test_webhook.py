"""Alerts that are posted: to a server that works, one that does not, and one that never answers."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from lilypad.ops.alerts import Alert, Kind
from lilypad.ops.metrics import Metrics
from lilypad.ops.watch import Balances, Subject
from lilypad.ops.webhook import QUEUE, Patience, Webhook
from lilypad.settings import Settings

from .helpers import PATIENCE, Inbox, inbox, operations, scrape_here, until

QUICK = Patience(tries=4, first_pause=0.01, timeout=1.0)
ALERT = Alert(Kind.SLASHED, "your collateral is gone", {"deal": "0x12", "collateral": 10**19})


class Poster:
    """A webhook at work, and its numbers."""

    def __init__(self, url: str) -> None:
        self.metrics = Metrics()
        self.webhook = Webhook(url, {"role": "provider", "account": "0xabc"}, self.metrics, QUICK)

    def count(self, outcome: str) -> float:
        return self.metrics.registry.get_sample_value("lilypad_webhook_posts_total", {"outcome": outcome}) or 0.0

    async def until(self, outcome: str) -> None:
        async def is_there() -> bool:
            return self.count(outcome) > 0

        await until(is_there)


@asynccontextmanager
async def posting(url: str) -> AsyncIterator[Poster]:
    poster = Poster(url)
    task = asyncio.create_task(poster.webhook.run())
    try:
        yield poster
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def server() -> AsyncIterator[Inbox]:
    async with inbox() as here:
        yield here


async def test_post__of_an_alert__is_one_document(server: Inbox) -> None:
    async with posting(server.url) as poster:
        poster.webhook.put(ALERT)
        await poster.until("delivered")
    document = json.loads(server.bodies[0])
    assert document["kind"] == "slashed"
    assert document["message"] == "your collateral is gone"
    assert document["fields"] == {"deal": "0x12", "collateral": "10000000000000000000"}
    assert document["agent"] == {"role": "provider", "account": "0xabc"}
    assert not document["resolved"]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_post__to_a_server_in_trouble__is_repeated(server: Inbox, status: int) -> None:
    server.statuses = [status, status]
    async with posting(server.url) as poster:
        poster.webhook.put(ALERT)
        await poster.until("delivered")
    assert len(server.bodies) == 3
    assert len({*server.bodies}) == 1


@pytest.mark.parametrize("status", [400, 404, 302])
async def test_post__that_is_refused__is_not_repeated(server: Inbox, status: int) -> None:
    server.statuses = [status]
    async with posting(server.url) as poster:
        poster.webhook.put(ALERT)
        await poster.until("failed")
    assert len(server.bodies) == 1


async def test_post__that_never_arrives__is_given_up_without_telling_the_url(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "lilypad"):
        async with posting("http://127.0.0.1:9/secret-path?key=secret") as poster:
            poster.webhook.put(ALERT)
            await poster.until("failed")
    assert "webhook_failed" in caplog.text
    assert "secret" not in caplog.text + str([vars(record) for record in caplog.records])


def test_put__into_a_full_queue__drops_and_does_not_wait() -> None:
    poster = Poster("http://127.0.0.1:9")
    for _ in range(QUEUE + 3):
        poster.webhook.put(ALERT)
    assert poster.count("dropped") == 3


async def poor() -> Balances:
    return Balances(0, 0, 0, 0)


async def test_agent__with_a_webhook__posts_what_its_watch_finds(server: Inbox, tmp_path: Path) -> None:
    watched = operations(alert_webhook=server.url)
    async with watched.attending(Subject(tmp_path, poor)):
        (body,) = await server.wait_for(1)
    assert json.loads(body)["kind"] == "low_balance"
    assert scrape_here(watched)("webhook_posts_total", outcome="delivered") == 1


async def test_agent__whose_webhook_does_not_answer__ends_all_the_same(tmp_path: Path) -> None:
    """The other side takes the connection and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silence:
        watched = operations(alert_webhook=f"http://127.0.0.1:{silence.getsockname()[1]}")
        async with watched.attending(Subject(tmp_path, poor)):
            await until(lambda: _was_raised(watched.metrics))
            began = time.monotonic()
        assert time.monotonic() - began < PATIENCE / 2


async def _was_raised(metrics: Metrics) -> bool:
    return bool(metrics.registry.get_sample_value("lilypad_alerts_total", {"kind": "low_balance"}))


def test_url__of_the_webhook__is_not_shown_with_the_settings() -> None:
    assert "secret" not in repr(Settings(alert_webhook="http://host/secret"))
