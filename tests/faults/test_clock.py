"""A machine's clock jumps by a day. What is overdue is decided by the chain's clock, which does not."""

from __future__ import annotations

import pytest

from lilypad.agents.creator.progress import Stage
from lilypad.errors import OfferInvalidError

from .books import Books, check_run_once
from .conftest import answers
from .jobs import ask, finish, reach
from .processes import Agent
from .town import Provider, Town

DAY = 86_400.0


@pytest.fixture(scope="module")
async def market(here: Town) -> Agent:
    """A solver with a clock that tests can set."""
    agent = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    agent.set_clock(0)
    agent.start()
    await answers(here.settings.market)
    return agent


@pytest.fixture(scope="module")
async def only_provider(here: Town) -> Provider:
    """Or a command's job might go to one that an earlier test has left for dead."""
    return await here.provider()


@pytest.fixture
async def provider(only_provider: Provider) -> Provider:
    await only_provider.agent.end()
    only_provider.agent.trace.unlink(missing_ok=True)
    only_provider.agent.set_clock(0)
    return only_provider


@pytest.mark.parametrize("jump", [DAY, -DAY])
@pytest.mark.usefixtures("market")
async def test_deal__whose_providers_clock_jumps__is_run_and_paid_once(
    here: Town, provider: Provider, jump: float
) -> None:
    creator = await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    async with creator.open() as lily:
        job = await ask(lily, provider)
        stages = lily.follow(job)
        life = provider.agent.start(crash_at="provider.taken")
        await reach(stages, Stage.AGREED)
        await life.died("provider.taken")
        provider.agent.set_clock(jump)
        life = provider.agent.start()
        async with finish(stages) as end:
            done = await end
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    check_run_once(provider.agent)
    assert life.is_alive, life.last_words()
    await provider.agent.end()


@pytest.mark.parametrize("jump", [DAY, -DAY])
@pytest.mark.usefixtures("market")
async def test_job__whose_commands_clock_jumps__comes_home_and_is_paid_once(
    here: Town, provider: Provider, jump: float
) -> None:
    creator = await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    creator.agent.set_clock(0)
    provider.agent.start()
    command = creator.agent.start("run", "cowsay", "-i", "Message=moo", crash_at="creator.agreed")
    await command.died("creator.agreed")
    creator.agent.set_clock(jump)
    last = creator.agent.start("resume", (await creator.standings())[0].deal.id.hex())
    assert await last.ended() == 0, last.last_words()
    (standing,) = await creator.standings()
    await books.check_paid_once(standing.deal)
    await books.check_sent_once("creator")
    await provider.agent.end()


async def test_job__while_the_solvers_clock_is_ahead__waits_until_it_is_right(
    here: Town, market: Agent, provider: Provider
) -> None:
    """For a solver of tomorrow, offers of today have expired."""
    creator = await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    market.set_clock(DAY)
    provider.agent.start()
    async with creator.open() as lily:
        job = await ask(lily, provider)
        with pytest.raises(OfferInvalidError, match="expired"):
            await reach(lily.follow(job), Stage.AGREED)
        market.set_clock(0)
        async with finish(lily.follow(job)) as end:
            done = await end
    await books.check_paid_once(done.deal)
    assert market.lives[-1].is_alive, market.lives[-1].last_words()
    await provider.agent.end()
