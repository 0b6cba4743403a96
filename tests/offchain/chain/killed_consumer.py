"""Reads a feed and kills itself between applying the third batch with logs and committing it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc
from lilypad.store.journal import Journal

from .consumer import Consumer


async def main(url: str, path: str, address: str) -> None:
    journal = Journal(Path(path))
    consumer = Consumer(journal)
    options = FeedOptions(poll_seconds=0.02, first_range=1, largest_range=1)
    async with Rpc([url]) as rpc:
        async for batch in Feed(rpc, journal, [address], options=options).batches():
            with batch.applying() as tx:
                consumer.apply(batch, tx)
                if len(consumer.numbers) > 10:
                    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
