"""What an agent does with a feed, reduced to a list of numbers in the journal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

from lilypad.chain.feed import Batch, Feed
from lilypad.store.journal import Journal, Transaction

from .directory import number_of


@dataclass
class Consumer:
    """Keeps pairs of block and number, so that a rollback can undo them."""

    journal: Journal
    key: str = "agent"
    batches: list[Batch] = field(default_factory=list)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.journal.get(self.key, [])]

    @property
    def rollbacks(self) -> list[int]:
        return [batch.rollback.to_block for batch in self.batches if batch.rollback is not None]

    def apply(self, batch: Batch, tx: Transaction) -> None:
        self.batches.append(batch)
        seen = self.journal.get(self.key, [])
        if batch.rollback is not None:
            seen = [pair for pair in seen if pair[0] <= batch.rollback.to_block]
        seen += [(event.block_number, number_of(event)) for event in batch.events()]
        tx.put(self.key, seen)

    async def read(self, feed: Feed, *, until: int) -> None:
        """Until so many numbers are there and the feed has caught up."""
        async with asyncio.timeout(10), aclosing(feed.batches()) as batches:
            async for batch in batches:
                with batch.applying() as tx:
                    self.apply(batch, tx)
                if batch.caught_up:
                    self.caught_up.set()
                if batch.caught_up and len(self.numbers) >= until:
                    return
