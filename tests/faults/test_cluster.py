"""A provider whose jobs run on a cluster loses its process at every step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.provider.offering import ANNOUNCE_SECONDS
from lilypad.types import Address
from tests.offchain.executors.cluster_rig import TOKEN, Machines, two_machines

from .books import Books, check_nothing_left
from .conftest import cases
from .jobs import finish
from .steps import PROVIDER_RUNS_ON_A_CLUSTER, Lives
from .town import Town, until

pytestmark = pytest.mark.usefixtures("market")


@pytest.fixture(scope="module")
def machines(missing: Callable[[str], NoReturn]) -> Iterator[Machines]:
    with two_machines(missing) as machines:
        yield machines


@pytest.mark.parametrize(
    "lives", cases(*PROVIDER_RUNS_ON_A_CLUSTER, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}"
)
async def test_job_on_a_cluster__whose_provider_dies_at_every_step__is_run_once_and_left_nowhere(
    here: Town, machines: Machines, lives: Lives
) -> None:
    provider, creator = await here.provider(cluster=machines.address), await here.creator()
    provider.agent.environment |= TOKEN
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    options = JobOptions(target=Address(provider.account.address))
    ran = set[int]()
    async with creator.open() as lily:
        job = await lily.submit("talks", {}, options)
        async with finish(lily.follow(job)) as end:
            for point in lives:
                await provider.agent.start(crash_at=point).died(point)
                ran |= set(machines.jobs())
            provider.agent.start(crash_at="provider.cleaned")
            done = await end
    await provider.agent.lives[-1].died("provider.cleaned")
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    assert len(ran) <= 1, "the job ran once, through all lives of its provider"
    assert provider.agent.count("output.recorded") == 1
    await until(lambda: machines.jobs() == machines.folders() == [])
    await check_nothing_left(provider)


async def test_provider__whose_cluster_is_away__offers_nothing_until_it_is_back(here: Town, machines: Machines) -> None:
    provider = await here.provider(cluster=machines.address)
    provider.agent.environment |= TOKEN
    life = provider.agent.start()
    await until(lambda: provider.agent.count("provider.announced") > 0)
    machines.stop()
    await life.says('kinds_of_job="0 of ')
    announced = provider.agent.count("provider.announced")
    await asyncio.sleep(2 * ANNOUNCE_SECONDS)
    assert provider.agent.count("provider.announced") == announced
    machines.start_head()
    machines.start_other()
    await until(lambda: provider.agent.count("provider.announced") > announced, patience=60)
    assert life.is_alive, life.last_words()
    await provider.agent.end()
