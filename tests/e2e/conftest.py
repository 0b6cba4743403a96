"""A real network on a real chain, with a real provider: once for all end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.settings import Settings

from .packages import PROGRAMS, container_package, wasm_package
from .terminal import Terminal

BUDGETS = {"wasm": 50_000_000, "container": 2_000_000_000}
"""A twentieth of a second of WASM; two seconds of a container's CPU time."""


LONG = {"talks": 6_000_000_000}
"""Programs that are still at work when somebody looks."""


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory, has_engine: bool) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    for program in PROGRAMS:
        wasm_package(folder, program, LONG.get(program, BUDGETS["wasm"]))
        if has_engine:
            container_package(folder, program, LONG.get(program, BUDGETS["container"]))
    return folder


@pytest.fixture(scope="session")
async def network(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalNetwork]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, deployments=data / "deployments", modules=(modules,))
    async with local_network(settings, chain_port=0, market_port=0, mediators=0) as network:
        yield network


@pytest.fixture
async def lily(network: LocalNetwork) -> AsyncIterator[Lilypad]:
    async with Lilypad(network.accounts.creator, network.settings) as lily:
        yield lily


@pytest.fixture
def terminal(network: LocalNetwork) -> Terminal:
    """Where the creator types its commands."""
    return Terminal(network.settings)


@pytest.fixture(params=["wasm", "container"])
def engine(request: pytest.FixtureRequest, has_engine: bool, missing: Callable[[str], NoReturn]) -> str:
    """Each test that takes this runs once in every engine."""
    if request.param == "container" and not has_engine:
        missing("no Docker engine answers: jobs in containers are left out")
    return str(request.param)


@pytest.fixture
def named(engine: str) -> Callable[[str], str]:
    """The name of a program's module in this engine."""
    return lambda program: program if engine == "wasm" else f"{program}-container"
