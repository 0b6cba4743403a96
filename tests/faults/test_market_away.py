"""The market, which keeps a job's inputs, is away until it is too late to decline."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lilypad.agents.creator.progress import Stage

from .books import Books, check_run_once
from .conftest import answers
from .jobs import ask, finish, reach
from .town import Town, town

DECLINE_WINDOW = 2


@pytest.fixture(scope="module")
async def here(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town"), modules, decline_window=DECLINE_WINDOW) as place:
        yield place


async def test_deal__whose_inputs_come_after_the_decline_window__is_run_and_paid_once(here: Town) -> None:
    solver = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    life = solver.start()
    await answers(here.settings.market)
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    async with creator.open() as lily:
        job = await ask(lily, provider)
        stages = lily.follow(job)
        taken = provider.agent.start(crash_at="provider.taken")
        await reach(stages, Stage.AGREED)
        await taken.died("provider.taken")
        await life.kill()
        await here.pass_time(DECLINE_WINDOW + 1)
        async with finish(stages) as end:
            second = provider.agent.start()
            await second.says("deal_waits")
            solver.start()
            done = await end
    await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    check_run_once(provider.agent)
    assert second.is_alive, second.last_words()
    await provider.agent.end()
