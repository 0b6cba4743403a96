"""Garbage collection: what stays, what goes, what a crash leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lilypad.crashing import AT
from lilypad.errors import ContentUnavailableError
from lilypad.store import holds
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.files import BlockFiles, on_disk

from .helpers import directory, leaf_link, node_link, raw, write_tree

SHARED = raw(b"shared")
OURS, THEIRS = directory(leaf_link(SHARED, "a")), directory(leaf_link(SHARED, "b"), leaf_link(raw(b"own"), "c"))


def everything(folder: Path) -> set[Cid]:
    return {cid for cid, _, _ in BlockFiles(folder / "store").every_block()}


async def test_collect__block_that_no_pin_leads_to__goes(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put_many([SHARED, OURS, THEIRS, raw(b"own")])
    await store.pin(OURS.cid)
    found = await store.collect()
    assert everything(tmp_path) == {SHARED.cid, OURS.cid}
    assert (found.blocks, found.freed, found.spared) == (2, 8192, 0)


async def test_collect__after_unpin__takes_all_that_was_below(store: LocalBlockStore, tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", {"a": b"1", "b": {"c": b"2" * 300_000}})
    root = await store.add_directory(tree)
    await store.pin(root)
    assert (await store.collect()).blocks == 0
    await store.unpin(root)
    await store.collect()
    assert everything(tmp_path) == set()
    assert await store.usage() == 0


async def test_collect__root_that_is_wanted__keeps_what_is_here_of_it(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put_many([THEIRS, SHARED, OURS])
    await store.collect(lambda: [THEIRS.cid])
    assert everything(tmp_path) == {THEIRS.cid, SHARED.cid}


async def test_collect__while_a_tree_is_added__takes_nothing_of_it(store: LocalBlockStore, tmp_path: Path) -> None:
    """Also not what was there as somebody's garbage before."""
    await store.put(SHARED)
    async with store.holding():
        await store.put_many([OURS, SHARED])
        spared = (await store.collect()).spared
        assert spared == 8192
        await store.pin(OURS.cid)
    await store.collect()
    assert everything(tmp_path) == {OURS.cid, SHARED.cid}


