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
    rollbacks: list[int] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.journal.get("seen", [])]

    def apply(self, batch: Batch, tx: Transaction) -> None:
        seen = self.journal.get("seen", [])
        if batch.rollback is not None:
            self.rollbacks.append(batch.rollback.to_block)
            seen = [pair for pair in seen if pair[0] <= batch.rollback.to_block]
        seen += [(event.block_number, number_of(event)) for event in batch.events()]
        tx.put("seen", seen)

    async def read(self, feed: Feed, *, until: int) -> None:
        """Until so many numbers are there and the feed has caught up."""
        async with asyncio.timeout(10), aclosing(feed.batches()) as batches:
            async for batch in batches:
                with batch.applying() as tx:
                    self.apply(batch, tx)
                if batch.caught_up and len(self.numbers) >= until:
                    return
