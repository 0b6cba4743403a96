"""One real network for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.settings import Settings

MODULES = Path(__file__).parents[3] / "modules"


@pytest.fixture(scope="session")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalNetwork]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, deployments=data / "deployments", modules=(MODULES,))
    async with local_network(settings, chain_port=0, market_port=0) as network:
        yield network
