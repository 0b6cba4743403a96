"""What strangers can make a server do with questions that cost them nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lilypad.store import http
from lilypad.store.blocks import BlockStore, LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.dag import Block
from lilypad.store.http import MOST_CARS, content_app, has_all, upload

from .conftest import Serve
from .helpers import MemoryStore, blocks_of, write_tree

Session = aiohttp.ClientSession


class WatchedStore(LocalBlockStore):
    """Counts the trees that are walked."""

    walks = 0

    async def pin(self, cid: Cid) -> None:
        self.walks += 1
        await super().pin(cid)


@pytest.fixture
def store(tmp_path: Path) -> WatchedStore:
    return WatchedStore(tmp_path / "blocks")


def app(store: BlockStore, *, uploads: bool = True) -> web.Application:
    main = web.Application()
    main.add_subapp("/content", content_app(store, uploads=uploads))
    return main


def tree(tmp_path: Path) -> list[Block]:
    """Its root comes last."""
    return blocks_of(write_tree(tmp_path / "tree", {"a": b"1", "b": b"2"}))


async def test_head__of_a_part_of_an_upload__does_not_make_it_kept(
    serve: Serve, session: Session, store: WatchedStore, tmp_path: Path
) -> None:
    blocks = tree(tmp_path)
    url = await serve(app(store))
    await upload(url, blocks[-1].cid, MemoryStore(blocks), session)
    for block in blocks[:-1]:
        assert not await has_all(url, block.cid, session)
    assert await store.pins() == [blocks[-1].cid]


async def test_head__of_what_was_let_go_of__does_not_keep_it_again(
    serve: Serve, session: Session, store: WatchedStore, tmp_path: Path
) -> None:
    blocks = tree(tmp_path)
    await store.put_many(blocks)
    assert not await has_all(await serve(app(store)), blocks[-1].cid, session)
    assert await store.pins() == []


async def test_head__a_hundred_times__walks_the_tree_once(
    serve: Serve, session: Session, store: WatchedStore, tmp_path: Path
) -> None:
    blocks = tree(tmp_path)
    url, root = await serve(app(store)), blocks[-1].cid
    await upload(url, root, MemoryStore(blocks), session)
    store.walks = 0
    assert all(await asyncio.gather(*(has_all(url, root, session) for _ in range(100))))
    assert store.walks == 1


async def test_head__every_time__says_that_the_upload_is_needed(
    serve: Serve, session: Session, store: WatchedStore, tmp_path: Path
) -> None:
    blocks = tree(tmp_path)
    url, root = await serve(app(store)), blocks[-1].cid
    await upload(url, root, MemoryStore(blocks), session)
    times = [(await store.shelf())[0].renewed]
    for _ in range(3):
        assert await has_all(url, root, session)
        times.append((await store.shelf())[0].renewed)
    assert times == sorted(set(times))


class StuckStore(MemoryStore):
    """Has a root at once, and what is below it when it is told to."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__(blocks)
        self._root = blocks[-1].cid
        self.waiting, self.answers = 0, asyncio.Event()

    async def get(self, cid: Cid) -> bytes:
        if cid != self._root:
            self.waiting += 1
            await self.answers.wait()
        return await super().get(cid)


async def test_get__of_more_trees_than_are_sent_at_once__is_refused_and_blocks_are_served(
    serve: Serve, session: Session, tmp_path: Path
) -> None:
    stuck = StuckStore(tree(tmp_path))
    url = f"{await serve(app(stuck, uploads=False))}/content/{stuck._root}"

    async def whole() -> bytes:
        async with session.get(f"{url}?format=car") as response:
            return await response.read()

    under_way = [asyncio.create_task(whole()) for _ in range(MOST_CARS)]
    async with asyncio.timeout(10):
        while stuck.waiting < MOST_CARS:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        async with session.get(f"{url}?format=car") as response:
            assert (response.status, (await response.json())["error"]) == (503, "service_unavailable")
        async with session.get(url) as response:
            assert response.status == 200
        stuck.answers.set()
        assert len({*await asyncio.gather(*under_way)}) == 1
        assert len(await whole()) > 0


async def test_get__of_a_tree_that_takes_too_long__is_cut(
    serve: Serve, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "CAR_SECONDS", 0.05)
    stuck = StuckStore(tree(tmp_path))
    async with session.get(f"{await serve(app(stuck, uploads=False))}/content/{stuck._root}?format=car") as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
