from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import ContentInvalidError
from lilypad.store import car
from lilypad.store.car import CarReader, header, section, write_car
from lilypad.store.cid import Cid
from lilypad.store.dag import BLOCK_BYTES, Block
from lilypad.store.dagpb import encode_varint

from .helpers import HELLO, MemoryStore, blocks_of, directory, leaf_link, raw, write_tree

A, B = raw(b"aaaa"), raw(b"bb")
ROOT = directory(leaf_link(A, "a"), leaf_link(B, "b"), leaf_link(A, "c"))
GOOD = header(ROOT.cid) + section(ROOT) + section(A) + section(B)


async def read(data: bytes, max_bytes: int = 1 << 20) -> tuple[list[Cid], list[Block]]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    reader = CarReader(stream, max_bytes)
    return await reader.roots(), [block async for block in reader.blocks()]


async def refused(data: bytes, why: str, max_bytes: int = 1 << 20) -> None:
    with pytest.raises(ContentInvalidError, match=why):
        await read(data, max_bytes)


async def test_write__repeated_block__is_written_once_where_it_is_met_first() -> None:
    pieces = [piece async for piece in write_car(ROOT.cid, MemoryStore([ROOT, A, B]))]
    assert b"".join(pieces) == GOOD


async def test_write__known_header__is_what_other_tools_write() -> None:
    written = header(Cid.parse("bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"))
    digest = "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"
    expected = f"3aa265726f6f747381d82a58250001551220{digest}6776657273696f6e01"
    assert written.hex() == expected


async def test_write__block_missing__raises() -> None:
    with pytest.raises(Exception, match="Not here"):
        _ = [piece async for piece in write_car(ROOT.cid, MemoryStore([ROOT]))]


async def test_read__what_was_written__comes_back(tmp_path: Path) -> None:
    blocks = blocks_of(write_tree(tmp_path / "in", {"x": bytes(600_000), "y": {"z": HELLO}}))
    pieces = [piece async for piece in write_car(blocks[-1].cid, MemoryStore(blocks))]
    roots, read_blocks = await read(b"".join(pieces))
    assert (roots, {*read_blocks}) == ([blocks[-1].cid], {*blocks})


async def test_read__largest_block__is_accepted() -> None:
    block = raw(bytes(BLOCK_BYTES))
    assert (await read(header(block.cid) + section(block), BLOCK_BYTES))[1] == [block]


async def test_read__wrong_bytes__are_refused() -> None:
    await refused(header(A.cid) + section(Block(A.cid, b"evil")), "do not hash")


async def test_read__larger_block_announced__is_refused_unread() -> None:
    await refused(header(A.cid) + encode_varint(37 + BLOCK_BYTES), "too long")


async def test_read__too_many_small_blocks__are_counted_as_on_disk() -> None:
    blocks = [raw(b"%d" % n) for n in range(17)]
    await refused(header(A.cid) + b"".join(map(section, blocks)), "too large", max_bytes=16 * 4096)


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
async def test_read__cut_short__is_refused_or_whole_blocks(cut: int) -> None:
    whole = {len(header(ROOT.cid)), len(GOOD) - len(section(B)), len(GOOD) - len(section(A) + section(B))}
    if cut in whole:
        await read(GOOD[:cut])
    else:
        await refused(GOOD[:cut], "CAR ends|Empty")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Empty CAR"),
        (b"\x00", "canonical|root"),
        (header(), "must have a root"),
        (header(*[A.cid] * (car.MAX_ROOTS + 1)), "too long"),
        (header(A.cid).replace(b"version\x01", b"version\x02"), "canonical"),
        (b"\xba\x00" + header(A.cid)[1:], "badly written"),
        (GOOD + b"\x00", "too short"),
        (GOOD + b"\xff" * 10, "badly written"),
    ],
)
async def test_read__malformed__is_refused(data: bytes, why: str) -> None:
    await refused(data, why)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(header(A.cid).__add__))
async def test_read__any_bytes__raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ContentInvalidError):
        await read(data)
