"""Blocks that came from somebody: what is written to disk, and what is refused before that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lilypad.errors import ContentInvalidError, ContentUnavailableError, FaultError
from lilypad.store.cid import Cid
from lilypad.store.dag import BLOCK_BYTES, Block, DagLimits
from lilypad.store.dagpb import Link
from lilypad.store.exporter import export_directory, read_file

from .helpers import (
    MemoryStore,
    blocks_of,
    directory,
    file_header,
    leaf_link,
    named,
    node_link,
    pb_block,
    raw,
    read_tree,
    write_tree,
)

MIB = 1 << 20
A, B = raw(b"aaaa"), raw(b"bb")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder / "out"


async def refused(blocks: list[Block], out: Path, why: str, limits: DagLimits | None = None) -> MemoryStore:
    """The last block is the root. Nothing may be left behind."""
    source = MemoryStore(blocks)
    with pytest.raises(ContentInvalidError, match=why):
        await export_directory(blocks[-1].cid, source, out, limits)
    assert list(out.parent.iterdir()) == []
    return source


def file_of(parts: list[Block], sizes: list[int]) -> Block:
    return pb_block([leaf_link(part) for part in parts], file_header(sizes))


async def test_export__nested_tree__is_the_same_tree(tmp_path: Path, out: Path) -> None:
    tree = {"empty": b"", "large": b"7" * (3 * MIB + 1), "folder": {"none": {}, "é": b"x"}}
    blocks = blocks_of(write_tree(tmp_path / "in", tree))
    await export_directory(blocks[-1].cid, MemoryStore(blocks), out)
    assert read_tree(out) == tree


async def test_export__other_chunk_size__is_accepted(out: Path) -> None:
    chunks = [raw(bytes([n]) * MIB) for n in range(3)]
    file = file_of(chunks, [MIB] * 3)
    root = directory(node_link(file, "f"))
    await export_directory(root.cid, MemoryStore([*chunks, file, root]), out)
    assert (out / "f").read_bytes() == b"".join(chunk.data for chunk in chunks)


async def test_export__empty_destination__is_replaced(out: Path) -> None:
    write_tree(out, {})
    root = directory(leaf_link(A, "a"))
    await export_directory(root.cid, MemoryStore([A, root]), out)
    assert read_tree(out) == {"a": b"aaaa"}


async def test_export__destination_not_empty__is_refused(out: Path) -> None:
    write_tree(out, {"mine": b""})
    with pytest.raises(FaultError, match="not empty"):
        await export_directory(directory().cid, MemoryStore([directory()]), out)


async def test_export__destination_is_symlink__is_refused(out: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(out.symlink_to, tmp_path)
    with pytest.raises(FaultError, match="not a directory"):
        await export_directory(directory().cid, MemoryStore([directory()]), out)


async def test_export__destination_without_folder__is_refused(out: Path) -> None:
    with pytest.raises(FaultError, match="folder does not exist"):
        await export_directory(directory().cid, MemoryStore([directory()]), out / "deeper")


@pytest.mark.parametrize("name", ["..", "../escape", "/escape", ".", "", "a\0b"])
async def test_export__path_that_leads_outside__is_refused(out: Path, name: str) -> None:
    await refused([A, directory(leaf_link(A, name))], out, "plain path component")


async def test_export__file_as_root__is_refused(out: Path) -> None:
    await refused([A], out, "Not a directory")


async def test_export__missing_block__leaves_nothing_behind(out: Path) -> None:
    root = directory(leaf_link(A, "a"), leaf_link(B, "b"))
    with pytest.raises(ContentUnavailableError):
        await export_directory(root.cid, MemoryStore([A, root]), out)
    assert list(out.parent.iterdir()) == []


async def test_export__wrong_bytes__are_refused(out: Path) -> None:
    await refused([Block(A.cid, b"evil"), directory(leaf_link(A, "a"))], out, "do not hash")


async def test_export__oversized_block__is_refused(out: Path) -> None:
    large = raw(bytes(BLOCK_BYTES + 1))
    await refused([large, directory(leaf_link(large, "a"))], out, "too large")


async def test_export__wrong_tsize__is_refused(out: Path) -> None:
    await refused([A, directory(Link(A.cid, "a", 5))], out, "Tsize")


async def test_export__part_of_wrong_size__is_refused(out: Path) -> None:
    file = file_of([A, B], [4, 3])
    await refused([A, B, file, directory(node_link(file, "f"))], out, "another size")


async def test_export__directory_inside_file__is_refused(out: Path) -> None:
    inner = directory()
    file = pb_block([node_link(inner)], file_header([4]))
    await refused([inner, file, directory(node_link(file, "f"))], out, "another size")


async def test_export__file_tree_without_end__is_refused(out: Path) -> None:
    blocks = [A]
    link = leaf_link(A)
    for _ in range(9):
        blocks.append(pb_block([link], file_header([4])))
        link = node_link(blocks[-1])
    await refused([*blocks, directory(named(link, "f"))], out, "nested too deeply")


async def test_export__directories_without_end__are_refused(out: Path) -> None:
    blocks = [directory()]
    for _ in range(40):
        blocks.append(directory(node_link(blocks[-1], "d")))
    await refused(blocks, out, "nested too deeply")


async def test_export__path_longer_than_the_system_takes__is_refused(out: Path) -> None:
    blocks = [directory()]
    for _ in range(20):
        blocks.append(directory(node_link(blocks[-1], "n" * 250)))
    await refused(blocks, out, "path is too long")


async def test_export__one_block_a_million_times__is_stopped_at_its_first_node(out: Path) -> None:
    blocks = [raw(bytes(MIB))]
    link, size = leaf_link(blocks[0]), MIB
    for _ in range(3):
        blocks.append(pb_block([link] * 100, file_header([size] * 100)))
        link, size = node_link(blocks[-1]), size * 100
    blocks.append(directory(named(link, "bomb")))
    source = await refused(blocks, out, "total_bytes")
    assert source.asked == [blocks[-1].cid, blocks[-2].cid]


async def test_export__one_directory_many_times__is_stopped_by_entries(out: Path) -> None:
    blocks = [directory(leaf_link(raw(b""), "x"))]
    for _ in range(6):
        link = node_link(blocks[-1])
        blocks.append(directory(*(named(link, f"{n:02}") for n in range(50))))
    await refused([raw(b""), *blocks], out, "entries", DagLimits(entries=500))


async def test_export__file_of_single_bytes__is_stopped_by_links(out: Path) -> None:
    byte = raw(b"x")
    parts = file_of([byte] * 100, [1] * 100)
    file = pb_block([node_link(parts)] * 100, file_header([100] * 100))
    await refused([byte, parts, file, directory(node_link(file, "f"))], out, "links", DagLimits(links=500))


async def test_export__sizes_that_sum_over_64_bits__are_refused(out: Path) -> None:
    file = pb_block([leaf_link(A)] * 3, b"\x08\x02\x18\x00" + b"\x20" + b"\xff" * 9 + b"\x01")
    await refused([A, file, directory(node_link(file, "f"))], out, "Neither")


async def test_read_file__large_file__is_its_bytes() -> None:
    file = file_of([A, B], [4, 2])
    assert await read_file(file.cid, MemoryStore([A, B, file]), 6) == b"aaaabb"


async def test_read_file__over_the_limit__is_refused_before_its_parts_are_fetched() -> None:
    file = file_of([A, B], [4, 2])
    source = MemoryStore([A, B, file])
    with pytest.raises(ContentInvalidError, match="total_bytes"):
        await read_file(file.cid, source, 5)
    assert source.asked == [file.cid]


async def test_read_file__directory__is_refused() -> None:
    with pytest.raises(ContentInvalidError, match="not a file"):
        await read_file(directory().cid, MemoryStore([directory()]), 5)


async def test_export__cancelled__leaves_nothing_behind(out: Path) -> None:
    asked = asyncio.Event()

    class Silent(MemoryStore):
        async def get(self, cid: Cid) -> bytes:
            if cid == A.cid:
                asked.set()
                await asyncio.Event().wait()
            return await super().get(cid)

    root = directory(leaf_link(A, "a"))
    export = asyncio.create_task(export_directory(root.cid, Silent([A, root]), out))
    await asked.wait()
    export.cancel()
    with pytest.raises(asyncio.CancelledError):
        await export
    assert list(out.parent.iterdir()) == []


async def test_export__source_that_breaks__raises_its_own_error(out: Path) -> None:
    class Broken(MemoryStore):
        async def get(self, cid: Cid) -> bytes:
            if cid == A.cid:
                raise OSError("disk on fire")
            return await super().get(cid)

    root = directory(leaf_link(A, "a"))
    with pytest.raises(ExceptionGroup) as caught:
        await export_directory(root.cid, Broken([A, root]), out)
    assert caught.group_contains(OSError)
