"""The folder of blocks: what lies where, and what a bad disk or a crash leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from lilypad.errors import ContentUnavailableError
from lilypad.store import files
from lilypad.store.blocks import LocalBlockStore

from .helpers import HELLO, HELLO_CID, raw

BLOCK = raw(HELLO)


def path_in(folder: Path) -> Path:
    return folder / "store" / "blocks" / HELLO_CID[-3:-1] / HELLO_CID


async def test_put__block__lies_in_its_folder(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put(BLOCK)
    assert path_in(tmp_path).read_bytes() == HELLO


async def test_put__done__leaves_nothing_partial(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put(BLOCK)
    assert list((tmp_path / "store" / "partial").iterdir()) == []


async def test_put__disk_fails__leaves_no_name(
    store: LocalBlockStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        await store.put(BLOCK)
    assert not path_in(tmp_path).exists()
    assert list((tmp_path / "store" / "partial").iterdir()) == []


@pytest.mark.parametrize("spoiled", [b"", HELLO[:-1], b"J" + HELLO[1:]])
async def test_get__spoiled_on_disk__is_unavailable_and_removed(
    store: LocalBlockStore, tmp_path: Path, spoiled: bytes
) -> None:
    await store.put(BLOCK)
    path_in(tmp_path).write_bytes(spoiled)
    with pytest.raises(ContentUnavailableError, match="spoiled"):
        await store.get(BLOCK.cid)
    assert not await store.has(BLOCK.cid)


async def test_pins__another_process__sees_them(store: LocalBlockStore, tmp_path: Path) -> None:
    await store.put(BLOCK)
    await store.pin(BLOCK.cid)
    assert await LocalBlockStore(tmp_path / "store").pins() == [BLOCK.cid]


async def test_pins__new_store__has_none(store: LocalBlockStore) -> None:
    assert await store.pins() == []
