"""Reading, restarting and crashing against a real node."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc, from_hex
from lilypad.errors import ChainUnavailableError, FaultError
from lilypad.store.journal import Journal

from .conftest import CHAIN_ID
from .consumer import Consumer
from .directory import Directory

OPTIONS = FeedOptions(poll_seconds=0.02, first_range=3, largest_range=7)


@pytest.fixture
def feed(rpc: Rpc, journal: Journal, directory: Directory) -> Feed:
    return Feed(rpc, journal, [directory.address], options=OPTIONS)


@pytest.fixture
def consumer(journal: Journal) -> Consumer:
    return Consumer(journal)


async def test_batches__many_events_in_small_ranges__come_once_and_in_order(
    feed: Feed, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(*range(20))
    await directory.register_together(*range(20, 40))
    await consumer.read(feed, until=40)
    assert consumer.numbers == list(range(40))


async def test_batches__of_two_contracts__holds_only_those_asked_for(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    other = await Directory.deploy(rpc)
    await directory.register(1)
    await other.register(2)
    await directory.register(3)
    await consumer.read(Feed(rpc, journal, [directory.address], options=OPTIONS), until=2)
    assert consumer.numbers == [1, 3]


async def test_batches__while_events_happen__misses_none(feed: Feed, consumer: Consumer, directory: Directory) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(directory.register(*range(30)))
        group.create_task(consumer.read(feed, until=30))
    assert consumer.numbers == list(range(30))


async def test_batches__new_feed_over_the_same_journal__goes_on_after_the_cursor(
    rpc: Rpc, feed: Feed, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(1, 2, 3)
    await consumer.read(feed, until=3)
    await directory.register(4, 5)
    journal.close()
    with Journal(journal.path) as reopened:
        again = Consumer(reopened)
        await again.read(Feed(rpc, reopened, [directory.address], options=OPTIONS), until=5)
        assert again.numbers == [1, 2, 3, 4, 5]
        assert again.batches[0].first > 3


async def test_batches__consumer_fails_after_applying__gets_the_same_batch_again(
    rpc: Rpc, feed: Feed, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register_together(*range(10))

    async def fail_once() -> None:
        async with aclosing(feed.batches()) as batches:
            async for batch in batches:
                with batch.applying() as tx:
                    consumer.apply(batch, tx)
                    if batch.logs:
                        raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_once()
    assert consumer.numbers == []
    await consumer.read(Feed(rpc, journal, [directory.address], options=OPTIONS), until=10)
    assert consumer.numbers == list(range(10))


async def test_batches__process_killed_before_the_commit__neither_loses_nor_repeats(
    rpc: Rpc, journal: Journal, directory: Directory
) -> None:
    for number in range(4):
        await directory.register_together(*range(5 * number, 5 * number + 5))
    journal.close()
    module = f"{__package__}.killed_consumer"
    root = Path(__file__).parents[module.count(".")]
    command = (sys.executable, "-m", module, rpc.urls[0], str(journal.path), directory.address)
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stderr=subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == -9, said.decode()
    with Journal(journal.path) as reopened:
        consumer = Consumer(reopened)
        assert 0 < len(consumer.numbers) < 20
        options = FeedOptions(poll_seconds=0.02, first_range=2, largest_range=2)
        await consumer.read(Feed(rpc, reopened, [directory.address], options=options), until=20)
        assert consumer.numbers == list(range(20))


async def test_batches__batch_not_applied__is_a_fault(feed: Feed) -> None:
    async def forget() -> None:
        async with aclosing(feed.batches()) as batches:
            async for _ in batches:
                pass

    with pytest.raises(FaultError, match="was not applied"):
        await forget()


async def test_batches__batch_given_back__comes_again(feed: Feed, rpc: Rpc) -> None:
    seen: list[tuple[int, int]] = []
    async with aclosing(feed.batches()) as batches:
        async for batch in batches:
            seen.append((batch.first, feed.tip.number))
            if len(seen) < 3:
                batch.give_back(ChainUnavailableError("no endpoint answers"))
                continue
            with batch.applying():
                pass
            break
    assert seen == [seen[0]] * 3, "what is not applied does not count"
    head = await rpc.call("eth_getBlockByNumber", hex(batch.last), False)
    assert (feed.tip.number, feed.tip.hash) == (batch.last, from_hex(head["hash"]))


async def test_applying__twice__is_a_fault(feed: Feed) -> None:
    async with aclosing(feed.batches()) as batches:
        batch = await anext(batches)
    with batch.applying():
        pass
    with pytest.raises(FaultError, match="applied already"), batch.applying():
        pass


async def test_batches__two_consumers__have_their_own_cursors(rpc: Rpc, journal: Journal, directory: Directory) -> None:
    await directory.register(1, 2)
    first, second = Consumer(journal, key="first"), Consumer(journal, key="second")
    for consumer in (first, second):
        feed = Feed(rpc, journal, [directory.address], consumer=consumer.key, options=OPTIONS)
        await consumer.read(feed, until=2)
    assert first.numbers == second.numbers == [1, 2]


async def test_batches__many_blocks__remembers_only_the_newest_hashes(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    options = FeedOptions(poll_seconds=0.02, first_range=1, largest_range=1, reorg_depth=4)
    await directory.register(*range(10))
    await consumer.read(Feed(rpc, journal, [directory.address], options=options), until=10)
    head = await directory.head()
    assert [n for (n,) in journal.query("SELECT number FROM blocks")] == list(range(head - 3, head + 1))


async def test_batches__with_confirmations__waits_for_blocks_above(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    options = FeedOptions(poll_seconds=0.02, confirmations=3)
    feed = Feed(rpc, journal, [directory.address], options=options)
    await directory.register(1, 2, 3, 4, 5)
    await consumer.read(feed, until=2)
    assert consumer.numbers == [1, 2]
    await rpc.call("anvil_mine", "0x3")
    await consumer.read(feed, until=5)
    assert consumer.numbers == [1, 2, 3, 4, 5]


async def test_batches__start_block_above_the_head__waits_there(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    await directory.register(1)
    start = await directory.head() + 2
    feed = Feed(rpc, journal, [directory.address], start_block=start, options=OPTIONS)
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer.read(feed, until=2))
        await directory.register(2, 3, 4)
    assert consumer.numbers == [3, 4]


async def test_batches__caught_up__has_the_chain_s_time(
    feed: Feed, consumer: Consumer, directory: Directory, rpc: Rpc
) -> None:
    await directory.register(1)
    await consumer.read(feed, until=1)
    last = consumer.batches[-1]
    assert (last.last, last.head) == (await directory.head(),) * 2
    assert last.timestamp == int((await rpc.call("eth_getBlockByNumber", "latest", False))["timestamp"], 16)


async def test_batches__cancelled_while_idle__ends_at_once(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    feed = Feed(rpc, journal, [directory.address], options=FeedOptions(poll_seconds=60))
    reading = asyncio.create_task(consumer.read(feed, until=1))
    await consumer.caught_up.wait()
    reading.cancel()
    async with asyncio.timeout(1):
        await asyncio.wait([reading])
    assert reading.cancelled()


async def test_batches__told_of_a_new_block__look_long_before_their_poll(
    rpc: Rpc, journal: Journal, consumer: Consumer, directory: Directory
) -> None:
    options = FeedOptions(poll_seconds=60, heads_url=rpc.urls[0].replace("http", "ws"))
    feed = Feed(rpc, journal, [directory.address], options=options)
    reading = asyncio.create_task(consumer.read(feed, until=3))
    while not reading.done():  # the subscription may start after the first of them
        await directory.register(len(consumer.numbers))
        await asyncio.wait([reading], timeout=0.05)
    await reading
    await asyncio.sleep(0)
    assert "new heads" not in {task.get_name() for task in asyncio.all_tasks()}, (
        "the subscription ends with the reading"
    )


async def test_batches__another_chain_under_the_same_id__is_a_fault(
    rpc: Rpc, feed: Feed, journal: Journal, consumer: Consumer
) -> None:
    with journal.transaction() as tx:
        tx.put(f"genesis:{CHAIN_ID}", "0x" + "00" * 32)
    with pytest.raises(FaultError, match="another chain than the journal's"):
        await consumer.read(feed, until=1)
