"""`kill -9` of the solver at every step on the way to a deal. Its book is gone each time; what it sent is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lilypad.agents.localnet import Accounts

from .books import Books, check_run_once
from .conftest import answers, cases
from .jobs import ask, finish
from .processes import Agent
from .steps import SOLVER, Lives
from .town import Town


@pytest.fixture
async def solver(here: Town) -> AsyncIterator[Agent]:
    agent = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    yield agent
    await agent.end()


@pytest.mark.parametrize("lives", cases(*SOLVER, short=4), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_deal__whose_solver_dies_at_every_step__is_agreed_once(here: Town, solver: Agent, lives: Lives) -> None:
    provider, creator = await here.provider(), await here.creator()
    founder = Accounts.development().solver.address
    roles = {"creator": creator.account.address, "provider": provider.account.address, "solver": founder}
    books = await Books.open(here, **roles)
    life = solver.start(crash_at=lives[0])
    await answers(here.settings.market)
    provider.agent.start()
    async with creator.open() as lily:
        job = await ask(lily, provider)
        async with finish(lily.follow(job)) as end:
            await life.died(lives[0])
            for point in lives[1:]:
                life = solver.start(crash_at=point)
                await provider.restart()  # it announces at once, and not only some seconds later
                await life.died(point)
            solver.start()
            done = await end
    await provider.agent.end()
    await books.check_paid_once(done.deal)
    assert len(await books.check_sent_once("solver")) == 1
    await books.check_sent_once("provider")
    check_run_once(provider.agent)
