"""Block stores: where content lies, and how files become content and files again.

Every store is a `BlockStore`: five small operations on blocks, and on top of them the same way in
(`add_directory`, `add_bytes`) and out (`fetch_directory`, `fetch_bytes`). `LocalBlockStore` is the
embedded default, a folder on disk; `ipfs.IpfsBlockStore` is an IPFS node.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from lilypad.errors import ContentUnavailableError
from lilypad.store.cid import Cid
from lilypad.store.collecting import Collected, collect
from lilypad.store.dag import Block, BlockSource, DagLimits
from lilypad.store.exporter import export_directory, read_file
from lilypad.store.files import BlockFiles, Pin, on_disk
from lilypad.store.importer import bytes_blocks, directory_blocks
from lilypad.store.unixfs import Part

_AT_ONCE = 16
"""Blocks written together: 4 MiB of chunks."""


class BlockStore(ABC):
    """Keeps blocks under their CIDs."""

    @abstractmethod
    async def get(self, cid: Cid) -> bytes:
        """The block's bytes, or ContentUnavailableError."""

    @abstractmethod
    async def has(self, cid: Cid) -> bool: ...

    @abstractmethod
    async def put_many(self, blocks: Iterable[Block]) -> None:
        """Keep these blocks; keeping one twice is the same as once."""

    @abstractmethod
    async def pin(self, cid: Cid) -> None:
        """Keep everything below this root until it is unpinned."""

    @abstractmethod
    async def unpin(self, cid: Cid) -> None:
        """Let go of a root; a no-op when it is not pinned."""

    @abstractmethod
    async def pins(self) -> list[Cid]:
        """The roots that are pinned."""

    async def renew(self, cid: Cid) -> bool:
        """Say that a root is needed now, and hear whether it is pinned."""
        return cid in await self.pins()

    @abstractmethod
    async def remove(self, cid: Cid) -> None:
        """Forget one block; a no-op when it is not there. A pinned root is refused."""

    @asynccontextmanager
    async def holding(self, *roots: Cid) -> AsyncIterator[None]:
        """While inside, no garbage collection takes what was put since, nor what is here of these roots: long enough to
        add or fetch a tree, and to pin it. A store that collects nothing by itself has nothing to do for it."""
        yield

    async def put(self, block: Block) -> None:
        await self.put_many([block])

    async def add_directory(self, path: Path, limits: DagLimits | None = None) -> Cid:
        """Add a directory of plain files and directories; the same tree always has the same CID.

        Raises:
            ContentInvalidError: there is a link, a device, ..., or it is over a limit.
        """
        return (await add_blocks(directory_blocks(path, limits), self)).block.cid

    async def add_bytes(self, data: bytes) -> Cid:
        """Add a file with these bytes."""
        return (await add_blocks(bytes_blocks(data), self)).block.cid

    async def fetch_directory(
        self, cid: Cid, destination: Path, limits: DagLimits | None = None, source: BlockSource | None = None
    ) -> None:
        """Write a directory to `destination` (absent or empty). What is missing here
        comes from `source` and is kept.

        Raises:
            ContentInvalidError: it is no canonical directory, or over a limit; nothing is left behind.
            ContentUnavailableError: a block is neither here nor at the source.
        """
        async with self.holding(cid):
            await export_directory(cid, ReadThrough(self, source) if source else self, destination, limits)

    async def fetch_bytes(self, cid: Cid, max_bytes: int, source: BlockSource | None = None) -> bytes:
        """The bytes of a file, refused when longer than `max_bytes`."""
        async with self.holding(cid):
            return await read_file(cid, ReadThrough(self, source) if source else self, max_bytes)


class ReadThrough:
    """A store and a source behind it; what comes from the source is checked and kept."""

    def __init__(self, store: BlockStore, source: BlockSource) -> None:
        self._store = store
        self._source = source

    async def get(self, cid: Cid) -> bytes:
        with contextlib.suppress(ContentUnavailableError):
            return await self._store.get(cid)
        block = Block.checked(cid, await self._source.get(cid))
        await self._store.put(block)
        return block.data


async def add_blocks(blocks: Generator[Block, None, Part], store: BlockStore) -> Part:
    """Put what an importer yields into a store; the importer reads the disk in a thread."""
    result: list[Part] = []

    def stream() -> Iterator[Block]:
        result.append((yield from blocks))

    pending = stream()
    async with store.holding():
        while some := await asyncio.to_thread(lambda: list(itertools.islice(pending, _AT_ONCE))):
            await store.put_many(some)
    return result[0]


class LocalBlockStore(BlockStore):
    """Blocks as files in a folder (`files`), with a garbage collection (`collecting`)."""

    def __init__(self, folder: Path) -> None:
        self._files = BlockFiles(folder)
        self._counted: tuple[int, int] | None = None
        """Bytes that were here once, and how many had been written by then."""

    async def get(self, cid: Cid) -> bytes:
        return await asyncio.to_thread(self._files.read, cid)

    async def has(self, cid: Cid) -> bool:
        return await asyncio.to_thread(self._files.path(cid).exists)

    async def put_many(self, blocks: Iterable[Block]) -> None:
        await asyncio.to_thread(self._files.write, list(blocks))

    @asynccontextmanager
    async def holding(self, *roots: Cid) -> AsyncIterator[None]:
        with self._files.holds.hold() as hold:
            if roots:
                await asyncio.to_thread(self._files.find_below, roots, hold)
            yield

    async def pin(self, cid: Cid) -> None:
        """Also once more, which renews it.

        Raises:
            ContentUnavailableError: something below it is not here.
        """
        await asyncio.to_thread(self._files.pin, cid)

    async def unpin(self, cid: Cid) -> None:
        await asyncio.to_thread(self._files.unpin, cid)

    async def pins(self) -> list[Cid]:
        return await asyncio.to_thread(self._files.pins)

    async def remove(self, cid: Cid) -> None:
        await asyncio.to_thread(self._files.remove, cid)

    # ------------------------------------------------------------------ how much is kept, and for how long

    async def usage(self) -> int:
        """Bytes on the disk: counted at first and by each collection, and added up between."""
        if self._counted is None:
            written = self._files.written
            sizes = await asyncio.to_thread(lambda: [size for _, size, _ in self._files.every_block()])
            self._counted = sum(map(on_disk, sizes)), written
        counted, written = self._counted
        return counted + self._files.written - written

    async def shelf(self) -> list[Pin]:
        """Everything that is pinned, the least lately renewed first."""
        return await asyncio.to_thread(self._files.shelf)

    async def size_below(self, cid: Cid) -> int:
        """As the root says it; nothing, if that is not here."""
        return await asyncio.to_thread(self._files.size_below, cid)

    async def renew(self, cid: Cid) -> bool:
        return await asyncio.to_thread(self._files.renew, cid)

    async def release(self, pin: Pin) -> bool:
        """Unpin, unless it was renewed since it was looked at."""
        return await asyncio.to_thread(self._files.release, pin)

    async def collect(self, wanted: Callable[[], Iterable[Cid]] = tuple) -> Collected:
        """Removes what no pin leads to, nor any of the `wanted` roots, which need not be here entirely. They are asked
        for when the collection has begun: what is fetched for a root that is wanted later is safe by its age."""
        loop = asyncio.get_running_loop()

        async def ask() -> list[Cid]:
            return list(wanted())

        written = self._files.written
        asked = lambda: asyncio.run_coroutine_threadsafe(ask(), loop).result()  # noqa: E731
        found = await asyncio.to_thread(collect, self._files, asked)
        self._counted = found.used, written
        return found
