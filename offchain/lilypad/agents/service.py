"""What every agent as a running service stands on: its journal, its part of the chain, its own small web server."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.feeding import feed_options
from lilypad.agents.network import Actor
from lilypad.chain.deployments import Deployment
from lilypad.chain.feed import Feed
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.ops.operations import Operations
from lilypad.settings import Settings
from lilypad.store.journal import Journal
from lilypad.types import DealId

ROLE_PROVIDER, ROLE_SOLVER, ROLE_MEDIATOR = 2, 4, 8


@dataclass(frozen=True, slots=True)
class Base:
    """What every service stands on."""

    settings: Settings
    folder: Path
    journal: Journal
    actor: Actor
    operations: Operations

    def feed(self, *contracts: str) -> Feed:
        deployment = self.actor.deployment
        addresses = [deployment.address(name) for name in contracts]
        options = feed_options(self.settings)
        return Feed(self.actor.rpc, self.journal, addresses, start_block=deployment.block, options=options)


@asynccontextmanager
async def base(settings: Settings, deployment: Deployment, account: LocalAccount, role: str) -> AsyncIterator[Base]:
    """The journal of one account in one role; a second process with the same one is refused."""
    folder = settings.data / role / str(deployment.chain_id) / account.address.lower()
    operations = Operations(role, account.address, deployment, settings)
    async with Rpc(settings.rpc, chain_id=deployment.chain_id, observer=operations) as rpc:
        with Journal(folder / "journal.sqlite") as journal:
            sender = Sender(rpc, journal, account)
            await sender.resume()
            yield Base(settings, folder, journal, Actor(rpc, deployment, sender), operations)


@asynccontextmanager
async def serving(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """Serves an app; yields the base URL at which others reach it."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.listen_host, settings.listen_port)
        await site.start()
        port = runner.addresses[0][1]
        yield settings.public_url or f"http://{settings.listen_host}:{port}"
    finally:
        await runner.cleanup()


async def introduce(actor: Actor, role: int, url: str) -> None:
    """Creators look here for results."""
    if await actor.endpoint(actor.account) != url:
        head = await actor.rpc.call("eth_blockNumber")
        await actor.register(role, url, key=f"{url}:{head}")


def namespace_of(folder: Path) -> str:
    """Keeps one agent's executions apart from those of all others on an engine: also of one with the same account on
    another chain, or on another local network, whose executions it would take for orphans."""
    return f"{folder.name}-{hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:8]}"


def deal_of(request: web.Request) -> DealId:
    """Of a route with {deal:0x[0-9a-f]{64}}."""
    return DealId(bytes.fromhex(request.match_info["deal"].removeprefix("0x")))
