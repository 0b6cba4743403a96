"""What is promised to one offer is not counted for another, by however many commands of one wallet."""

from __future__ import annotations

import asyncio

import pytest

from lilypad.errors import FaultError
from lilypad.types import Address

from .town import Creator, Town

CEILING = 50_000_000 * 10**9
"""What the job may cost at most, in wei."""
NOBODY = Address("0x000000000000000000000000000000000000dEaD")


async def keep(creator: Creator, amount: int) -> None:
    """All but this leaves the wallet."""
    async with creator.open() as lily:
        wallet = (await lily.actor.funds(lily.actor.account)).wallet
        await lily.actor.transfer(NOBODY, wallet - amount, key="away")


@pytest.mark.usefixtures("market")
async def test_commands__two_at_once_with_just_enough_money__both_bring_their_result_home(here: Town) -> None:
    provider, creator = await here.provider(), await here.creator()
    await keep(creator, 2 * CEILING)
    provider.agent.start()
    lives = [creator.agent.start("run", "cowsay", "-i", f"Message=moo{number}") for number in range(2)]
    codes = await asyncio.gather(*(life.ended() for life in lives))
    assert codes == [0, 0], lives[0].last_words()
    assert [standing.deal.status.name for standing in await creator.standings()] == ["ACCEPTED"] * 2
    await provider.agent.end()


@pytest.mark.usefixtures("market")
async def test_submit__with_money_that_another_offer_waits_for__is_refused(here: Town) -> None:
    """Until that offer is called back."""
    creator = await here.creator()
    await keep(creator, CEILING)
    async with creator.open() as lily:
        job = await lily.submit("cowsay", {"Message": "moo"})
        with pytest.raises(FaultError, match="too poor"):
            await lily.submit("cowsay", {"Message": "moo"})
        await lily.cancel(job)
        await lily.submit("cowsay", {"Message": "moo"})
