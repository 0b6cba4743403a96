"""The chain's node goes away in the middle of a deal, or is one that drops, delays, refuses and lags behind."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable

import pytest
from aiohttp.test_utils import unused_port

from lilypad.agents.creator.progress import Stage
from tests.offchain.chain.proxy import Call, Drop, Gate, Refusal, error, proxy

from .books import Books
from .conftest import IS_LONG, answers
from .jobs import ask, finish, reach
from .processes import Agent
from .town import Town


@pytest.mark.parametrize("step", [Stage.AGREED, Stage.SUBMITTED, Stage.VERIFIED])
async def test_deal__whose_node_is_stopped_and_started__goes_on(here: Town, market: Agent, step: Stage) -> None:
    provider, creator = await here.provider(), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    life = provider.agent.start()
    async with creator.open() as lily:
        job = await ask(lily, provider)
        stages = lily.follow(job)
        await reach(stages, step)
        async with finish(stages) as end:
            await here.node.stop()
            await here.node.start()
            done = await end
    await books.check_as_if_nothing_had_been(done.deal, life, market.lives[-1])
    await provider.agent.end()


def at_first(every: int, fault: Gate) -> Gate:
    """Each so-many-th message that was never asked before meets a fault; when it is repeated, it is answered."""
    known: set[str] = set()

    async def gate(calls: list[Call]) -> list[Call] | None:
        message = json.dumps([(call["method"], call["params"]) for call in calls])
        is_new = message not in known
        known.add(message)
        return await fault(calls) if is_new and len(known) % every == 0 else None

    return gate


async def refuses(_: list[Call]) -> None:
    raise Refusal(429, "too many requests")


async def is_busy(calls: list[Call]) -> list[Call]:
    return [error(call, -32005, "limit exceeded") for call in calls]


async def breaks(_: list[Call]) -> None:
    raise Refusal(502, "<html>bad gateway</html>")


async def drops(_: list[Call]) -> None:
    raise Drop


async def says_nothing(_: list[Call]) -> None:
    raise Refusal(200, "")


async def hangs(_: list[Call]) -> None:
    """Until the agent's patience with one request is over."""
    await asyncio.sleep(12)
    raise Drop


def loses_the_answer(here: Town) -> Gate:
    """What was asked for is done, and nobody hears of it."""

    async def fault(calls: list[Call]) -> None:
        for call in calls:
            await here.rpc.call(call["method"], *call["params"])
        raise Drop

    async def gate(calls: list[Call]) -> list[Call] | None:
        return await fault(calls) if any(call["method"] == "eth_sendRawTransaction" for call in calls) else None

    return gate


def lags(here: Town, blocks: int) -> Gate:
    """Behind what it has told before, as the second of two nodes behind one address."""
    messages = itertools.count(1)

    async def gate(calls: list[Call]) -> list[Call] | None:
        if calls[0]["params"][:1] != ["latest"] or next(messages) % 2:
            return None
        number = hex(max(await here.head() - blocks, 0))
        asked = [
            [number, *call["params"][1:]] if call["params"][:1] == ["latest"] else call["params"] for call in calls
        ]
        answers = [await here.rpc.call(call["method"], *params) for call, params in zip(calls, asked, strict=True)]
        return [{"jsonrpc": "2.0", "id": call["id"], "result": a} for call, a in zip(calls, answers, strict=True)]

    return gate


FAULTS: dict[str, Callable[[Town], Gate]] = {
    "rate limit": lambda _: at_first(3, refuses),
    "busy": lambda _: at_first(3, is_busy),
    "bad gateway": lambda _: at_first(3, breaks),
    "dropped connections": lambda _: at_first(3, drops),
    "empty answers": lambda _: at_first(3, says_nothing),
    "silence": lambda _: at_first(60, hangs),
    "lost answers": loses_the_answer,
    "stale head": lambda here: lags(here, 3),
}


LONG_ONLY = {"silence", "busy", "bad gateway", "empty answers"}
"""Of the slow one, and of those that differ little from another, `make test` has none."""


@pytest.mark.parametrize("fault", FAULTS if IS_LONG else [name for name in FAULTS if name not in LONG_ONLY])
async def test_deal__over_a_node_with_a_fault__is_paid_once(here: Town, fault: str) -> None:
    """For all three at once: provider, solver and creator."""
    async with proxy(here.settings.rpc[0], gate=FAULTS[fault](here)) as url:
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
            job = await ask(lily, provider)
            async with finish(lily.follow(job)) as end:
                done = await end
        await books.check_paid_once(done.deal)
        await books.check_sent_once("creator")
        await books.check_sent_once("provider")
        assert life.is_alive, life.last_words()
        assert solver.lives[-1].is_alive, solver.lives[-1].last_words()
        await asyncio.gather(provider.agent.end(), solver.end())
