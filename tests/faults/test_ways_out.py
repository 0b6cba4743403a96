"""`kill -9` of the provider on the ways out of a deal that needs nobody else, and on its own way out of the market."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from lilypad.agents.creator.progress import Stage
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.income import net
from lilypad.types import Address

from .books import Books, check_nothing_left, check_run_once
from .conftest import answers, cases
from .jobs import ask, reach
from .processes import Agent, Life
from .steps import PROVIDER_DRAINS, PROVIDER_FINALIZES, PROVIDER_IS_LATE, Lives
from .town import Provider, Town, town, until

WINDOW = 3
"""Seconds until a deal is overdue: the chain's clock cannot be set forward without being ahead for ever."""


@pytest.fixture(scope="module")
async def here(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    async with town(folder, modules, decline_window=2, submit_window=WINDOW, judge_window=WINDOW) as place:
        yield place


@pytest.fixture(scope="module", autouse=True)
async def market(here: Town) -> Agent:
    agent = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    agent.start()
    await answers(here.settings.market)
    return agent


@pytest.mark.parametrize("lives", cases(*PROVIDER_FINALIZES, short=1), ids=lambda lives: lives[0])
async def test_deal__whose_creator_is_gone_and_whose_provider_dies__is_finalized_once(here: Town, lives: Lives) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    async with creator.open() as lily:
        job = await ask(lily, provider)
        life = provider.agent.start(crash_at=lives[0])
        async with aclosing(lily.follow(job)) as stages:
            await reach(stages, Stage.SUBMITTED)
    await life.died(lives[0])
    for point in lives[1:]:
        await provider.agent.start(crash_at=point).died(point)
    await provider.agent.start(crash_at="provider.cleaned").died("provider.cleaned")
    (standing,) = await creator.standings()
    await books.check_paid_once(standing.deal)
    await books.check_sent_once("provider")
    check_run_once(provider.agent)
    await check_nothing_left(provider)


@pytest.mark.parametrize("lives", cases(*PROVIDER_IS_LATE, short=1), ids=lambda lives: lives[0])
async def test_deal__whose_provider_was_down_too_long__costs_it_the_late_penalty_once(here: Town, lives: Lives) -> None:
    provider, creator = await here.provider(), await here.creator()
    accounts = {"creator": creator.account.address, "provider": provider.account.address}
    books = await Books.open(here, **accounts)
    async with creator.open() as lily:
        job = await ask(lily, provider)
        life = provider.agent.start(crash_at="provider.taken")
        async with aclosing(lily.follow(job)) as stages:
            await reach(stages, Stage.AGREED)
    await life.died("provider.taken")
    await here.pass_time(WINDOW + 1)
    for point in lives:
        await provider.agent.start(crash_at=point).died(point)
    await provider.agent.start(crash_at="provider.cleaned").died("provider.cleaned")
    (standing,) = await creator.standings()
    assert standing.deal.status is DealStatus.LATE
    changes = {role: net(standing.deal, Address(account)) for role, account in accounts.items()}
    assert changes["creator"] == -changes["provider"] > 0
    await books.check_money(**changes)
    await books.check_sent_once("provider")
    await check_nothing_left(provider)


async def drain(provider: Provider, crash_at: str = "") -> Life:
    """Starts it, and tells it to end as soon as its offer is out; unless it is dead by then."""
    announced = provider.agent.count("provider.announced")
    life = provider.agent.start(crash_at=crash_at)
    await until(lambda: not life.is_alive or provider.agent.count("provider.announced") > announced)
    if life.is_alive:
        life.signal(signal.SIGTERM)
    return life


@pytest.mark.parametrize("lives", cases(*PROVIDER_DRAINS, short=1), ids=lambda lives: lives[0])
async def test_offers__of_a_provider_that_dies_while_it_drains__are_called_back(here: Town, lives: Lives) -> None:
    provider = await here.provider()
    books = await Books.open(here, provider=provider.account.address)
    for point in lives:
        await (await drain(provider, crash_at=point)).died(point)
    life = await drain(provider)
    assert await life.ended() == 0, life.last_words()
    for nonce in range(provider.agent.count("provider.nonce")):
        assert await here.network.is_nonce_used(Address(provider.account.address), nonce)
    await books.check_sent_once("provider")
