"""Faults are put into a real network: real processes, a real chain, the real executors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.packages import container_package, wasm_package

from .processes import Agent
from .steps import Lives, alone
from .town import Town, town

CONTAINERS = {"cowsay": 2_000_000_000, "talks": 6_000_000_000}
PROGRAMS = {"cowsay": 50_000_000, "fails": 50_000_000, "talks": 6_000_000_000}


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory, has_engine: bool) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    for program, budget in PROGRAMS.items():
        wasm_package(folder, program, budget)
    for program, budget in CONTAINERS.items() if has_engine else ():
        container_package(folder, program, budget)
    return folder


@pytest.fixture(scope="module")
async def here(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One for each file, so that no provider is left over from another."""
    async with town(tmp_path_factory.mktemp("town"), modules) as place:
        yield place


@pytest.fixture(scope="module")
async def market(here: Town) -> Agent:
    """A solver that nobody kills."""
    agent = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    agent.start()
    await answers(here.settings.market)
    return agent


async def answers(url: str) -> None:
    """Another process's start is nobody's event, so this asks until it answers."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while True:
            try:
                async with session.get(f"{url}/v1/network") as answer:
                    await answer.read()
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)


IS_LONG = os.environ.get("LILYPAD_FAULTS") == "long"
"""`make faults`: all gauntlets, and each death alone, too."""


def cases(*gauntlets: Lives, short: int) -> tuple[Lives, ...]:
    """The short form has so many of the gauntlets, the first ones."""
    return (*gauntlets, *alone(*gauntlets)) if IS_LONG else gauntlets[:short]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test here is many processes long, on a machine that does other things."""
    for item in items:
        item.add_marker(pytest.mark.timeout(300))
