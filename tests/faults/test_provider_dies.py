"""`kill -9` of the provider at every step of a deal."""

from __future__ import annotations

import secrets
import shutil
from contextlib import aclosing

import pytest

from lilypad.agents.creator.progress import Progress, Stage
from lilypad.protocol.deal import DealStatus

from .books import Books, check_run_once
from .conftest import cases
from .jobs import ask, finish, reach
from .steps import PROVIDER_DECLINES, PROVIDER_ENDS, PROVIDER_WAITS, PROVIDER_WORKS, Lives
from .town import Creator, Provider, Town

pytestmark = pytest.mark.usefixtures("market")


async def survive(creator: Creator, provider: Provider, lives: Lives) -> Progress:
    """One job to its end, through all these deaths."""
    async with creator.open() as lily:
        job = await ask(lily, provider)
        async with finish(lily.follow(job)) as end:
            for point in lives:
                await provider.agent.start(crash_at=point).died(point)
            provider.agent.start()
            return await end


@pytest.mark.parametrize("lives", cases(*PROVIDER_WORKS, short=3), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_deal__whose_provider_dies_at_every_step__is_run_once_and_paid_once(here: Town, lives: Lives) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    done = await survive(creator, provider, lives)
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    check_run_once(provider.agent)


@pytest.mark.parametrize("lives", PROVIDER_ENDS, ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_deal__whose_provider_dies_while_it_waits_for_its_money__leaves_nothing_behind(
    here: Town, lives: Lives
) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    async with creator.open() as lily:
        job = await ask(lily, provider)
        async with aclosing(lily.follow(job)) as stages:
            life = provider.agent.start(crash_at=PROVIDER_WAITS[0])
            await reach(stages, Stage.SUBMITTED)
            await life.died(PROVIDER_WAITS[0])
            for point in PROVIDER_WAITS[1:]:
                await provider.agent.start(crash_at=point).died(point)
            life = provider.agent.start(crash_at=lives[0])
            done = await reach(stages, Stage.ACCEPTED)
        await life.died(lives[0])
        for point in lives[1:]:
            await provider.agent.start(crash_at=point).died(point)
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    check_run_once(provider.agent)
    assert provider.deal_folders() == [], "working copies of a deal that has ended"


@pytest.mark.parametrize("lives", cases(*PROVIDER_DECLINES, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_deal__that_cannot_be_run__is_declined_once(here: Town, lives: Lives) -> None:
    """Its package is here, so it is offered; but the module's file is damaged."""
    damaged = here.folder / f"damaged-{secrets.token_hex(3)}"
    shutil.copytree(here.settings.modules[0] / "cowsay", damaged / "cowsay")
    (damaged / "cowsay" / "program.wasm").write_bytes(b"damaged")
    provider, creator = await here.provider(modules=damaged), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    done = await survive(creator, provider, lives)
    assert done.deal is not None
    assert done.deal.status is DealStatus.DECLINED
    await books.check_money(creator=0, provider=0)
    await books.check_sent_once("provider")
    assert provider.agent.count("work.running") == 0
