"""Agents beside those of the network: a market of a test's own, and a provider that only this market knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lilypad.agents.faucet import fund
from lilypad.agents.localnet import LocalNetwork
from lilypad.agents.provider.service import default_terms, run_provider
from lilypad.agents.service import base
from lilypad.agents.solver.service import run_solver
from lilypad.chain.devnode import dev_account
from lilypad.settings import ETHER, Settings

SOLVER, PROVIDER = dev_account(6), dev_account(7)


@asynccontextmanager
async def running(work: object) -> AsyncIterator[None]:
    """An agent, for as long as the block lasts."""
    task = asyncio.ensure_future(work)  # type: ignore[arg-type,var-annotated]
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def market(network: LocalNetwork, settings: Settings) -> AsyncIterator[None]:
    ready = asyncio.Event()
    async with running(run_solver(settings, network.deployment, SOLVER, ready)):
        await ready.wait()
        yield


@asynccontextmanager
async def provider(network: LocalNetwork, settings: Settings) -> AsyncIterator[None]:
    """A second one, which only this market knows."""
    async with base(settings, network.deployment, PROVIDER, "provider") as here:
        await fund(here.actor, here.actor.account, 20 * ETHER)
        await here.actor.deposit(20 * ETHER, key="stake")
        terms = await default_terms(settings, here.actor)
    ready = asyncio.Event()
    async with running(run_provider(settings, network.deployment, PROVIDER, terms, ready)):
        await ready.wait()
        yield
