"""An agent's shelf: a quota over a real store."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from lilypad.agents.work.retention import Needs, Retention
from lilypad.agents.work.shelf import Shelf
from lilypad.errors import StoreFullError
from lilypad.store import dagpb
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid, Codec
from lilypad.store.dag import Block
from lilypad.store.dagpb import Link, PbNode

DAY = 86_400
QUOTA = 10 * 4096


@pytest.fixture
def store(tmp_path: Path) -> LocalBlockStore:
    return LocalBlockStore(tmp_path)


async def keep(store: LocalBlockStore, number: int, size: int = 1) -> Cid:
    block = Block.of(Codec.RAW, bytes([number]) * size)
    await store.put(block)
    await store.pin(block.cid)
    return block.cid


async def test_look__result_whose_time_is_over__goes(store: LocalBlockStore, tmp_path: Path) -> None:
    old, young = await keep(store, 1), await keep(store, 2)
    long_ago = time.time() - 8 * DAY
    os.utime(tmp_path / "pins" / str(old), (long_ago, long_ago))
    await Shelf(store, Retention(0, 7 * DAY)).look()
    assert await store.pins() == [young]


async def test_look__result_of_an_open_deal__counts_from_its_end(store: LocalBlockStore, tmp_path: Path) -> None:
    """However long a dispute takes: while the deal is open its pin is renewed."""
    root = await keep(store, 1)
    open_deals = {root}
    shelf = Shelf(store, Retention(0, 7 * DAY), lambda: Needs(frozenset(open_deals)))
    long_ago = time.time() - 30 * DAY
    os.utime(tmp_path / "pins" / str(root), (long_ago, long_ago))
    await shelf.look()
    open_deals.clear()
    await Shelf(store, Retention(0, 7 * DAY)).look()
    assert await store.pins() == [root]


async def test_look__over_the_quota__takes_the_oldest_until_a_tenth_is_free(store: LocalBlockStore) -> None:
    roots = [await keep(store, n) for n in range(12)]
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY), lambda: Needs(frozenset(roots[:2])))
    await shelf.look()
    assert await store.usage() == 9 * 4096
    assert {*await store.pins()} == {*roots[:2], *roots[5:]}
    assert shelf.has_room()


async def test_look__open_deals_over_the_quota__takes_nothing_and_says_so(store: LocalBlockStore) -> None:
    roots = [await keep(store, n) for n in range(11)]
    told: list[tuple[int, int]] = []
    needs = Needs(frozenset(roots))
    shelf = Shelf(store, Retention(QUOTA, 0), lambda: needs, lambda used, quota: told.append((used, quota)))
    await shelf.look()
    assert len(await store.pins()) == 11
    assert not shelf.has_room()
    assert told == [(11 * 4096, QUOTA)]
    check = await shelf.check()
    assert (check.ok, check.detail) == (False, "45,056 bytes are kept, the quota is 40,960")
    needs = Needs()
    await shelf.look()
    assert shelf.has_room()
    assert (await shelf.check()).ok


async def test_look__inputs_of_what_has_just_ended__go_only_for_room(store: LocalBlockStore) -> None:
    unpinned = Block.of(Codec.RAW, b"inputs")
    await store.put(unpinned)
    needs = Needs(lately=(unpinned.cid,))
    await Shelf(store, Retention(QUOTA, 0), lambda: needs).look()
    assert await store.has(unpinned.cid)
    for n in range(9):
        await keep(store, n)
    await Shelf(store, Retention(QUOTA, 7 * DAY), lambda: needs).look()
    assert not await store.has(unpinned.cid)
    assert len(await store.pins()) == 9


async def test_space__that_is_there__is_given_until_it_is_promised(store: LocalBlockStore) -> None:
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY))
    async with shelf.space(8 * 4096):
        with pytest.raises(StoreFullError, match="full"):
            async with shelf.space(4 * 4096):
                pass


async def test_space__in_a_full_store__is_made_of_what_was_used_least_lately(store: LocalBlockStore) -> None:
    roots = [await keep(store, n) for n in range(10)]
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY), lambda: Needs(used={roots[0]: time.time() + 1}))
    async with shelf.space(2 * 4096):
        pass
    assert {*await store.pins()} == {roots[0], *roots[3:]}


@pytest.mark.parametrize("told", [0, 1 << 60])
async def test_space__among_trees_that_lie_about_their_size__is_made_of_no_more_than_it_takes(
    store: LocalBlockStore, told: int
) -> None:
    """A node says how large what is below it is; whoever made it may say anything."""
    roots = []
    for number in range(5):
        leaf = Block.of(Codec.RAW, bytes([number]))
        node = PbNode((Link(leaf.cid, "", told),), b"\x08\x01")
        root = Block.of(Codec.DAG_PB, dagpb.encode(node))
        await store.put_many([leaf, root])
        await store.pin(root.cid)
        roots.append(root.cid)
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY), Needs)
    async with shelf.space(2 * 4096):
        pass
    left = {*await store.pins()}
    assert roots[0] not in left
    assert left >= {*roots[2:]}, "those that came later stay"


async def test_space__that_open_deals_take__is_refused(store: LocalBlockStore) -> None:
    roots = [await keep(store, n) for n in range(10)]
    shelf = Shelf(store, Retention(QUOTA, 0), lambda: Needs(frozenset(roots)))
    with pytest.raises(StoreFullError, match="what open deals need"):
        async with shelf.space(1):
            pass
    assert len(await store.pins()) == 10


async def test_space__without_a_quota__is_always_there(store: LocalBlockStore) -> None:
    async with Shelf(store, Retention(0, 0)).space(1 << 60):
        pass


async def test_attended__looks_when_it_is_woken(store: LocalBlockStore) -> None:
    roots = [await keep(store, n) for n in range(11)]
    needs, looked = Needs(frozenset(roots)), asyncio.Event()
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY), lambda: needs, lambda _used, _quota: looked.set())
    async with shelf.attended():
        await looked.wait()
        assert not shelf.has_room()
        looked.clear()
        needs = Needs()
        shelf.wake()
        await looked.wait()
        assert shelf.has_room()


def leaf(number: int) -> Block:
    return Block.of(Codec.RAW, b"upload %d" % number)


async def test_arrival__while_it_is_under_way__is_not_collected(store: LocalBlockStore) -> None:
    shelf = Shelf(store, Retention(0, 0))
    with shelf.arrival() as arrival:
        async with arrival.space([leaf(1)]):
            await store.put(leaf(1))
        await shelf.look()
        assert await store.has(leaf(1).cid)
        await store.pin(leaf(1).cid)
    await store.collect()
    assert await store.has(leaf(1).cid)


async def test_arrival__that_stands_still__keeps_nobody_else_s_garbage(store: LocalBlockStore) -> None:
    """One slow upload must not make a full market of one that could clear itself."""
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY))
    with shelf.arrival() as slow:
        async with slow.space([leaf(1)]):
            await store.put(leaf(1))
        junk = [await keep(store, n) for n in range(9)]
        async with shelf.space(3 * 4096):
            pass
        assert await store.has(leaf(1).cid)
        assert {*await store.pins()} == {*junk[3:]}


async def test_arrival__that_is_in_the_way_of_another__is_dropped(store: LocalBlockStore) -> None:
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY))
    with shelf.arrival() as slow, shelf.arrival() as other:
        for number in range(4):
            async with slow.space([leaf(number)]):
                await store.put(leaf(number))
        async with other.space([leaf(10), leaf(11)]):
            await store.put_many([leaf(10), leaf(11)])
        with pytest.raises(StoreFullError, match="took too long"):
            async with slow.space([leaf(5)]):
                pass
        await store.collect(shelf._wanted)
        assert [await store.has(leaf(n).cid) for n in (0, 3, 10, 11)] == [False, False, True, True]


async def test_arrival__alone__may_be_as_large_as_the_store(store: LocalBlockStore) -> None:
    shelf = Shelf(store, Retention(QUOTA, 7 * DAY))
    with shelf.arrival() as large:
        for number in range(10):
            async with large.space([leaf(number)]):
                await store.put(leaf(number))
        with pytest.raises(StoreFullError):
            async with large.space([leaf(10)]):
                pass
