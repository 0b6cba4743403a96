"""Deals in any state, numbers as Prometheus reads them, and servers that take notes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from eth_account import Account
from prometheus_client.parser import text_string_to_metric_families

from lilypad.chain.deployments import Deployment
from lilypad.ops.operations import Operations
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.settings import Settings
from lilypad.types import ZERO_DIGEST, Address, ModuleId, Resources
from tests.offchain.deals import agreed

WINDOWS = Windows(decline=60, submit=600, judge=600, mediate=600)
CREATOR, PROVIDER, SOLVER, AUTHOR, CHALLENGER, MEDIATION = (Address(Account.create().address) for _ in range(6))
DEPLOYMENT = Deployment(31337, 0, {"LilypadController": MEDIATION})
PATIENCE = 10.0

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def open_deal(nonce: int = 1, since: int | None = None) -> Deal:
    since = int(time.time()) if since is None else since
    verification, needs = Verification(MEDIATION), Resources()
    module = ModuleId(bytes(32))
    job = JobOffer(
        *(CREATOR, PROVIDER, SOLVER, 100, since, nonce, 1, module, ZERO_DIGEST, needs),
        *(2, 1_000, 500, WINDOWS, verification),
    )
    resource = ResourceOffer(
        PROVIDER, 3_000, since, nonce, bytes(32), needs, 2, 10, 800, 875, 125, WINDOWS, verification
    )
    return agreed(Domain(1, MEDIATION), job, resource, AUTHOR, Shares(100, 250, 50), since)


def ended(status: DealStatus, nonce: int = 1, verdict: Verdict | None = None, cost: int | None = None) -> Deal:
    dispute = None if verdict is None else Challenge(CHALLENGER, bond=60, mediation=MEDIATION, fee=40)
    claim = Claim(bytes(32), 300)
    return replace(open_deal(nonce), status=status, claim=claim, dispute=dispute, verdict=verdict, cost=cost)


def operations(role: str = "provider", account: Address = PROVIDER, **settings: Any) -> Operations:
    return Operations(role, account, DEPLOYMENT, Settings(ops_port=0, **settings))


class Scrape:
    """What `/metrics` says."""

    def __init__(self, text: str) -> None:
        self._numbers: Numbers = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """0 when it is not there, as a counter that has never counted."""
        return self._numbers.get((f"lilypad_{name}", frozenset(labels.items())), 0.0)

    def has(self, name: str) -> bool:
        return any(known == f"lilypad_{name}" for known, _ in self._numbers)


async def scrape(url: str) -> Scrape:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        assert response.status == 200
        return Scrape(await response.text())


def scrape_here(operations: Operations) -> Scrape:
    from prometheus_client import generate_latest

    return Scrape(generate_latest(operations.metrics.registry).decode())


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """What another task is about to do is nobody's event here."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Inbox:
    """A web server that keeps what it is sent, and answers as told."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []
        """Of the next answers; then 200."""
        self._arrived = asyncio.Condition()

    async def receive(self, request: web.Request) -> web.Response:
        async with self._arrived:
            self.bodies.append(await request.read())
            self._arrived.notify_all()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def wait_for(self, count: int) -> list[bytes]:
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.bodies) >= count)
        return self.bodies


@asynccontextmanager
async def inbox() -> AsyncIterator[Inbox]:
    here = Inbox()
    app = web.Application()
    app.router.add_post("/{path:.*}", here.receive)
    async with TestServer(app) as server:
        here.url = str(server.make_url("/"))
        yield here
