"""Modules and inputs on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from lilypad.errors import ModuleInvalidError
from lilypad.modules.folder import find_wasm_file, load_manifest, read_inputs, write_inputs

from .samples import one_input, sample

MODULE = Path(__file__).parents[3] / "modules" / "cowsay"
FILE = one_input({"type": "file", "max_bytes": 10})


@pytest.fixture
def written(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"content")
    write_inputs(FILE, {"X": source}, tmp_path / "inputs")
    return tmp_path / "inputs"


def test_load__folder_or_file__is_the_same() -> None:
    assert load_manifest(MODULE) == load_manifest(MODULE / "module.toml")


def test_load__mistake__names_the_file(tmp_path: Path) -> None:
    (tmp_path / "module.toml").write_text("nmae = 1")
    with pytest.raises(ModuleInvalidError, match=r"did you mean 'name'\? \(path=.*module.toml\)"):
        load_manifest(tmp_path)


def test_load__nothing_there__says_so(tmp_path: Path) -> None:
    with pytest.raises(ModuleInvalidError, match="cannot be read"):
        load_manifest(tmp_path)


def test_find_wasm_file__other_bytes_than_the_manifest_names__is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModuleInvalidError, match="is missing"):
        find_wasm_file(sample(), tmp_path)
    (tmp_path / "resize.wasm").touch()
    with pytest.raises(ModuleInvalidError, match="not the one that the manifest names"):
        find_wasm_file(sample(), tmp_path)


def test_inputs__written__are_read_back(written: Path) -> None:
    assert read_inputs(FILE, written)["X"].size == 7  # type: ignore[union-attr]
    assert (written / "files" / "X").read_bytes() == b"content"


def test_inputs__without_files__are_one_file(tmp_path: Path) -> None:
    manifest = one_input({"type": "int"})
    write_inputs(manifest, {"X": 5}, tmp_path)

    assert [p.name for p in tmp_path.iterdir()] == ["inputs.json"]
    assert read_inputs(manifest, tmp_path) == {"X": 5}


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("files/X", b"changed", "is not the one that inputs.json names"),
        ("files/X", None, "lack these files or have them too much: files/X"),
        ("files/Y", b"", "lack these files or have them too much: files/Y"),
        ("more", b"", "lack these files or have them too much: more"),
        ("inputs.json", None, "cannot be read"),
        ("inputs.json", b"{}", "is missing"),
    ],
)
def test_inputs__tampered_with__are_rejected(written: Path, file: str, content: bytes | None, complaint: str) -> None:
    if content is None:
        (written / file).unlink()
    else:
        (written / file).write_bytes(content)

    with pytest.raises(ModuleInvalidError, match=complaint):
        read_inputs(FILE, written)
