"""`kill -9` of a provider that clears its disk: what an open deal needs is there afterwards, the rest goes."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.progress import Stage
from lilypad.store.blocks import LocalBlockStore
from lilypad.types import Address

from .books import Books, check_run_once
from .conftest import cases
from .jobs import ask, finish, reach
from .steps import PROVIDER_CLEARS, Lives
from .town import Town, until

pytestmark = pytest.mark.usefixtures("market")
TINY = 1
"""Bytes: whatever may go has to."""


@pytest.mark.parametrize("lives", cases(*PROVIDER_CLEARS, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_result__of_an_open_deal_whose_provider_dies_while_it_clears_up__is_fetched_and_paid(
    here: Town, lives: Lives
) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    provider.agent.start()
    async with creator.open() as lily:
        only_here = JobOptions(target=Address(provider.account.address))
        old = await lily.submit("cowsay", {"Message": "soon forgotten"}, only_here)
        async with finish(lily.follow(old)) as end:
            gone = (await end).result
        async with aclosing(lily.follow(await ask(lily, provider))) as stages:
            await reach(stages, Stage.SUBMITTED)
            await provider.agent.end()
            for point in lives:
                await provider.agent.start(crash_at=point, disk_quota=TINY).died(point)
            provider.agent.start(disk_quota=TINY)
            done = await reach(stages, Stage.ACCEPTED)
    assert gone is not None
    assert done.result is not None
    assert b"< moo >" in done.result.stdout
    blocks = LocalBlockStore(provider.folder / "blocks")
    assert not await blocks.has(gone.record.cid)
    await until(lambda: not any((provider.folder / "blocks" / "blocks").glob("*/*")))
    await provider.agent.end()
    await books.check_sent_once("provider")
    check_run_once(provider.agent, deals=2)
