"""A provider that has a cluster: jobs of every engine run on its machines, and nobody else sees a difference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Stage
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.doctor.cluster import examine_cluster
from lilypad.doctor.findings import Level
from lilypad.protocol.deal import DealStatus
from lilypad.settings import Settings
from tests.faults.town import until
from tests.offchain.executors.cluster_rig import Machines, two_machines

Named = Callable[[str], str]


@pytest.fixture(scope="module")
def machines(missing: Callable[[str], NoReturn]) -> Iterator[Machines]:
    with two_machines(missing) as machines:
        yield machines


@pytest.fixture(scope="module")
async def grown(
    machines: Machines, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LocalNetwork]:
    data = tmp_path_factory.mktemp("data")
    settings = Settings(data=data, deployments=data / "deployments", modules=(modules,), cluster=machines.address)
    async with local_network(settings, chain_port=0, market_port=0, mediators=0) as network:
        yield network


async def test_job__of_a_provider_with_a_cluster__runs_on_a_machine_of_it_and_is_paid(
    grown: LocalNetwork, machines: Machines, named: Named
) -> None:
    async with Lilypad(grown.accounts.creator, grown.settings) as lily:
        job = await lily.submit(named("talks"), {})
        async for step in lily.follow(job):
            if step.stage is Stage.AGREED:
                await until(lambda: len(machines.jobs()) == 1)
    assert step.deal is not None
    assert step.result is not None
    assert (step.deal.status, step.stage) == (DealStatus.ACCEPTED, Stage.ACCEPTED)
    await until(lambda: machines.jobs() == machines.folders() == [])


async def test_provider__with_a_cluster__is_ready_while_that_answers(grown: LocalNetwork) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{grown.operations['provider']}/readyz") as answer:
        checks = {check["check"]: check for check in (await answer.json())["checks"]}
    assert checks["cluster"] == {"check": "cluster", "ok": True, "detail": "2 machines with 2 CPU"}


async def test_doctor__counts_the_machines_of_a_cluster(machines: Machines, has_engine: bool) -> None:
    cluster, docker = await examine_cluster(Settings(cluster=machines.address))
    assert cluster.level is Level.OK
    assert cluster.text.startswith(f"{machines.address}: 2 machines, 2 CPU, 1 GPU, ")
    assert docker.level is (Level.OK if has_engine else Level.WARNING)
