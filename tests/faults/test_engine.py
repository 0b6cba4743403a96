"""The Docker engine is not there, goes away under a job, or loses its provider at every step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest

from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.progress import Stage
from lilypad.agents.service import namespace_of
from lilypad.executors.docker import DEFAULT_ENGINE, DockerExecutor
from lilypad.protocol.deal import DealStatus
from lilypad.types import Address
from tests.engine import PrivateEngine, can_run

from .books import Books, check_nothing_left
from .conftest import cases
from .jobs import finish, reach
from .steps import PROVIDER_RUNS_A_CONTAINER, Lives
from .town import Provider, Town, until

pytestmark = pytest.mark.usefixtures("market", "needs_engine")
AT_ONCE = 10
"""Seconds; the decline window is a minute."""


@pytest.fixture
def needs_engine(has_engine: bool, missing: Callable[[str], NoReturn]) -> None:
    if not has_engine:
        missing("no Docker engine answers: jobs in containers are left out")


@pytest.fixture
async def engine(modules: Path, missing: Callable[[str], NoReturn]) -> AsyncIterator[PrivateEngine]:
    if not can_run():
        missing("a Docker engine of one's own needs root and dockerd")
    with TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder:
        engine = PrivateEngine(Path(folder))
        await engine.start()
        await engine.load(modules / "talks-container" / "image.tar")
        yield engine
        await engine.stop()


async def check_no_containers(provider: Provider, engine: str = DEFAULT_ENGINE) -> None:
    executor = DockerExecutor(engine, namespace=namespace_of(provider.folder))
    assert await executor.orphans() == (), "containers of a deal that has ended"
    await executor.close()


@pytest.mark.parametrize(
    "lives", cases(*PROVIDER_RUNS_A_CONTAINER, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}"
)
async def test_container__whose_provider_dies_at_every_step__is_run_once_and_left_nowhere(
    here: Town, lives: Lives
) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    options = JobOptions(target=Address(provider.account.address))
    async with creator.open() as lily:
        job = await lily.submit("cowsay-container", {"Message": "moo"}, options)
        async with finish(lily.follow(job)) as end:
            for point in lives:
                await provider.agent.start(crash_at=point).died(point)
            provider.agent.start(crash_at="provider.cleaned")
            done = await end
    await provider.agent.lives[-1].died("provider.cleaned")
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    assert provider.agent.count("output.recorded") == 1
    await check_no_containers(provider)
    await check_nothing_left(provider)


async def test_container__for_a_provider_without_an_engine__makes_no_deal_with_it(here: Town) -> None:
    provider, creator = await here.provider(docker="unix:///nowhere/docker.sock"), await here.creator()
    provider.agent.start()
    await until(lambda: provider.agent.count("provider.announced") > 0)
    async with creator.open() as lily:
        options = JobOptions(target=Address(provider.account.address))
        job = await lily.submit("cowsay-container", {"Message": "moo"}, options)
        async with aclosing(lily.follow(job)) as stages:
            while not (step := await reach(stages, Stage.OFFERED)).obstacles:
                pass
        assert "VerificationDiffers" in step.obstacles
        await lily.cancel(job)
    assert provider.agent.count("provider.taken") == 0
    await provider.agent.end()


async def test_container__whose_engine_went_away_before_it_began__is_declined_at_once(
    here: Town, engine: PrivateEngine
) -> None:
    provider, creator = await here.provider(docker=engine.address), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    options = JobOptions(target=Address(provider.account.address))
    provider.agent.start()
    await until(lambda: provider.agent.count("provider.announced") > 1)  # for each kind of job
    await engine.kill()
    async with creator.open() as lily:
        job = await lily.submit("talks-container", {}, options)
        async with aclosing(lily.follow(job)) as stages:
            agreed = (await reach(stages, Stage.AGREED)).deal
            ended = (await reach(stages, Stage.ENDED)).deal
    assert agreed is not None
    assert ended is not None
    assert ended.status is DealStatus.DECLINED
    assert ended.since - agreed.since < AT_ONCE
    await books.check_money(creator=0, provider=0)
    await provider.agent.end()


async def test_containers__of_a_provider_whose_engine_is_away__are_offered_by_nobody_until_it_is_back(
    here: Town, engine: PrivateEngine
) -> None:
    """Programs are, all the time."""
    provider = await here.provider(docker=engine.address)
    life = provider.agent.start()
    await until(lambda: provider.agent.count("provider.announced") > 1)  # for each kind of job
    await engine.kill()
    await life.says('kinds_of_job="1 of 2"')
    announced = provider.agent.count("provider.announced")
    await until(lambda: provider.agent.count("provider.announced") > announced)
    await engine.start()
    await life.says('kinds_of_job="2 of 2"')
    await provider.agent.end()


async def test_container__whose_engine_is_killed_and_started_again__is_run_again_and_paid_once(
    here: Town, engine: PrivateEngine
) -> None:
    provider, creator = await here.provider(docker=engine.address), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    options = JobOptions(target=Address(provider.account.address))
    life = provider.agent.start()
    async with creator.open() as lily:
        job = await lily.submit("talks-container", {}, options)
        async with finish(lily.follow(job)) as end:
            await until(lambda: provider.agent.count("work.running") == 1)
            await engine.kill()
            await asyncio.sleep(3)  # long enough for the provider to look for it and find nobody
            await engine.start()
            done = await end
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    await until(lambda: provider.agent.count("provider.cleaned") == 1)
    await check_no_containers(provider, engine.address)
    assert life.is_alive, life.last_words()
    await provider.agent.end()
