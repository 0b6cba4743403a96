"""A watcher beside the network of a test: with money, and a metrics page to see what it has looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.test_utils import unused_port
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.agents.faucet import fund
from lilypad.agents.watcher.policy import WatchPolicy
from lilypad.agents.watcher.service import run_watcher
from lilypad.settings import ETHER
from tests.offchain.ops.helpers import scrape

from .court_town import PATIENCE, Town

WATCHER: LocalAccount = Account.create()
PURSE = 20 * ETHER
POLICY = WatchPolicy(bond=PURSE, check=1.0)


@dataclass(frozen=True)
class Watching:
    url: str

    async def has_found(self, outcome: str) -> None:
        """What another task finds is nobody's event, so this asks until it is there."""
        async with asyncio.timeout(PATIENCE):
            while (await scrape(self.url))("results_checked_total", outcome=outcome) != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def is_fit(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as answer:
            return answer.status == 200


@asynccontextmanager
async def watcher(town: Town, policy: WatchPolicy = POLICY) -> AsyncIterator[Watching]:
    await fund(town.lily.actor, WATCHER.address, PURSE)
    town.others["watcher"] = WATCHER.address
    settings = town.network.settings.model_copy(update={"ops_port": unused_port()})
    ready = asyncio.Event()
    work = run_watcher(settings, town.network.deployment, WATCHER, policy, ready=ready)
    task = town.network.tasks.create_task(work, name="watcher")
    await ready.wait()
    yield Watching(f"http://127.0.0.1:{settings.ops_port}")
    task.cancel()
    await asyncio.wait([task])
