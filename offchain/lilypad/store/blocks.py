"""Block stores: where content lies, and how files become content and files again.

Every store is a `BlockStore`: five small operations on blocks, and on top of them the same way in
(`add_directory`, `add_bytes`) and out (`fetch_directory`, `fetch_bytes`). `LocalBlockStore` is the
embedded default, a folder on disk; `ipfs.IpfsBlockStore` is an IPFS node.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from lilypad.crashing import crash_point
from lilypad.errors import ContentInvalidError, ContentUnavailableError, FaultError
from lilypad.store.cid import Cid
from lilypad.store.dag import Block, BlockSource, DagLimits
from lilypad.store.exporter import export_directory, read_file
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

    @abstractmethod
    async def remove(self, cid: Cid) -> None:
        """Forget one block; a no-op when it is not there. A pinned root is refused."""

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
        await export_directory(cid, ReadThrough(self, source) if source else self, destination, limits)

    async def fetch_bytes(self, cid: Cid, max_bytes: int, source: BlockSource | None = None) -> bytes:
        """The bytes of a file, refused when longer than `max_bytes`."""
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
    while some := await asyncio.to_thread(lambda: list(itertools.islice(pending, _AT_ONCE))):
        await store.put_many(some)
    return result[0]


class LocalBlockStore(BlockStore):
    """Blocks as files: `blocks/<xy>/<cid>`, xy being the two letters before the last;
    `pins/<cid>` are empty files.

    A block is written to `partial/`, flushed to the disk and renamed, so a name never stands for half
    a block. Every read is checked; what the disk has spoiled is removed and counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks = folder / "blocks"
        self._partial = folder / "partial"
        self._pins = folder / "pins"

    async def get(self, cid: Cid) -> bytes:
        return await asyncio.to_thread(self._read, cid)

    async def has(self, cid: Cid) -> bool:
        return await asyncio.to_thread(self._path(cid).exists)

    async def put_many(self, blocks: Iterable[Block]) -> None:
        await asyncio.to_thread(self._write, list(blocks))

    async def pin(self, cid: Cid) -> None:
        if not await self.has(cid):
            raise ContentUnavailableError("Only what is here can be pinned; fetch it first", cid=cid)
        await asyncio.to_thread(self._record_pin, cid)

    async def unpin(self, cid: Cid) -> None:
        await asyncio.to_thread((self._pins / str(cid)).unlink, missing_ok=True)

    async def pins(self) -> list[Cid]:
        return await asyncio.to_thread(self._read_pins)

    async def remove(self, cid: Cid) -> None:
        if await asyncio.to_thread((self._pins / str(cid)).exists):
            raise FaultError("This content is pinned; unpin it first", cid=cid)
        await asyncio.to_thread(self._path(cid).unlink, missing_ok=True)

    def _path(self, cid: Cid) -> Path:
        text = str(cid)
        return self._blocks / text[-3:-1] / text

    def _read(self, cid: Cid) -> bytes:
        path = self._path(cid)
        try:
            return Block.checked(cid, path.read_bytes()).data
        except FileNotFoundError:
            raise ContentUnavailableError("Content is not in the local store", cid=cid) from None
        except ContentInvalidError:
            path.unlink(missing_ok=True)
            raise ContentUnavailableError("Content was spoiled on disk; fetch it again", cid=cid) from None

    def _write(self, blocks: list[Block]) -> None:
        """All files first, then all flushes: the disk gathers them, which is many times faster."""
        self._partial.mkdir(parents=True, exist_ok=True)
        missing = {block.cid: block.data for block in blocks if not self._path(block.cid).exists()}
        with contextlib.ExitStack() as stack:
            written = [
                (self._path(cid), *stack.enter_context(_partial_file(self._partial, data)))
                for cid, data in missing.items()
            ]
            for path, descriptor, name in written:
                os.fsync(descriptor)
                path.parent.mkdir(parents=True, exist_ok=True)
                crash_point("blocks.flushed")
                name.replace(path)
            crash_point("blocks.kept")

    def _read_pins(self) -> list[Cid]:
        return [Cid.parse(pin.name) for pin in sorted(self._pins.iterdir())] if self._pins.exists() else []

    def _record_pin(self, cid: Cid) -> None:
        self._pins.mkdir(parents=True, exist_ok=True)
        (self._pins / str(cid)).touch()
        for folder in (self._pins, self._path(cid).parent):
            _flush_folder(folder)


@contextlib.contextmanager
def _partial_file(folder: Path, data: bytes) -> Iterator[tuple[int, Path]]:
    descriptor, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield descriptor, path
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
