"""What every block store does: a folder, an IPFS node (a fake; a real one where there is one), our own fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from lilypad.errors import ContentInvalidError, ContentUnavailableError, FaultError
from lilypad.store.blocks import BlockStore, LocalBlockStore
from lilypad.store.dag import BLOCK_BYTES
from lilypad.store.ipfs import IpfsBlockStore

from .conftest import Serve
from .fake_ipfs import FakeIpfs
from .helpers import EMPTY_DIRECTORY_CID, HELLO, HELLO_CID, MemoryStore, directory, raw, read_tree, write_tree
from .kubo import BINARY, kubo

TREE = {"a": b"a", "large": bytes(700_000), "folder": {"é": b"x", "none": {}}}
HELLO_BLOCK = raw(HELLO)


REAL = ["ipfs-real"] if BINARY else []
"""A peer that few machines have, and that no project may ask for; tests/conftest.py says whether it is there."""


@pytest.fixture(params=["memory", "local", "ipfs-fake", *REAL])
async def any_store(
    request: pytest.FixtureRequest, tmp_path: Path, session: aiohttp.ClientSession, serve: Serve
) -> AsyncIterator[BlockStore]:
    match request.param:
        case "memory":
            yield MemoryStore()
        case "local":
            yield LocalBlockStore(tmp_path / "store")
        case "ipfs-fake":
            yield IpfsBlockStore(await serve(FakeIpfs().app()), session, offline=True)
        case _:
            async with kubo(tmp_path / "kubo") as url:
                yield IpfsBlockStore(url, session, offline=True)


async def test_get__what_was_put__is_there(any_store: BlockStore) -> None:
    await any_store.put(HELLO_BLOCK)
    assert await any_store.get(HELLO_BLOCK.cid) == HELLO


async def test_get__absent__is_unavailable(any_store: BlockStore) -> None:
    with pytest.raises(ContentUnavailableError):
        await any_store.get(HELLO_BLOCK.cid)


async def test_put__twice__is_the_same_as_once(any_store: BlockStore) -> None:
    await any_store.put_many([HELLO_BLOCK, HELLO_BLOCK])
    await any_store.put(HELLO_BLOCK)
    assert await any_store.get(HELLO_BLOCK.cid) == HELLO


async def test_put__largest_block__is_kept(any_store: BlockStore) -> None:
    block = raw(bytes(BLOCK_BYTES))
    await any_store.put(block)
    assert await any_store.get(block.cid) == block.data


async def test_has__before_and_after_put(any_store: BlockStore) -> None:
    before = await any_store.has(HELLO_BLOCK.cid)
    await any_store.put(HELLO_BLOCK)
    assert (before, await any_store.has(HELLO_BLOCK.cid)) == (False, True)


async def test_remove__unpinned__is_gone(any_store: BlockStore) -> None:
    await any_store.put(HELLO_BLOCK)
    await any_store.remove(HELLO_BLOCK.cid)
    assert not await any_store.has(HELLO_BLOCK.cid)


async def test_remove__absent__does_nothing(any_store: BlockStore) -> None:
    await any_store.remove(HELLO_BLOCK.cid)


async def test_remove__pinned__is_refused(any_store: BlockStore) -> None:
    await any_store.put(HELLO_BLOCK)
    await any_store.pin(HELLO_BLOCK.cid)
    with pytest.raises(FaultError):
        await any_store.remove(HELLO_BLOCK.cid)


async def test_pin__absent__is_unavailable(any_store: BlockStore) -> None:
    with pytest.raises(ContentUnavailableError):
        await any_store.pin(HELLO_BLOCK.cid)


async def test_unpin__pinned__may_be_removed(any_store: BlockStore) -> None:
    await any_store.put(HELLO_BLOCK)
    await any_store.pin(HELLO_BLOCK.cid)
    assert await any_store.pins() == [HELLO_BLOCK.cid]
    await any_store.unpin(HELLO_BLOCK.cid)
    await any_store.remove(HELLO_BLOCK.cid)


async def test_unpin__not_pinned__does_nothing(any_store: BlockStore) -> None:
    await any_store.unpin(HELLO_BLOCK.cid)


async def test_add_bytes__hello_world__is_the_known_vector(any_store: BlockStore) -> None:
    assert str(await any_store.add_bytes(HELLO)) == HELLO_CID


async def test_add_directory__empty__is_the_known_vector(any_store: BlockStore, tmp_path: Path) -> None:
    assert str(await any_store.add_directory(write_tree(tmp_path / "in", {}))) == EMPTY_DIRECTORY_CID


async def test_fetch_directory__added_tree__is_the_same(any_store: BlockStore, tmp_path: Path) -> None:
    cid = await any_store.add_directory(write_tree(tmp_path / "in", TREE))
    await any_store.fetch_directory(cid, tmp_path / "out")
    assert read_tree(tmp_path / "out") == TREE


async def test_fetch_directory__from_source__is_kept(any_store: BlockStore, tmp_path: Path) -> None:
    source = MemoryStore()
    cid = await source.add_directory(write_tree(tmp_path / "in", TREE))
    await any_store.fetch_directory(cid, tmp_path / "out", source=source)
    await any_store.fetch_directory(cid, tmp_path / "again")
    assert read_tree(tmp_path / "again") == TREE


async def test_fetch_bytes__large__is_the_same(any_store: BlockStore) -> None:
    data = bytes(range(256)) * 3000
    assert await any_store.fetch_bytes(await any_store.add_bytes(data), len(data)) == data


async def test_fetch_directory__lying_source__keeps_nothing_false(store: LocalBlockStore, tmp_path: Path) -> None:
    source = MemoryStore()
    source.blocks[directory().cid] = b"evil"
    with pytest.raises(ContentInvalidError):
        await store.fetch_directory(directory().cid, tmp_path / "out", source=source)
    assert not await store.has(directory().cid)
