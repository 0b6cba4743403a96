"""What holds for every tree."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import ContentInvalidError, ContentUnavailableError
from lilypad.store.cid import Codec
from lilypad.store.dag import Block
from lilypad.store.exporter import export_directory

from .helpers import MemoryStore, Tree, blocks_of, read_tree, trees, write_tree

disk = settings(max_examples=40, deadline=None)


@contextlib.contextmanager
def imported(tree: Tree) -> Iterator[tuple[Path, list[Block]]]:
    """A folder with room, and the blocks of a tree."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "out", blocks_of(write_tree(Path(folder) / "in", tree))


@disk
@given(trees)
async def test_export_after_import__gives_the_same_tree_and_cid(tree: Tree) -> None:
    with imported(tree) as (out, blocks):
        await export_directory(blocks[-1].cid, MemoryStore(blocks), out)
        assert read_tree(out) == tree
        assert blocks_of(out)[-1].cid == blocks[-1].cid


@disk
@given(trees, st.data())
async def test_export__any_block_changed__is_detected(tree: Tree, data: st.DataObject) -> None:
    with imported(tree) as (out, blocks):
        source = MemoryStore(blocks)
        victim = data.draw(st.sampled_from(blocks))
        at = data.draw(st.integers(0, len(victim.data)))
        changed = victim.data[:at] + data.draw(st.binary(max_size=2)) + victim.data[at + 1 :]
        if changed == victim.data:
            changed += b"\0"
        source.blocks[victim.cid] = changed
        with pytest.raises(ContentInvalidError):
            await export_directory(blocks[-1].cid, source, out)
        assert not out.exists()


@disk
@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from([b"", b"1", b"22"])), st.data())
async def test_export__root_forged_with_its_own_cid__is_refused_or_canonical(tree: Tree, data: st.DataObject) -> None:
    with imported(tree) as (out, blocks):
        root = blocks[-1].data
        at = data.draw(st.integers(0, len(root)))
        forged = Block.of(Codec.DAG_PB, root[:at] + data.draw(st.binary(max_size=2)) + root[at + 1 :])
        try:
            await export_directory(forged.cid, MemoryStore([*blocks, forged]), out)
        except (ContentInvalidError, ContentUnavailableError):
            assert not out.exists()
        else:
            assert blocks_of(out)[-1].cid == forged.cid
