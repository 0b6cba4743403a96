"""From blocks to a directory on disk.

The blocks come from somebody who may lie, so everything is checked before it is used: each block
against its CID, each node for its one canonical encoding, each declared size against what is really
there. The limits are spent on declared sizes, before anything is fetched or written, so a small DAG
that repeats one block a million times ends at its first node. The tree is written beside its
destination and renamed when it is complete: it is there entirely or not at all.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lilypad.crashing import crash_point
from lilypad.errors import ContentInvalidError, FaultError
from lilypad.store.cid import Cid
from lilypad.store.dag import FILE_DEPTH, Block, BlockSource, Budget, DagLimits, get_block, get_blocks
from lilypad.store.dagpb import Link
from lilypad.store.unixfs import DirectoryNode, FileNode, Leaf, Node, decode

_AT_ONCE = 8
"""Blocks fetched together: with 2 MiB each and few of them the memory in use stays small."""


async def export_directory(cid: Cid, source: BlockSource, destination: Path, limits: DagLimits | None = None) -> None:
    """Write the directory `cid` to `destination`, which must be absent or an empty directory.

    Raises:
        ContentInvalidError: something in the DAG is not what its CID or its node says, or is over a limit.
        ContentUnavailableError: a block cannot be had.
    """
    _check_destination(destination)
    workplace = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".export-", dir=destination.parent))
    try:
        root = decode(await get_block(source, cid))
        if not isinstance(root, DirectoryNode):
            raise ContentInvalidError("Not a directory", cid=cid)
        tree = workplace / "tree"
        await _Export(source, Budget(limits or DagLimits())).directory(root, tree, "")
        crash_point("export.written")
        await asyncio.to_thread(os.rename, tree, destination)
    finally:
        await asyncio.to_thread(shutil.rmtree, workplace, ignore_errors=True)


async def read_file(cid: Cid, source: BlockSource, max_bytes: int) -> bytes:
    """The bytes of a file, refused when longer than `max_bytes`."""
    export = _Export(source, Budget(DagLimits(total_bytes=max_bytes)))
    node = decode(await get_block(source, cid))
    if isinstance(node, DirectoryNode):
        raise ContentInvalidError("A directory, not a file", cid=cid)
    export.budget.spend(total_bytes=node.size)
    content = io.BytesIO()
    await export.pour(node, content)
    return content.getvalue()


@dataclass(slots=True)
class _Export:
    source: BlockSource
    budget: Budget

    async def directory(self, node: DirectoryNode, root: Path, path: str) -> None:
        """Write one directory; `path` is relative to the root and empty or ends with /."""
        self.budget.spend(entries=len(node.links))
        await asyncio.to_thread((root / path).mkdir)
        for some in _batches(node.links):
            children = await self._children(some)
            for link, child in children:
                self.budget.check_path(path + link.name)
                if isinstance(child, Leaf | FileNode):
                    await self._file(child, root / path / link.name)
            # Go deeper only when the leaves of this batch are written and can be dropped.
            deeper = [(link, child) for link, child in children if isinstance(child, DirectoryNode)]
            children.clear()
            for link, directory in deeper:
                await self.directory(directory, root, f"{path}{link.name}/")

    async def _file(self, node: Leaf | FileNode, path: Path) -> None:
        self.budget.spend(total_bytes=node.size)
        with _new_file(path) as file:
            await self.pour(node, file)

    async def pour(self, node: Leaf | FileNode, into: BinaryIO, depth: int = 0) -> None:
        """The bytes of a file in order; its size has been spent already."""
        if isinstance(node, Leaf):
            await asyncio.to_thread(into.write, node.data)
            return
        if depth == FILE_DEPTH:
            raise ContentInvalidError("A file's tree is nested too deeply", limit=FILE_DEPTH)
        sizes = iter(node.sizes)
        for some in _batches(node.links):
            for link, child in await self._children(some):
                if isinstance(child, DirectoryNode) or child.size != next(sizes):
                    raise ContentInvalidError("A part of a file has another size than said", cid=link.cid)
                await self.pour(child, into, depth + 1)

    async def _children(self, links: Sequence[Link]) -> list[tuple[Link, Node]]:
        self.budget.spend(links=len(links))
        blocks = await get_blocks(self.source, [link.cid for link in links])
        return [(link, _linked(link, block)) for link, block in zip(links, blocks, strict=True)]


def _linked(link: Link, block: Block) -> Node:
    node = decode(block)
    if node.tsize != link.tsize:
        raise ContentInvalidError("A link's Tsize is wrong", cid=link.cid, is_=node.tsize, says=link.tsize)
    return node


def _new_file(path: Path) -> BinaryIO:
    """Opened at once, not in a thread: a cancelled export must know what it has to close."""
    return path.open("xb")


def _batches(links: Sequence[Link]) -> Iterator[Sequence[Link]]:
    return (links[at : at + _AT_ONCE] for at in range(0, len(links), _AT_ONCE))


def _check_destination(destination: Path) -> None:
    if not destination.parent.is_dir():
        raise FaultError("The destination's folder does not exist; make it", folder=destination.parent)
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise FaultError("The destination exists and is not a directory", destination=destination)
    if destination.exists() and any(destination.iterdir()):
        raise FaultError("The destination is not empty; choose another", destination=destination)
