"""UnixFS: how IPFS writes files and directories as blocks.

A file is cut into chunks of 256 KiB, each a `raw` block. More than one chunk hang below inner nodes
of at most 174 links (a balanced tree); one chunk is the file itself. A directory is one node with
its entries sorted by the bytes of their names. There are no times, modes or owners, so the same
bytes under the same names always have the same CID, the one that IPFS computes.

What is read is a little wider than what is written: other chunk sizes and fan-outs are accepted, so
that content added by other tools can be used. Sizes must be true and encodings canonical.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from lilypad.errors import ContentInvalidError
from lilypad.store import dagpb
from lilypad.store.cid import Codec
from lilypad.store.dag import Block
from lilypad.store.dagpb import Link, PbNode

CHUNK_BYTES = 256 << 10
FAN_OUT = 174
NODE_BYTES = 256 << 10
"""A directory with a larger block would be sharded by IPFS; no other node ever gets this large."""
NAME_BYTES = 255

_TYPE_DIRECTORY = 1
_TYPE_FILE = 2
_DIRECTORY_HEADER = dagpb.int_field(1, _TYPE_DIRECTORY)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A raw block: a whole small file, or a chunk of a larger one."""

    data: bytes
    links: tuple[Link, ...] = ()

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def tsize(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class FileNode:
    """An inner node of a file; `sizes` are the bytes of the file that lie below each link."""

    links: tuple[Link, ...]
    sizes: tuple[int, ...]
    tsize: int

    @property
    def size(self) -> int:
        return sum(self.sizes)


@dataclass(frozen=True, slots=True)
class DirectoryNode:
    links: tuple[Link, ...]
    tsize: int


Node = Leaf | FileNode | DirectoryNode


@dataclass(frozen=True, slots=True)
class Part:
    """A finished subtree of a file: the block at its top, and the bytes of the file in it."""

    block: Block
    size: int
    tsize: int

    def link(self, name: str = "") -> Link:
        return Link(self.block.cid, name, self.tsize)


# Writing.


def file_blocks(chunks: Iterable[bytes]) -> Generator[Block, None, Part]:
    """The blocks of a file, children first; returns its top. All chunks but the last have CHUNK_BYTES."""
    levels: list[list[Part]] = [[]]
    for chunk in chunks:
        leaf = _leaf(chunk)
        yield leaf.block
        yield from _append(levels, 0, leaf)
    if not levels[0] and len(levels) == 1:
        levels[0].append(_leaf(b""))
        yield levels[0][0].block
    return (yield from _close(levels))


def directory_block(entries: Iterable[Link]) -> Part:
    """The node of a directory; entries in any order, their names checked by `check_name`."""
    links = sorted(entries, key=lambda link: link.name.encode())
    data = dagpb.encode(PbNode(tuple(links), _DIRECTORY_HEADER))
    if len(data) > NODE_BYTES:
        raise ContentInvalidError(
            "Directory with too many entries: IPFS would shard it; spread them over subdirectories",
            entries=len(links),
            block_bytes=len(data),
            limit=NODE_BYTES,
        )
    return Part(Block.of(Codec.DAG_PB, data), 0, len(data) + sum(link.tsize for link in links))


def check_name(name: str) -> None:
    """Refuse a name that is not one plain step into a directory."""
    encoded = name.encode("utf-8", "surrogateescape")
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ContentInvalidError("A name in a directory must be one plain path component", name=name)
    if len(encoded) > NAME_BYTES:
        raise ContentInvalidError("A name in a directory is too long", bytes=len(encoded), limit=NAME_BYTES)


def _leaf(chunk: bytes) -> Part:
    return Part(Block.of(Codec.RAW, chunk), len(chunk), len(chunk))


def _inner(parts: Sequence[Part]) -> Part:
    sizes = tuple(part.size for part in parts)
    links = tuple(part.link() for part in parts)
    data = dagpb.encode(PbNode(links, _file_header(sizes)))
    return Part(Block.of(Codec.DAG_PB, data), sum(sizes), len(data) + sum(part.tsize for part in parts))


def _append(levels: list[list[Part]], height: int, part: Part) -> Generator[Block, None, None]:
    """Put a part on its level; a full level becomes one part of the next."""
    if height == len(levels):
        levels.append([])
    levels[height].append(part)
    if len(levels[height]) == FAN_OUT:
        full, levels[height] = levels[height], []
        inner = _inner(full)
        yield inner.block
        yield from _append(levels, height + 1, inner)


def _close(levels: list[list[Part]]) -> Generator[Block, None, Part]:
    """Gather what is left on each level until one part is at the top."""
    height = 0
    while True:
        parts, levels[height] = levels[height], []
        top = height == len(levels) - 1
        if top and len(parts) == 1:
            return parts[0]
        if parts:
            inner = _inner(parts)
            yield inner.block
            yield from _append(levels, height + 1, inner)
        height += 1


def _file_header(sizes: tuple[int, ...]) -> bytes:
    blocksizes = (dagpb.int_field(4, size) for size in sizes)
    return dagpb.int_field(1, _TYPE_FILE) + dagpb.int_field(3, sum(sizes)) + b"".join(blocksizes)


# Reading.


def decode(block: Block) -> Node:
    """What a block says, or ContentInvalidError when it is not canonical UnixFS."""
    if block.cid.codec is Codec.RAW:
        return Leaf(block.data)
    try:
        return _decode_node(block)
    except ContentInvalidError as error:
        error.fields.setdefault("cid", block.cid)
        raise


def _decode_node(block: Block) -> FileNode | DirectoryNode:
    if len(block.data) > NODE_BYTES:
        raise ContentInvalidError(
            "dag-pb block is too large; sharding starts here", bytes=len(block.data), limit=NODE_BYTES
        )
    node = dagpb.decode(block.data)
    tsize = len(block.data) + sum(link.tsize for link in node.links)
    if node.data == _DIRECTORY_HEADER:
        _check_entries(node.links)
        return DirectoryNode(node.links, tsize)
    return FileNode(node.links, _decode_file_header(node), tsize)


def _decode_file_header(node: PbNode) -> tuple[int, ...]:
    sizes = tuple(value for number, value in dagpb.fields(node.data) if number == 4 and isinstance(value, int))
    if not sizes or len(sizes) != len(node.links) or any(link.name for link in node.links):
        raise ContentInvalidError("Neither a plain directory nor the inner node of a file")
    if min(sizes) == 0 or _file_header(sizes) != node.data:
        raise ContentInvalidError("A file's node has wrong sizes or is not in canonical encoding")
    return sizes


def _check_entries(links: Sequence[Link]) -> None:
    previous = b""
    for link in links:
        check_name(link.name)
        if (name := link.name.encode()) <= previous:
            raise ContentInvalidError("A directory's names must be sorted and different", name=link.name)
        previous = name
