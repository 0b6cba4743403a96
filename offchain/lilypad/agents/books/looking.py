"""A look at the chain's log by whoever keeps no journal of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lilypad.agents.books.logbook import LogBook
from lilypad.agents.network import Network
from lilypad.chain.feed import Feed, FeedOptions
from lilypad.store.journal import Journal
from lilypad.types import Address

Book = TypeVar("Book", bound=LogBook[Any])


async def look(
    network: Network, contract: Address, start_block: int, confirmations: int, open_book: Callable[[Journal], Book]
) -> Book:
    """One pass over a contract's log, into a book whose journal is thrown away: it can be read, and goes no further."""
    with tempfile.TemporaryDirectory(prefix="lilypad-") as folder, Journal(Path(folder) / "look.sqlite") as journal:
        book = open_book(journal)
        options = FeedOptions(confirmations=confirmations)
        async for batch in Feed(network.rpc, journal, [contract], start_block=start_block, options=options).batches():
            await book.absorb(batch)
            if batch.applied and batch.caught_up:
                break
    return book
