"""Directories on disk, hostile ones above all, and their CIDs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lilypad.errors import ContentInvalidError
from lilypad.store import importer
from lilypad.store.dag import DagLimits
from lilypad.store.importer import directory_blocks
from lilypad.store.unixfs import CHUNK_BYTES, FAN_OUT, decode

from .helpers import EMPTY_DIRECTORY_CID, blocks_of, write_tree


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "box", {"plain": b"plain", "inner": {"file": b"x"}})


def refused(path: Path, why: str, limits: DagLimits | None = None) -> None:
    with pytest.raises(ContentInvalidError, match=why):
        list(directory_blocks(path, limits))


def test_import__empty_directory__is_the_known_vector(tmp_path: Path) -> None:
    assert str(blocks_of(write_tree(tmp_path / "box", {}))[-1].cid) == EMPTY_DIRECTORY_CID


def test_import__times_and_modes__do_not_matter(box: Path) -> None:
    before = blocks_of(box)
    (box / "plain").chmod(0o755)
    os.utime(box / "plain", (1, 1))
    assert blocks_of(box) == before


def test_import__children__come_before_their_parents(box: Path) -> None:
    seen = set()
    for block in directory_blocks(box):
        assert all(link.cid in seen for link in decode(block).links)
        seen.add(block.cid)


def test_import__full_inner_node__comes_before_its_parent(tmp_path: Path) -> None:
    with (write_tree(tmp_path / "box", {}) / "zeros").open("wb") as file:
        file.truncate((FAN_OUT + 2) * CHUNK_BYTES + 1)
    test_import__children__come_before_their_parents(tmp_path / "box")


@pytest.mark.parametrize("target", ["plain", "/etc/passwd", "nowhere", "inner"])
def test_import__symlink__is_refused(box: Path, target: str) -> None:
    (box / "link").symlink_to(target)
    refused(box, "symbolic link")


def test_import__symlink_as_root__is_refused(box: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(box)
    refused(tmp_path / "link", "Cannot open")


def test_import__pipe__is_refused_without_waiting(box: Path) -> None:
    os.mkfifo(box / "pipe")
    refused(box, "pipe")


def test_import__socket__is_refused(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(box)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket")
        refused(box, "socket")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_import__device__is_refused(box: Path) -> None:
    try:
        os.mknod(box / "device", 0o20600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("this machine lets nobody make devices")
    refused(box, "character device")


def test_import__hard_link__is_refused(box: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    (box / "hard").hardlink_to(tmp_path / "outside")
    refused(box, "one name only")


def test_import__name_not_utf8__is_refused(box: Path) -> None:
    Path(os.fsdecode(os.fsencode(box) + b"/\xff")).write_bytes(b"")
    refused(box, "UTF-8")


def test_import__file_swapped_for_symlink__is_refused(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = importer._lstat

    def look_then_swap(folder: int, name: str, path: str) -> os.stat_result:
        status = look(folder, name, path)
        if name == "plain":
            (box / "plain").unlink()
            (box / "plain").symlink_to("/etc/passwd")
        return status

    monkeypatch.setattr(importer, "_lstat", look_then_swap)
    refused(box, "Cannot open")


def test_import__directory_swapped_for_symlink__is_refused(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = importer._lstat

    def look_then_swap(folder: int, name: str, path: str) -> os.stat_result:
        status = look(folder, name, path)
        if name == "inner":
            (box / "inner").rename(box / "moved")
            (box / "inner").symlink_to("/etc")
        return status

    monkeypatch.setattr(importer, "_lstat", look_then_swap)
    refused(box, "Cannot open")


def test_import__file_swapped_for_pipe__is_refused_without_waiting(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = importer._lstat

    def look_then_swap(folder: int, name: str, path: str) -> os.stat_result:
        status = look(folder, name, path)
        if name == "plain":
            (box / "plain").unlink()
            os.mkfifo(box / "plain")
        return status

    monkeypatch.setattr(importer, "_lstat", look_then_swap)
    refused(box, "no plain file")


def test_import__file_grows_while_read__is_refused(box: Path) -> None:
    def grow(path: str, chunk: bytes) -> None:
        if path == "plain" and chunk == b"plain":
            with (box / "plain").open("ab") as file:
                file.write(b"!")

    with pytest.raises(ContentInvalidError, match="Changed while it was read"):
        list(directory_blocks(box, watch=grow))


def test_import__file_that_never_ends__stops_at_the_limit(box: Path) -> None:
    def grow(path: str, chunk: bytes) -> None:
        if path == "plain":
            with (box / "plain").open("ab") as file:
                file.write(bytes(CHUNK_BYTES))

    with pytest.raises(ContentInvalidError, match="total_bytes"):
        list(directory_blocks(box, DagLimits(total_bytes=3 << 20), grow))


def test_import__huge_sparse_file__is_refused_unread(box: Path) -> None:
    with (box / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    refused(box, "total_bytes")


def test_import__too_many_entries__is_refused(box: Path) -> None:
    refused(box, "entries", DagLimits(entries=2))


def test_import__nested_too_deeply__is_refused(box: Path) -> None:
    refused(box, "nested", DagLimits(depth=0))


def test_import__path_too_long__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.mkdir()
    folders = [os.open(path, os.O_RDONLY)]
    for _ in range(9):
        os.mkdir("n" * 250, dir_fd=folders[-1])
        folders.append(os.open("n" * 250, os.O_RDONLY, dir_fd=folders[-1]))
    for folder in folders:
        os.close(folder)
    refused(path, "path is too long")


def test_import__directory_that_would_be_sharded__is_refused(tmp_path: Path) -> None:
    path = write_tree(tmp_path / "box", {f"{i:0240}": b"" for i in range(1000)})
    refused(path, "spread them over subdirectories")


def test_import__error__leaves_no_descriptor_open(box: Path) -> None:
    (box / "inner" / "link").symlink_to("x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    refused(box, "symbolic link")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
