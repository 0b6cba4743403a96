"""The chain changes its mind. On a node of its own, because it does so for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lilypad.chain.contracts import decode_event
from lilypad.chain.devnode import DevNode
from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc
from lilypad.errors import FaultError
from lilypad.store.journal import Journal

from .consumer import Consumer
from .directory import Directory, number_of

OPTIONS = FeedOptions(poll_seconds=0.02, reorg_depth=16)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rpc() -> AsyncIterator[Rpc]:
    async with DevNode(chain_id=31_402) as node, Rpc([node.url]) as rpc:
        yield rpc


@pytest.fixture
def feed(rpc: Rpc, journal: Journal, directory: Directory) -> Feed:
    return Feed(rpc, journal, [directory.address], options=OPTIONS)


@pytest.fixture
def consumer(journal: Journal) -> Consumer:
    return Consumer(journal)


async def on_chain(directory: Directory) -> list[int]:
    """What a single look at the finished chain gives."""
    span = {"address": directory.address, "fromBlock": "0x0", "toBlock": "latest"}
    return [number_of(decode_event(g)) for g in await directory.rpc.call("eth_getLogs", span)]


@pytest.mark.parametrize("depth", range(1, 11))
async def test_batches__reorganised__rolls_back_and_delivers_what_replaced_it(
    depth: int, rpc: Rpc, feed: Feed, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(*range(12))
    await consumer.read(feed, until=12)
    head = await directory.head()
    await rpc.call("anvil_reorg", depth, [])
    await directory.register(100, 101)
    remaining = 12 - depth + 2
    await consumer.read(feed, until=remaining)
    assert consumer.numbers == await on_chain(directory) == [*range(12 - depth), 100, 101]
    assert consumer.rollbacks == [head - depth]


async def test_batches__reorganised_while_the_agent_was_down__rolls_back_first(
    rpc: Rpc, feed: Feed, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(1, 2, 3)
    await consumer.read(feed, until=3)
    journal.close()
    await rpc.call("anvil_reorg", 2, [])
    await directory.register(4)
    with Journal(journal.path) as reopened:
        again = Consumer(reopened)
        await again.read(Feed(rpc, reopened, [directory.address], options=OPTIONS), until=2)
        assert again.numbers == [1, 4]
        assert again.batches[0].rollback is not None


async def test_batches__chain_is_shorter_than_before__waits_then_follows(
    rpc: Rpc, feed: Feed, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(1)
    snapshot = await rpc.call("evm_snapshot")
    await directory.register(2, 3, 4)
    await consumer.read(feed, until=4)
    await rpc.call("evm_revert", snapshot)
    reading = asyncio.create_task(consumer.read(feed, until=2))
    await rpc.call("evm_mine")
    await directory.register(5)
    await reading
    assert consumer.numbers == await on_chain(directory) == [1, 5]


async def test_batches__same_number_of_blocks_again_and_again__follows_each_time(
    rpc: Rpc, feed: Feed, consumer: Consumer, directory: Directory
) -> None:
    for number in range(5):
        await directory.register(number)
        await consumer.read(feed, until=1)
        assert consumer.numbers == [number]
        await rpc.call("anvil_reorg", 1, [])


async def test_batches__killed_during_the_rollback__rolls_back_again(
    rpc: Rpc, feed: Feed, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(1, 2)
    await consumer.read(feed, until=2)
    await rpc.call("anvil_reorg", 1, [])
    async for batch in feed.batches():
        assert batch.rollback is not None
        break
    again = Feed(rpc, journal, [directory.address], options=OPTIONS)
    await consumer.read(again, until=1)
    assert consumer.numbers == [1]


class Shaky(Rpc):
    """A chain on which the last four blocks are replaced, and one event added, before one of the feed's messages.

    They are, again and again: 0 head and cursor, 1 headers, 2 logs and the last header.
    """

    def __init__(self, directory: Directory, before: int) -> None:
        super().__init__(directory.rpc.urls)
        self.directory, self.before = directory, before

    async def batch(self, calls: Any) -> list[Any]:
        if self.before == 0:
            await self.directory.rpc.call("anvil_reorg", 4, [])
            await self.directory.register(100)
        self.before -= 1
        return await super().batch(calls)


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_batches__reorganised_between_two_messages__reads_one_branch_only(
    before: int, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(*range(10))
    async with Shaky(directory, before) as shaky:
        feed = Feed(shaky, journal, [directory.address], options=OPTIONS)
        await consumer.read(feed, until=7)
        await directory.register(101)
        await consumer.read(feed, until=8)
    assert consumer.numbers == await on_chain(directory) == [0, 1, 2, 3, 4, 5, 100, 101]
    assert consumer.rollbacks == []


@pytest.mark.parametrize("before", [0, 1, 2, 3])
async def test_batches__reorganised_below_the_cursor_while_reading_on__notices(
    before: int, feed: Feed, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(*range(8))
    await consumer.read(feed, until=8)
    await directory.register(8, 9)
    async with Shaky(directory, before) as shaky:
        shaken = Feed(shaky, journal, [directory.address], options=OPTIONS)
        await consumer.read(shaken, until=7)
        await directory.register(101)
        await consumer.read(shaken, until=8)
    assert consumer.numbers == await on_chain(directory)
    assert 100 in consumer.numbers
    assert len(consumer.rollbacks) == 1


async def test_batches__within_the_confirmations__nothing_is_rolled_back(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    options = FeedOptions(poll_seconds=0.02, confirmations=3)
    feed = Feed(rpc, journal, [directory.address], options=options)
    await directory.register(1, 2, 3, 4, 5)
    await consumer.read(feed, until=2)
    await rpc.call("anvil_reorg", 3, [])
    await directory.register(6, 7, 8, 9)
    await consumer.read(feed, until=3)
    assert (consumer.numbers, consumer.rollbacks) == ([1, 2, 6], [])


async def test_batches__deeper_than_can_be_undone__is_a_fault(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    options = FeedOptions(poll_seconds=0.02, reorg_depth=3)
    feed = Feed(rpc, journal, [directory.address], options=options)
    await directory.register(*range(8))
    await consumer.read(feed, until=8)
    await rpc.call("anvil_reorg", 5, [])
    with pytest.raises(FaultError, match="deeper than can be undone"):
        await consumer.read(feed, until=8)


async def test_batches__all_that_was_read_is_gone__starts_over(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    start = await directory.head() + 1
    feed = Feed(rpc, journal, [directory.address], start_block=start, options=OPTIONS)
    await directory.register(1, 2)
    await consumer.read(feed, until=2)
    await rpc.call("anvil_reorg", 2, [])
    await directory.register(3)
    await consumer.read(feed, until=1)
    assert (consumer.numbers, consumer.rollbacks) == ([3], [start - 1])
