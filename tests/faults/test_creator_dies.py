"""`kill -9` of the creator's command at every step; the next one is `lilypad resume`, once there is a job."""

from __future__ import annotations

import pytest

from .books import Books
from .conftest import cases
from .steps import CREATOR, CREATOR_ASKS, Lives
from .town import Creator, Provider, Town

pytestmark = pytest.mark.usefixtures("market")


@pytest.fixture(scope="module")
async def provider(here: Town) -> Provider:
    """The only one, or a job might go to one that an earlier test has left for dead."""
    return await here.provider()


def next_command(creator: Creator) -> tuple[str, ...]:
    saved = creator.jobs()
    return ("resume", saved[0].id) if saved else ("run", "cowsay", "-i", "Message=moo")


@pytest.mark.parametrize("lives", cases(*CREATOR, short=3), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_job__whose_command_dies_at_every_step__comes_home_and_is_paid_once(
    here: Town, provider: Provider, lives: Lives
) -> None:
    creator = await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    asks = [point for point in lives if point in CREATOR_ASKS]
    await provider.restart(crash_at="provider.taken")  # else the deal is further when the next command looks
    for point in asks:
        await creator.agent.start(*next_command(creator), crash_at=point).died(point)
    await provider.restart()
    for point in lives[len(asks) :]:
        await creator.agent.start(*next_command(creator), crash_at=point).died(point)
    last = creator.agent.start(*next_command(creator))
    assert await last.ended() == 0, last.last_words()
    assert "< moo >" in last.last_words()
    (standing,) = await creator.standings()
    await books.check_paid_once(standing.deal)
    await books.check_sent_once("creator")
