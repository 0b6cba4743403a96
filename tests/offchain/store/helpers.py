"""What the tests of the content store share: trees, hand-made nodes, a store in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

from lilypad.errors import ContentUnavailableError, FaultError
from lilypad.store import dagpb
from lilypad.store.blocks import BlockStore
from lilypad.store.cid import Cid, Codec
from lilypad.store.dag import Block
from lilypad.store.dagpb import Link, PbNode
from lilypad.store.importer import directory_blocks

HELLO = b"hello world\n"
HELLO_CID = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
EMPTY_DIRECTORY_CID = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"

Tree = Mapping[str, "bytes | Tree"]


class MemoryStore(BlockStore):
    """Blocks in a dictionary, which a test may also spoil."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.blocks: dict[Cid, bytes] = {block.cid: block.data for block in blocks}
        self.pinned: set[Cid] = set()
        self.asked: list[Cid] = []

    async def get(self, cid: Cid) -> bytes:
        self.asked.append(cid)
        if cid not in self.blocks:
            raise ContentUnavailableError("Not here", cid=cid)
        return self.blocks[cid]

    async def has(self, cid: Cid) -> bool:
        return cid in self.blocks

    async def put_many(self, blocks: Iterable[Block]) -> None:
        self.blocks.update((block.cid, block.data) for block in blocks)

    async def pin(self, cid: Cid) -> None:
        if cid not in self.blocks:
            raise ContentUnavailableError("Not here", cid=cid)
        self.pinned.add(cid)

    async def unpin(self, cid: Cid) -> None:
        self.pinned.discard(cid)

    async def pins(self) -> list[Cid]:
        return sorted(self.pinned, key=str)

    async def remove(self, cid: Cid) -> None:
        if cid in self.pinned:
            raise FaultError("Pinned", cid=cid)
        self.blocks.pop(cid, None)


def write_tree(path: Path, tree: Tree) -> Path:
    path.mkdir()
    for name, content in tree.items():
        if isinstance(content, bytes):
            (path / name).write_bytes(content)
        else:
            write_tree(path / name, content)
    return path


def read_tree(path: Path) -> Tree:
    return {child.name: read_tree(child) if child.is_dir() else child.read_bytes() for child in path.iterdir()}


def blocks_of(path: Path) -> list[Block]:
    return list(directory_blocks(path))


def raw(data: bytes) -> Block:
    return Block.of(Codec.RAW, data)


def leaf_link(block: Block, name: str = "") -> Link:
    return Link(block.cid, name, len(block.data))


def pb_block(links: Sequence[Link], data: bytes) -> Block:
    """A dag-pb block exactly as given: nothing is sorted, summed or checked."""
    return Block.of(Codec.DAG_PB, dagpb.encode(PbNode(tuple(links), data)))


def directory(*links: Link) -> Block:
    return pb_block(links, b"\x08\x01")


def file_header(sizes: Sequence[int], total: int | None = None) -> bytes:
    said = sum(sizes) if total is None else total
    return b"\x08\x02" + dagpb.int_field(3, said) + b"".join(dagpb.int_field(4, size) for size in sizes)


def node_link(block: Block, name: str = "") -> Link:
    """A link to a node whose own links tell the truth."""
    below = sum(link.tsize for link in dagpb.decode(block.data).links)
    return Link(block.cid, name, len(block.data) + below)


def named(link: Link, name: str) -> Link:
    return Link(link.cid, name, link.tsize)


_names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
_contents = st.binary(max_size=200) | st.integers(1, 3).map(lambda n: bytes([n]) * (n * (256 << 10) - n + 2))
trees = st.recursive(
    st.dictionaries(_names, _contents, max_size=4),
    lambda below: st.dictionaries(_names, _contents | below, max_size=3),
    max_leaves=8,
)
