"""Reading, restarting and crashing against a real node."""

from __future__ import annotations

import pytest

from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc
from lilypad.store.journal import Journal

from .consumer import Consumer
from .directory import Directory

OPTIONS = FeedOptions(poll_seconds=0.02, first_range=3, largest_range=7)


@pytest.fixture
def feed(rpc: Rpc, journal: Journal, directory: Directory) -> Feed:
    return Feed(rpc, journal, [directory.address], options=OPTIONS)


async def test_batches__many_events_in_small_ranges__come_once_and_in_order(
    feed: Feed, journal: Journal, directory: Directory
) -> None:
    await directory.register(*range(20))
    await directory.register_together(*range(20, 40))
    consumer = Consumer(journal)
    await consumer.read(feed, until=40)
    assert consumer.numbers == list(range(40))
