"""`kill -9` of a watcher at every step, and a chain that takes back what it has challenged: whatever happens, a wrong
result whose creator is away is challenged exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.cases import deal_logs
from lilypad.agents.books.casework import find_cases
from lilypad.agents.localnet import Accounts
from lilypad.agents.provider.service import default_terms, run_provider
from lilypad.agents.service import base
from lilypad.protocol.deal import Deal, Verdict
from lilypad.settings import ETHER
from tests.e2e.test_disputes import cheating, wrong_bytes

from .books import Books
from .conftest import answers, cases
from .steps import WATCHER, Lives
from .test_mediator_dies import BLOCKS_TO_DRAW, submitted
from .town import STAKE, Town, Watcher, town

MEDIATORS_FEE = 3 * ETHER
PATIENCE = 60.0


@pytest.fixture
async def here(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """A town with a provider that lies, and mediators; its creator goes away as soon as there is a result."""
    cheating(monkeypatch, wrong_bytes)
    async with town(tmp_path, modules, mediators=3) as place:
        place.solver(int(place.settings.market.rsplit(":", 1)[1])).start()
        await answers(place.settings.market)
        for account in Accounts.development(3).mediators:
            place.mediator(account).start()
        provider = asyncio.create_task(lie(place, await place.account()))
        yield place
        assert not provider.done(), "it lies and lives"
        provider.cancel()
        await asyncio.wait([provider])


async def lie(here: Town, account: LocalAccount) -> None:
    settings = here.settings.model_copy(update={"data": here.folder / "liar", "ops_port": 0})
    async with base(settings, here.deployment, account, "provider") as own:
        await own.actor.deposit(STAKE, key="stake")
        terms = await default_terms(settings, own.actor)
    await run_provider(settings, here.deployment, account, terms)


async def result(here: Town) -> Deal:
    creator = await here.creator()
    async with creator.open() as lily:
        _, deal = await submitted(lily)
    await here.rpc.call("anvil_mine", "0xa")
    return deal


async def challenged(here: Town) -> None:
    """The chain has no event that a test could wait for."""
    async with asyncio.timeout(PATIENCE):
        while not await find_cases(here.network):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def check_caught_once(here: Town, books: Books, watcher: Watcher, deal: Deal) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (await find_cases(here.network))[0].case.is_over:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    (dispute,) = await find_cases(here.network)
    assert dispute.case.verdict is Verdict.WRONG
    await books.check_money(watcher=(deal.terms.collateral - MEDIATORS_FEE) // 4)
    sent = await books.check_sent_once("watcher")
    assert sum(call["to"] == here.network.controller.address.lower() for call in sent) == 1
    async with asyncio.timeout(PATIENCE):
        while watcher.left_on_disk():  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("lives", cases(*WATCHER, short=2), ids=lambda lives: f"{lives[0]}+{len(lives)}")
async def test_result__whose_watcher_dies_at_every_step__is_challenged_once(here: Town, lives: Lives) -> None:
    watcher, deal = await here.watcher(), await result(here)
    books = await Books.open(here, watcher=watcher.account.address)
    late = [point for point in lives if point.endswith("REJECTED")]
    for point in (point for point in lives if point not in late):
        await watcher.agent.start(crash_at=point).died(point)
    life = watcher.agent.start(crash_at=late[0]) if late else watcher.agent.start()
    await challenged(here)
    await here.rpc.call("anvil_mine", hex(BLOCKS_TO_DRAW))
    if late:
        await life.died(late[0])
        watcher.agent.start()
    await check_caught_once(here, books, watcher, deal)


async def test_challenge__that_the_chain_takes_back_with_the_result__is_brought_again(here: Town) -> None:
    watcher, deal = await here.watcher(), await result(here)
    books = await Books.open(here, watcher=watcher.account.address)
    submission = int((await deal_logs(here.network, deal.id))[-1]["blockNumber"], 16)
    life = watcher.agent.start()
    await challenged(here)
    await here.rpc.call("anvil_reorg", await here.head() - submission + 1, [])
    assert await find_cases(here.network) == []
    await challenged(here)
    await here.rpc.call("anvil_mine", hex(BLOCKS_TO_DRAW))
    await check_caught_once(here, books, watcher, deal)
    assert life.is_alive, life.last_words()
