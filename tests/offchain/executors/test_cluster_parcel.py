"""Files between machines: they arrive as they were, and nothing that leads out of a directory arrives at all."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.parcel import CHUNK_BYTES, chunks_of, pack, unpack, write_chunk

LONG = "long" * 50


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    folder = tmp_path / "sent"
    (folder / LONG / "ünïcode ").mkdir(parents=True)
    (folder / "nothing").mkdir()
    (folder / LONG / "ünïcode " / "-flag\n").write_bytes(b"x")
    (folder / "large").write_bytes(os.urandom(CHUNK_BYTES + 1))
    os.link(folder / "large", folder / "same")
    return folder


def test_parcel__arrives_as_it_was(sent: Path, tmp_path: Path) -> None:
    pack(tmp_path / "parcel", {"inputs": sent, "module": sent / "large"})
    pieces = list(chunks_of(tmp_path / "parcel"))
    for offset, data in reversed(pieces):
        write_chunk(tmp_path / "copy", offset, data)
    unpack(tmp_path / "copy", tmp_path / "there", 3 * CHUNK_BYTES + 100)

    assert len(pieces) == 4
    assert tree(tmp_path / "there" / "inputs") == tree(sent)
    assert (tmp_path / "there" / "module").read_bytes() == (sent / "large").read_bytes()


def test_parcel__does_not_tell_when_and_by_whom_it_was_packed(sent: Path, tmp_path: Path) -> None:
    pack(tmp_path / "first", {"inputs": sent})
    os.utime(sent / "large", (1, 1))
    (sent / "large").chmod(0o600)
    pack(tmp_path / "second", {"inputs": sent})
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("make", [lambda p: p.symlink_to("/etc/passwd"), os.mkfifo], ids=["link", "pipe"])
def test_parcel__of_anything_but_files__is_not_packed(sent: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(sent / "strange")
    with pytest.raises(ExecutorFaultError, match="only files and directories"):
        pack(tmp_path / "parcel", {"inputs": sent})


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type = kind
    for key, value in fields.items():
        setattr(found, key, value)
    return found


@pytest.mark.parametrize(
    "entries",
    [
        [entry("../out")],
        [entry("/out")],
        [entry("a", tarfile.DIRTYPE), entry("a/../../out")],
        [entry("a", tarfile.SYMTYPE, linkname=".."), entry("a/out")],
        [entry("a"), entry("b", tarfile.LNKTYPE, linkname="a")],
        [entry("a", tarfile.FIFOTYPE)],
        [entry("a", tarfile.CHRTYPE)],
        [entry("a"), entry("a")],
        [entry("nowhere/a")],
        [entry(".")],
    ],
    ids=["up", "absolute", "up later", "through a link", "hard link", "pipe", "device", "twice", "homeless", "itself"],
)
def test_parcel__that_no_honest_machine_packs__is_refused(tmp_path: Path, entries: list[tarfile.TarInfo]) -> None:
    with tarfile.open(tmp_path / "parcel", "w") as tar:
        for each in entries:
            tar.addfile(each)
    with pytest.raises(ExecutorFaultError, match="sent"):
        unpack(tmp_path / "parcel", tmp_path / "there", 100)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path.parent / "out").exists()


def test_parcel__with_more_than_allowed__is_refused_before_it_is_written(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "parcel", "w") as tar:
        tar.addfile(entry("a", size=60), io.BytesIO(bytes(60)))
        tar.addfile(entry("b", size=60), io.BytesIO(bytes(60)))
    with pytest.raises(ExecutorFaultError, match="larger than allowed"):
        unpack(tmp_path / "parcel", tmp_path / "there", 119)
    assert not (tmp_path / "there" / "b").exists()


def test_parcel__with_a_size_below_nothing__earns_no_room_for_what_follows(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "parcel", "w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(entry("a", size=-100))
        tar.addfile(entry("b", size=60), io.BytesIO(bytes(60)))
    with pytest.raises(ExecutorFaultError, match="sent"):
        unpack(tmp_path / "parcel", tmp_path / "there", 50)
    assert not (tmp_path / "there" / "b").exists()


@pytest.mark.parametrize("keep", [0, 100, 700, -1])
def test_parcel__cut_off_or_damaged__is_refused(tmp_path: Path, keep: int) -> None:
    (tmp_path / "file").write_bytes(bytes(1000))
    pack(tmp_path / "parcel", {"file": tmp_path / "file"})
    whole = (tmp_path / "parcel").read_bytes()
    (tmp_path / "parcel").write_bytes(whole[:keep] if keep >= 0 else b"\xff" + whole[1:])
    with pytest.raises(ExecutorFaultError, match="cannot be unpacked"):
        unpack(tmp_path / "parcel", tmp_path / "there", 10_000)
