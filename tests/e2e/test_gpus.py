"""Jobs that ask for a GPU: offered by who has one to hand out, given to one job alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.agents.provider.engines import look
from lilypad.doctor.findings import Level
from lilypad.doctor.machine import examine_gpus
from lilypad.settings import Settings
from tests.engine import PrivateEngine
from tests.offchain.executors.gpu_rig import ONE, OTHER, driver_of_two, engine_with_toolkit

from .packages import container_package

MODULE = "tells-container"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory, has_engine: bool, missing: Callable[[str], NoReturn]) -> Path:
    if not has_engine:
        missing("no Docker engine answers: jobs in containers are left out")
    folder = tmp_path_factory.mktemp("modules")
    container_package(folder, "tells", 2_000_000_000, gpu=1)
    return folder


@pytest.fixture(scope="module")
async def engine(module: Path, missing: Callable[[str], NoReturn]) -> AsyncIterator[PrivateEngine]:
    async with engine_with_toolkit(missing) as engine:
        await engine.load(module / MODULE / "image.tar")
        yield engine


@pytest.fixture(scope="module", autouse=True)
def driver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(driver_of_two(tmp_path_factory.mktemp("driver"))), prepend=":")
        yield


@pytest.fixture(scope="module")
async def network(
    driver: None, engine: PrivateEngine, module: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LocalNetwork]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, deployments=data / "deployments", modules=(module,), docker=engine.address)
    async with local_network(settings, chain_port=0, market_port=0, mediators=0) as network:
        yield network


async def test_job__that_asks_for_a_gpu__is_run_with_one(network: LocalNetwork) -> None:
    async with Lilypad(network.accounts.creator, network.settings) as lily:
        done = await lily.run(MODULE, {"Message": "gpus"})
    assert done.exit_status == 0
    assert (done.outputs / "told.txt").read_text() in (f"gpus: {ONE}\n", f"gpus: {OTHER}\n")


async def test_machine__whose_engine_cannot_hand_out_its_gpus__offers_none(network: LocalNetwork) -> None:
    there = (await look(network.settings)).total
    assert (there.gpu, there.vram_mib) == (2, 32_768)
    without = network.settings.model_copy(update={"docker": Settings().docker})
    there = (await look(without)).total
    assert (there.gpu, there.vram_mib) == (0, 0)


async def test_doctor__tells_whether_containers_can_have_the_gpus(engine: PrivateEngine) -> None:
    (found,) = await examine_gpus(engine.address)
    assert (found.level, found.text) == (Level.OK, "2 of 16 GiB, 24 GiB, and containers can have them")
    (found,) = await examine_gpus(Settings().docker)
    assert found.level is Level.WARNING
    assert "could not select device driver" in found.text
    assert found.fix.startswith("install the NVIDIA Container Toolkit")
