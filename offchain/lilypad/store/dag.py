"""Blocks, where they come from, and how much of a DAG we are ready to take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from lilypad.errors import ContentInvalidError, LilypadError
from lilypad.store.cid import Cid, Codec

BLOCK_BYTES = 2 << 20
"""The largest block that IPFS peers exchange."""
PATH_BYTES = 2048
"""The longest path inside a tree: half of what Linux takes, the other half is for where the tree lies."""
FILE_DEPTH = 8
"""Inner nodes above each other in one file; 174 links each, so 8 are never reached honestly."""


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes and their name. Make one with `of` or `checked`: both see to it that they belong together."""

    cid: Cid
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, codec: Codec, data: bytes) -> Self:
        return cls(Cid.of(codec, data), data)

    @classmethod
    def checked(cls, cid: Cid, data: bytes) -> Self:
        if len(data) > BLOCK_BYTES:
            raise ContentInvalidError("Block is too large", cid=cid, bytes=len(data), limit=BLOCK_BYTES)
        if not cid.matches(data):
            raise ContentInvalidError("Bytes do not hash to their CID; ask another source", cid=cid)
        return cls(cid, data)


class BlockSource(Protocol):
    """Anything that has blocks. It may be far away and it may lie: use `Block.checked` on what it gives."""

    async def get(self, cid: Cid) -> bytes:
        """The block's bytes, or ContentUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class DagLimits:
    """How large a tree may be that somebody else made."""

    total_bytes: int = 1 << 30
    """Bytes of all files together."""
    entries: int = 100_000
    """Files and directories."""
    links: int = 200_000
    """Links followed, repeated ones repeatedly: bounds the work."""
    depth: int = 32
    """Directories inside each other, below the root."""


@dataclass(slots=True)
class Budget:
    """What is left of the limits while one tree is read."""

    limits: DagLimits
    total_bytes: int = 0
    entries: int = 0
    links: int = 0

    def spend(self, *, total_bytes: int = 0, entries: int = 0, links: int = 0) -> None:
        self.total_bytes += total_bytes
        self.entries += entries
        self.links += links
        for name in ("total_bytes", "entries", "links"):
            if (have := getattr(self, name)) > (limit := getattr(self.limits, name)):
                raise ContentInvalidError(f"Content is over the limit of {name}", have=have, limit=limit)

    def check_path(self, path: str) -> None:
        """`path` is relative to the root of the tree, its parts joined with /."""
        if path.count("/") > self.limits.depth:
            raise ContentInvalidError("Directories are nested too deeply", limit=self.limits.depth)
        if (size := len(path.encode())) > PATH_BYTES:
            raise ContentInvalidError("A path is too long", bytes=size, limit=PATH_BYTES)


async def get_block(source: BlockSource, cid: Cid) -> Block:
    return Block.checked(cid, await source.get(cid))


async def get_blocks(source: BlockSource, cids: Sequence[Cid]) -> list[Block]:
    """A few blocks at once, all or none."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(get_block(source, cid)) for cid in cids]
    except BaseExceptionGroup as failures:
        known = failures.subgroup(LilypadError)
        if known is None:
            raise
        raise _first(known) from None
    return [task.result() for task in tasks]


def _first(group: BaseExceptionGroup[LilypadError]) -> LilypadError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, LilypadError):
        raise TypeError(error)
    return error
