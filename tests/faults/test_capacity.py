"""A provider with one place promises one place, however often it starts and whatever happened while it was down."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from lilypad.agents.creator.progress import Stage
from lilypad.agents.provider.running import find_running
from lilypad.settings import GWEI

from .books import Books
from .jobs import ask, finish, reach
from .town import Provider, Town, until

pytestmark = pytest.mark.usefixtures("market")


def cpu_offered(provider: Provider) -> int:
    """Thousandths of a core, as the provider tells other commands on its machine."""
    running = find_running(provider.folder)
    return running.booking.offers.cpu_milli if running else 0


async def test_offer__of_a_provider_that_starts_again__is_the_same_one(here: Town) -> None:
    provider = await here.provider()
    for _ in range(3):
        await provider.agent.start(crash_at="provider.announced").died("provider.announced")
    assert provider.agent.count("provider.nonce") == 1


async def test_offer__at_a_price_that_is_no_longer_asked__is_called_back(here: Town) -> None:
    provider = await here.provider()
    books = await Books.open(here, provider=provider.account.address)
    for price in (GWEI, 2 * GWEI):
        life = provider.agent.start(crash_at="provider.announced", price_per_instruction=price)
        await life.died("provider.announced")
    assert provider.agent.count("provider.nonce") == 2
    assert "sender.mined@cancel" in provider.agent.passed()
    await books.check_sent_once("provider")


async def test_offers__of_a_provider_that_dies_again_and_again__are_as_many_as_it_has_places(here: Town) -> None:
    """Each of them is for half of the machine, also where it was written down and never announced."""
    provider = await here.provider()
    for where in ("provider.outstanding", "provider.announced", "provider.announced"):
        await provider.agent.start("--places", "2", "--cpu", "1", crash_at=where).died(where)
    provider.agent.start("--places", "2", "--cpu", "1")
    await until(lambda: cpu_offered(provider) == 1_000)
    assert provider.agent.count("provider.nonce") == 2
    assert "sender.mined@cancel" not in provider.agent.passed()
    await provider.agent.end()


async def test_offer__of_more_than_the_machine_has_now__is_called_back(here: Town) -> None:
    provider = await here.provider()
    await provider.agent.start("--cpu", "1", crash_at="provider.announced").died("provider.announced")
    provider.agent.start("--cpu", "0.5")
    await until(lambda: cpu_offered(provider) == 500)
    assert provider.agent.count("provider.nonce") == 2
    assert "sender.mined@cancel" in provider.agent.passed()
    await provider.agent.end()


async def test_place__that_was_taken_while_its_provider_was_down__is_not_offered_again(here: Town) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    await provider.agent.start(crash_at="provider.announced").died("provider.announced")
    async with creator.open() as lily:
        job = await ask(lily, provider)
        stages = lily.follow(job)
        await reach(stages, Stage.AGREED)
        provider.agent.start()
        await reach(stages, Stage.VERIFIED)
        passed = [entry.split("@")[0] for entry in provider.agent.passed()]
        assert "provider.nonce" not in passed[passed.index("provider.announced") : passed.index("provider.noted")]
        async with finish(stages) as end:
            done = await end
    await books.check_paid_once(done.deal)
    await provider.agent.end()


async def test_place__of_a_job_whose_result_nobody_accepts__is_there_for_the_next_one(here: Town) -> None:
    """Who lets the judge window pass binds the collateral, and nothing of the machine but the disk."""
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    provider.agent.start("--places", "1", "--cpu", "1")
    async with creator.open() as lily:
        first = await ask(lily, provider)
        async with aclosing(lily.follow(first)) as stages:
            await reach(stages, Stage.SUBMITTED)
        await until(lambda: provider.deal_folders() == [] and cpu_offered(provider) == 1_000)
        assert (find_running(provider.folder) or pytest.fail("it runs")).booking.deals.cpu_milli == 0
        async with finish(lily.follow(await ask(lily, provider))) as end:
            second = await end
        async with finish(lily.follow(first)) as end:
            await end
    assert second.stage is Stage.ACCEPTED
    assert [standing.deal.status.name for standing in await creator.standings()] == ["ACCEPTED"] * 2
    assert provider.agent.count("work.running") == 2
    await books.check_sent_once("provider")
    await provider.agent.end()
