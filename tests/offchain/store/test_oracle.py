"""Our CIDs against those of IPFS's own importer, for the same files."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lilypad.store.importer import bytes_blocks
from lilypad.store.unixfs import CHUNK_BYTES, FAN_OUT

from .helpers import Tree, blocks_of, write_tree

HERE = Path(__file__).parent
IMPORTER = HERE.parents[2] / "node_modules" / "ipfs-unixfs-importer"

pytestmark = [
    pytest.mark.npm,
    pytest.mark.skipif(
        not IMPORTER.exists() or shutil.which("node") is None,
        reason="needs node and the npm packages: npm ci",
    ),
]

SIZES = {
    "no bytes": 0,
    "one byte": 1,
    "a byte less than a chunk": CHUNK_BYTES - 1,
    "a chunk": CHUNK_BYTES,
    "a byte more than a chunk": CHUNK_BYTES + 1,
    "two chunks": 2 * CHUNK_BYTES,
    "a full node": FAN_OUT * CHUNK_BYTES,
    "a full node and a byte": FAN_OUT * CHUNK_BYTES + 1,
    "50 MB": 50_000_000,
}
TREES: dict[str, Tree] = {
    "nested": {"a": {"b": {"c": {"deep": b"x"}}}, "b": b"y", "a.txt": b"z", "a-": b""},
    "empty folders": {"one": {}, "two": {"three": {}}},
    "unicode": {
        "é": b"1",
        "e\u0301": b"2",
        "日本": {"語": b"3"},
        "\U0001f40a": b"4",
        "\uffee": b"5",
        " ": b"6",
    },
    "odd names": {"...": b"", "-rf": b"", "new\nline": b"", "*?": b"", "%2F": b""},
    "same file twice": {"a": b"same", "b": {"a": b"same"}},
    "many files": {f"file-{n}": b"%d" % n for n in range(2000)},
    "large files in folders": {"x": {"big": bytes(CHUNK_BYTES * 3)}, "y": bytes(CHUNK_BYTES)},
    "just below sharding": {f"{n:0200}": b"" for n in range(1035)},
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("oracle")
    found = {name: write_tree(folder / name, tree) for name, tree in TREES.items()}
    for name, size in SIZES.items():
        found[name] = folder / name
        found[name].write_bytes(random.Random(size).randbytes(size))
    return found


@pytest.fixture(scope="module")
def oracle(paths: dict[str, Path]) -> dict[str, list[str]]:
    """One process answers for all: for each name the root's CID, then every block's."""
    question = json.dumps({name: str(path) for name, path in paths.items()})
    command = [shutil.which("node") or "node", str(HERE / "oracle.mjs")]
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SIZES)
def test_import__file__has_the_blocks_of_ipfs(name: str, paths: dict[str, Path], oracle: dict[str, list[str]]) -> None:
    blocks = list(bytes_blocks(paths[name].read_bytes()))
    root, *all_blocks = oracle[name]
    assert str(blocks[-1].cid) == root
    assert {str(block.cid) for block in blocks} == set(all_blocks)


@pytest.mark.parametrize("name", TREES)
def test_import__tree__has_the_blocks_of_ipfs(name: str, paths: dict[str, Path], oracle: dict[str, list[str]]) -> None:
    blocks = blocks_of(paths[name])
    root, *all_blocks = oracle[name]
    assert str(blocks[-1].cid) == root
    assert {str(block.cid) for block in blocks} == set(all_blocks)
