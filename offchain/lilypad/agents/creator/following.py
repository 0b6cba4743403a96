"""A creator's look at the chain beside the stages of its job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

from lilypad.agents.books.deals import DealBook
from lilypad.agents.creator.progress import Progress
from lilypad.chain.feed import Feed


async def while_following(
    following: Coroutine[Any, Any, None], stages: AsyncIterator[Progress]
) -> AsyncGenerator[Progress, None]:
    """The stages, as long as the chain is being followed: without it they would wait for ever."""
    feed = asyncio.create_task(following)
    try:
        while True:
            step = asyncio.create_task(_next_of(stages))
            try:
                await asyncio.wait([feed, step], return_when=asyncio.FIRST_COMPLETED)
                if feed.done():
                    feed.result()
                progress = await step
            finally:
                step.cancel()
            if progress is None:
                return
            yield progress
    finally:
        feed.cancel()
        with suppress(asyncio.CancelledError):
            await feed


async def _next_of(stages: AsyncIterator[Progress]) -> Progress | None:
    return await anext(stages, None)


async def absorb(feed: Feed, book: DealBook) -> None:
    async for batch in feed.batches():
        await book.absorb(batch)
