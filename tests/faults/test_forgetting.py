"""What was sent leaves the journal when it is over for good, and is not sent again: not by whoever is killed
meanwhile, nor by whoever asks for the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lilypad.agents.localnet import Accounts
from lilypad.agents.service import base
from lilypad.chain.feed import REORG_DEPTH
from lilypad.errors import TransactionRevertedError
from lilypad.protocol.deal import Deal

from .books import Books
from .conftest import answers
from .jobs import ask, finish
from .steps import SOLVER_FORGETS, Lives
from .town import Creator, Provider, Town, until


def keys(journal: Path, function: str) -> list[str]:
    """Of the rows of an outbox, in the order of their nonces."""
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT key FROM outbox WHERE key LIKE ? ORDER BY nonce", (f"{function}:%",))
        return [key for (key,) in rows.fetchall()]


async def two_deals(creator: Creator, provider: Provider) -> list[Deal]:
    deals = []
    async with creator.open() as lily:
        for _ in range(2):
            async with finish(lily.follow(await ask(lily, provider))) as end:
                deal = (await end).deal
                assert deal is not None
                deals.append(deal)
    return deals


async def bury(here: Town) -> None:
    """So deep that no reorganisation reaches it. The chain's clock goes on by as much, so this comes last."""
    for _ in range(REORG_DEPTH + 1):
        await here.rpc.call("evm_mine")


@pytest.mark.parametrize("lives", SOLVER_FORGETS, ids=lambda lives: lives[0])
async def test_rows__of_final_effects__go_whole_and_nothing_is_sent_twice(here: Town, lives: Lives) -> None:
    founder = Accounts.development().solver.address
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, solver=founder, provider=provider.account.address)
    solver = here.solver(int(here.settings.market.rsplit(":", 1)[1]))
    solver.start()
    await answers(here.settings.market)
    provider.agent.start()
    first, second = await two_deals(creator, provider)
    await provider.agent.end()
    await solver.end()
    (journal,) = here.folder.glob(f"solver-*/solver/31337/{founder.lower()}/journal.sqlite")
    agreements = keys(journal, "agree")
    assert len(agreements) == 2
    await bury(here)

    for point in lives:
        await solver.start(crash_at=point).died(point)
        assert keys(journal, "agree") == agreements, "all or nothing"
    solver.start()
    await until(lambda: keys(journal, "agree") == agreements[1:])
    await books.check_sent_once("solver")
    await solver.end()

    own = here.settings.model_copy(update={"data": provider.data})
    count = await here.rpc.call("eth_getTransactionCount", provider.account.address, "latest")
    async with base(own, here.deployment, provider.account, "provider") as agent:
        assert await agent.actor.sender.forget(lambda key: key.startswith("submitResult:")) == 1
    assert keys(provider.folder / "journal.sqlite", "submitResult") == [f"submitResult:{second.id.hex()}"]
    async with base(own, here.deployment, provider.account, "provider") as agent:
        assert first.claim is not None
        assert second.claim is not None
        with pytest.raises(TransactionRevertedError):
            await agent.actor.submit(first, first.claim)
        await agent.actor.submit(second, second.claim)  # its row is there, and has the receipt
    assert await here.rpc.call("eth_getTransactionCount", provider.account.address, "latest") == count
    await books.check_sent_once("provider")
