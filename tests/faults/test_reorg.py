"""The chain takes back its last blocks, one to ten of them, at every step of a deal, and forgets what was in them."""

from __future__ import annotations

import pytest

from lilypad.agents.creator.progress import Stage

from .books import Books
from .conftest import IS_LONG
from .jobs import ask, finish, reach
from .processes import Agent
from .town import Town

pytestmark = pytest.mark.usefixtures("market")
STEPS = (Stage.AGREED, Stage.SUBMITTED, Stage.VERIFIED, Stage.ACCEPTED)
SHORT = tuple(zip(STEPS, (2, 1, 3, 10), strict=True))
CASES = tuple((step, depth) for step in STEPS for depth in range(1, 11)) if IS_LONG else SHORT


@pytest.mark.parametrize(("step", "depth"), CASES)
async def test_deal__whose_blocks_are_taken_back__comes_to_the_same_end(
    here: Town, market: Agent, step: Stage, depth: int
) -> None:
    for agent in here.agents:
        if agent is not market:
            await agent.end()
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    life = provider.agent.start()
    async with creator.open() as lily:
        job = await ask(lily, provider)
        # Nothing but the deal is in the blocks that go: money and inputs were there before.
        await here.rpc.call("anvil_mine", hex(10))
        stages = lily.follow(job)
        done = await reach(stages, step)
        await here.rpc.call("anvil_reorg", depth, [])
        if step is Stage.ACCEPTED:  # its command has ended, and only the next one can see what became of the payment
            assert [step async for step in stages] == []
            stages = lily.follow(job)
        async with finish(stages) as end:
            done = await end
    await books.check_as_if_nothing_had_been(done.deal, life, market.lives[-1])
    await provider.agent.end()


async def test_deal__whose_deposit_is_taken_back_too__is_paid_for_once(here: Town, market: Agent) -> None:
    """With all that its creator and its provider have sent since they were born."""
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    await here.rpc.call("anvil_mine", "0x1")
    before = await here.head()
    provider.agent.start()
    async with creator.open() as lily:
        job = await ask(lily, provider)
        stages = lily.follow(job)
        await reach(stages, Stage.SUBMITTED)
        await here.rpc.call("anvil_reorg", await here.head() - before, [])
        async with finish(stages) as end:
            done = await end
    await books.check_paid_once(done.deal)
    await books.check_sent_once("creator")
    assert market.lives[-1].is_alive, market.lives[-1].last_words()
    await provider.agent.end()
