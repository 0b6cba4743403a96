"""A content server whose room is limited: what it refuses, and what it keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lilypad.errors import StoreFullError
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.car import header, section
from lilypad.store.dag import Block
from lilypad.store.files import on_disk
from lilypad.store.http import content_app, has_all, upload

from .conftest import Serve
from .helpers import MemoryStore, blocks_of, write_tree


class Ration:
    """Room for some bytes in all."""

    def __init__(self, left: int) -> None:
        self.left = left

    @contextmanager
    def arrival(self) -> Iterator[Ration]:
        yield self

    @asynccontextmanager
    async def space(self, blocks: Sequence[Block]) -> AsyncIterator[None]:
        wanted = sum(on_disk(len(block.data)) for block in blocks)
        if wanted > self.left:
            raise StoreFullError("no room", wanted=wanted)
        self.left -= wanted
        yield


def app(store: LocalBlockStore, room: Ration) -> web.Application:
    main = web.Application()
    main.add_subapp("/content", content_app(store, room=room))
    return main


async def test_upload__that_fits__is_pinned(
    serve: Serve, session: aiohttp.ClientSession, store: LocalBlockStore, tmp_path: Path
) -> None:
    blocks = blocks_of(write_tree(tmp_path / "tree", {"a": b"1", "b": b"2"}))
    root = blocks[-1].cid
    url = await serve(app(store, Ration(3 * 4096)))
    assert not await has_all(url, root, session)
    await upload(url, root, MemoryStore(blocks), session)
    assert await has_all(url, root, session)
    await store.collect()
    assert await store.pins() == [root]


@pytest.mark.parametrize("size", [10, 5_000_000])
async def test_upload__for_which_there_is_no_room__is_refused_and_the_client_says_so(
    serve: Serve, session: aiohttp.ClientSession, store: LocalBlockStore, tmp_path: Path, size: int
) -> None:
    blocks = blocks_of(write_tree(tmp_path / "tree", {"a": b"1" * size}))
    url = await serve(app(store, Ration(4096)))
    with pytest.raises(StoreFullError, match="the market has no room for these inputs; try again later"):
        await upload(url, blocks[-1].cid, MemoryStore(blocks), session)
    assert await store.pins() == []


async def test_post__over_the_room__answers_507(
    serve: Serve, session: aiohttp.ClientSession, store: LocalBlockStore, tmp_path: Path
) -> None:
    blocks = blocks_of(write_tree(tmp_path / "tree", {"a": b"1"}))
    body = header(blocks[-1].cid) + b"".join(map(section, blocks))
    async with session.post(f"{await serve(app(store, Ration(0)))}/content", data=body) as response:
        assert (response.status, (await response.json())["error"]) == (507, "store_full")


async def test_has_all__tree_with_a_hole__is_false(
    serve: Serve, session: aiohttp.ClientSession, store: LocalBlockStore, tmp_path: Path
) -> None:
    """Whoever found the root alone and relied on it would send a provider after inputs that nobody has."""
    blocks = blocks_of(write_tree(tmp_path / "tree", {"a": b"1"}))
    await store.put_many(blocks[1:])
    assert not await has_all(await serve(app(store, Ration(0))), blocks[-1].cid, session)


async def test_has_all__server_that_is_away__is_false(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    blocks = blocks_of(write_tree(tmp_path / "tree", {}))
    assert not await has_all("http://127.0.0.1:1", blocks[-1].cid, session)
