"""Answers whether all of an upload is here, and keeps it as one: strangers may ask as often as they like.

A question costs a look at a pin. That the tree below it is whole takes a walk, so that is looked up one tree at a time,
and of each only now and then: blocks go by themselves when the disk has spoiled them.
"""

from __future__ import annotations

import asyncio
import time

from lilypad.errors import ContentUnavailableError
from lilypad.store.blocks import BlockStore
from lilypad.store.cid import Cid

WHOLE_SECONDS = 60.0
"""For so long a tree that was whole is taken for whole."""
MOST_ROOTS = 10_000
"""That are remembered."""


class Renewals:
    def __init__(self, store: BlockStore) -> None:
        self._store = store
        self._whole: dict[Cid, float] = {}
        """Since when, by the monotonic clock."""
        self._one_at_a_time = asyncio.Lock()

    async def renew(self, root: Cid) -> None:
        """
        Raises:
            ContentUnavailableError: something below it is not here, or it is no root of an upload: nobody makes this
                store keep what is only a part of one, or was let go of.
        """
        if not await self._store.renew(root):
            raise ContentUnavailableError("This is no root of what is kept here; upload it", cid=root)
        if self._is_whole(root):
            return
        async with self._one_at_a_time:
            if self._is_whole(root):
                return
            await self._store.pin(root)
            if len(self._whole) >= MOST_ROOTS:
                self._whole.clear()
            self._whole[root] = time.monotonic()

    def _is_whole(self, root: Cid) -> bool:
        return time.monotonic() - self._whole.get(root, float("-inf")) < WHOLE_SECONDS