async def test_collect__while_a_tree_is_read__takes_nothing_of_it(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put_many([OURS, SHARED])
    async with store.holding(OURS.cid):
        await store.collect()
        assert everything(tmp_path) == {OURS.cid, SHARED.cid}
    await store.collect()
    assert everything(tmp_path) == set()


async def test_collect__clock_that_went_back__still_spares_what_is_held(
    store: LocalBlockStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store.holding():
        monkeypatch.setattr(holds.time, "time_ns", lambda: 1_000)
        await store.put(SHARED)
        await store.collect()
        assert everything(tmp_path) == {SHARED.cid}


async def test_collect__many_times__does_not_mind_others(store: LocalBlockStore, tmp_path: Path) -> None:
    """Adders in this process, collections in two: whatever was pinned is whole."""
    script = (
        "import asyncio, sys; from pathlib import Path; from lilypad.store.blocks import LocalBlockStore\n"
        "async def work():\n"
        "    store = LocalBlockStore(Path(sys.argv[1]))\n"
        "    while True: await store.collect()\n"
        "asyncio.run(work())"
    )
    trees = [
        write_tree(
            tmp_path / f"tree{n}", {"same": b"s" * 300_000, f"n{n % 3}": b"%d" % (n % 3), "own": {"x": b"%d" % n}}
        )
        for n in range(12)
    ]
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(tmp_path / "store"))

    async def add(tree: Path) -> Cid:
        for _ in range(8):
            async with store.holding():
                root = await store.add_directory(tree)
                await store.pin(root)
            await store.unpin(root)
        async with store.holding():
            await store.pin(await store.add_directory(tree))
        return root

    async def collect() -> None:
        while True:
            await store.collect()

    collecting = asyncio.create_task(collect())
    try:
        roots = await asyncio.gather(*map(add, trees))
    finally:
        collecting.cancel()
        other.kill()
        await other.wait()
    for number, root in enumerate(roots):
        await store.fetch_directory(root, tmp_path / f"back{number}")
    await store.collect()
    files = BlockFiles(tmp_path / "store")
    assert everything(tmp_path) == {cid for cid, is_here in files.below(roots) if is_here}


async def test_pin__tree_with_a_hole__is_refused(store: LocalBlockStore) -> None:
    await store.put_many([THEIRS, SHARED])
    with pytest.raises(ContentUnavailableError, match="entirely"):
        await store.pin(THEIRS.cid)
    assert await store.pins() == []


async def test_release__pin_that_was_renewed_since__does_nothing(store: LocalBlockStore) -> None:
    """Somebody needs it again: the decision to let go was made before."""
    await store.put_many([OURS, SHARED])
    await store.pin(OURS.cid)
    (seen,) = await store.shelf()
    await store.renew(OURS.cid)
    assert not await store.release(seen)
    (now,) = await store.shelf()
    assert await store.release(now)
    assert await store.pins() == []


async def test_shelf__tells_the_least_lately_renewed_first(store: LocalBlockStore) -> None:
    await store.put_many([OURS, SHARED, THEIRS, raw(b"own")])
    for root in (OURS, THEIRS):
        await store.pin(root.cid)
    await store.renew(OURS.cid)
    assert [pin.root for pin in await store.shelf()] == [THEIRS.cid, OURS.cid]


async def test_usage__counts_whole_disk_blocks(store: LocalBlockStore) -> None:
    assert await store.usage() == 0
    await store.put_many([raw(b"x"), raw(b"y" * 5000)])
    await store.put(raw(b"x"))
    assert await store.usage() == on_disk(1) + on_disk(5000) == 3 * 4096


# ---------------------------------------------------------------------- kill -9

DIES = """
import asyncio, sys
from pathlib import Path
from lilypad.store.blocks import LocalBlockStore
from tests.offchain.store.test_collecting import crowd

async def work():
    store = LocalBlockStore(Path(sys.argv[1]))
    if sys.argv[2] == "collect":
        await store.collect()
    else:
        async with store.holding():
            await store.put_many(crowd())
asyncio.run(work())
"""


def crowd() -> list:  # type: ignore[type-arg]
    """Thirty trees of seven blocks each, which share some."""
    leaves = [raw(b"%d" % n) for n in range(40)]
    blocks = [*leaves]
    for n in range(30):
        inner = [directory(*(leaf_link(leaf, str(i)) for i, leaf in enumerate(leaves[n : n + 4 + k]))) for k in (0, 1)]
        blocks += [*inner, directory(*(node_link(node, str(i)) for i, node in enumerate(inner)))]
    return blocks


def die(folder: Path, what: str, crash_at: str) -> None:
    environment = {**os.environ, AT: crash_at, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run([sys.executable, "-c", DIES, folder / "store", what], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("crash_at", ["collect.begun", "collect.marked", "collect.removed"])
async def test_collect__killed__leaves_no_tree_in_half(store: LocalBlockStore, tmp_path: Path, crash_at: str) -> None:
    """A root that is there has all of it: else whoever looks for the root alone would be misled."""
    blocks = crowd()
    await store.put_many(blocks)
    kept = blocks[-1]
    await store.pin(kept.cid)
    die(tmp_path, "collect", crash_at)
    files = BlockFiles(tmp_path / "store")
    left = everything(tmp_path)
    assert len(left) == len(blocks) or crash_at == "collect.removed"
    assert all(is_here for _, is_here in files.below(left))
    await store.collect()
    assert everything(tmp_path) == {cid for cid, _ in files.below([kept.cid])}


@pytest.mark.parametrize("crash_at", ["blocks.flushed", "blocks.kept"])
async def test_collect__after_an_adder_was_killed__clears_up_behind_it(
    store: LocalBlockStore, tmp_path: Path, crash_at: str
) -> None:
    """Its hold holds nothing any more, and nobody goes on with its partial files."""
    die(tmp_path, "add", crash_at)
    folder = tmp_path / "store"
    assert list((folder / "holds").iterdir()) != []
    assert (list((folder / "partial").iterdir()) != []) == (crash_at == "blocks.flushed")
    await store.collect()
    assert everything(tmp_path) == set()
    assert [*(folder / "holds").iterdir(), *(folder / "partial").iterdir()] == []


async def test_collect__partial_file_of_a_living_writer__stays(store: LocalBlockStore, tmp_path: Path) -> None:
    files = BlockFiles(tmp_path / "store")
    with files.holds.hold() as hold:
        partial = tmp_path / "store" / "partial"
        partial.mkdir()
        mine = partial / f"{hold.name}-x"
        mine.touch()
        (partial / "0123-x").touch()
        await store.collect()
        assert list(partial.iterdir()) == [mine]
