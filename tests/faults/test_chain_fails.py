"""The chain's node goes away in the middle of a deal, or is one that drops, delays, refuses and lags behind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from lilypad.agents.job_offers import JobOptions
from lilypad.agents.progress import Stage
from lilypad.types import Address
from tests.offchain.chain.proxy import Call, Hook, Refusal, error, proxy

from .books import Books
from .conftest import answers
from .jobs import finish, reach
from .processes import Agent
from .town import Town


@pytest.mark.parametrize("step", [Stage.AGREED, Stage.SUBMITTED, Stage.VERIFIED])
async def test_deal__whose_node_is_stopped_and_started__goes_on(here: Town, market: Agent, step: Stage) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    life = provider.agent.start()
    async with creator.open() as lily:
        job = await lily.submit("cowsay", {"Message": "moo"}, JobOptions(target=Address(provider.account.address)))
        stages = lily.follow(job)
        await reach(stages, step)
        async with finish(stages) as end:
            await here.node.stop()
            await here.node.start()
            done = await end
    await books.check_paid_once(done.deal)
    await books.check_sent_once("creator")
    await books.check_sent_once("provider")
    for agent in (life, market.lives[-1]):
        assert agent.is_alive, agent.last_words()
    await provider.agent.end()


def now_and_then(every: int, fault: Hook) -> Hook:
    """A fault at each so-many-th call."""
    calls = itertools.count(1)

    async def hook(call: Call) -> Call | None:
        return await fault(call) if next(calls) % every == 0 else None

    return hook


async def refuses(call: Call) -> Call | None:
    raise Refusal(429, "too many requests")


async def is_busy(call: Call) -> Call | None:
    return error(call, -32005, "limit exceeded")


async def breaks(call: Call) -> Call | None:
    raise Refusal(502, "<html>bad gateway</html>")


async def drops(call: Call) -> Call | None:
    raise aiohttp.ClientConnectionError


async def says_nothing(call: Call) -> Call | None:
    raise Refusal(200, "")


def lags(here: Town, blocks: int) -> Hook:
    """Behind what it has told before, as the second of two nodes behind one address."""
    calls = itertools.count(1)

    async def hook(call: Call) -> Call | None:
        if call["method"] != "eth_getBlockByNumber" or call["params"][0] != "latest" or next(calls) % 2:
            return None
        number = max(await here.head() - blocks, 0)
        block = await here.rpc.call("eth_getBlockByNumber", hex(number), False)
        return {"jsonrpc": "2.0", "id": call["id"], "result": block}

    return hook


FAULTS: dict[str, Callable[[Town], Hook]] = {
    "rate limit": lambda _: now_and_then(3, refuses),
    "busy": lambda _: now_and_then(3, is_busy),
    "bad gateway": lambda _: now_and_then(3, breaks),
    "dropped connections": lambda _: now_and_then(3, drops),
    "empty answers": lambda _: now_and_then(3, says_nothing),
    "stale head": lambda here: lags(here, 3),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_deal__over_a_node_with_a_fault__is_paid_once(here: Town, fault: str) -> None:
    """For all three at once: provider, solver and creator."""
    async with proxy(here.settings.rpc[0], FAULTS[fault](here)) as url:
        port = unused_port()
        market = f"http://127.0.0.1:{port}"
        solver = here.solver(port, rpc=url)
        solver.start()
        await answers(market)
        provider, creator = await here.provider(rpc=url, market=market), await here.creator()
        creator.settings = creator.settings.model_copy(update={"rpc": (url,), "market": market})
        books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
        life = provider.agent.start()
        async with creator.open() as lily:
            job = await lily.submit("cowsay", {"Message": "moo"}, JobOptions(target=Address(provider.account.address)))
            async with finish(lily.follow(job)) as end:
                done = await end
        await books.check_paid_once(done.deal)
        await books.check_sent_once("creator")
        await books.check_sent_once("provider")
        assert life.is_alive, life.last_words()
        assert solver.lives[-1].is_alive, solver.lives[-1].last_words()
        await asyncio.gather(provider.agent.end(), solver.end())
