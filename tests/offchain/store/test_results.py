from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from lilypad.errors import ContentInvalidError
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.results import RETURN_BYTES, seal, verify
from lilypad.types import ZERO_DIGEST, Digest, ExitStatus

from .helpers import Tree, read_tree, write_tree

OK = ExitStatus(0)
OUTPUT = {"stdout": b"hi\n", "stderr": b"", "exitCode": b"0\n", "outputs": {"return": b"42", "image": b"..."}}


def output(path: Path, **changed: bytes | Tree) -> Path:
    return write_tree(path / "output", OUTPUT | changed)


async def test_seal__output__is_the_root_of_the_directory(store: LocalBlockStore, tmp_path: Path) -> None:
    directory = output(tmp_path)
    result, cid = await seal(directory, OK, store)
    assert (cid, cid.digest) == (await store.add_directory(directory), result.output)


async def test_seal__logs__are_their_plain_hashes(store: LocalBlockStore, tmp_path: Path) -> None:
    result, _ = await seal(output(tmp_path), OK, store)
    assert (result.stdout, result.stderr) == (hashlib.sha256(b"hi\n").digest(), hashlib.sha256(b"").digest())


@pytest.mark.parametrize("value", [b"", b"42", bytes(RETURN_BYTES)])
async def test_seal__return_value__is_its_plain_hash(store: LocalBlockStore, tmp_path: Path, value: bytes) -> None:
    result, _ = await seal(output(tmp_path, outputs={"return": value}), OK, store)
    assert result.returned == hashlib.sha256(value).digest()


@pytest.mark.parametrize("outputs", [{}, {"return": bytes(RETURN_BYTES + 1)}, {"return": {"return": b"1"}}])
async def test_seal__no_return_value__is_zero(store: LocalBlockStore, tmp_path: Path, outputs: Tree) -> None:
    result, _ = await seal(output(tmp_path, outputs=outputs), OK, store)
    assert result.returned == ZERO_DIGEST


async def test_seal__out_of_budget__is_a_result(store: LocalBlockStore, tmp_path: Path) -> None:
    status = ExitStatus(ExitStatus.OUT_OF_BUDGET)
    result, _ = await seal(output(tmp_path, exitCode=b"256\n"), status, store)
    assert result.exit_status == status


async def test_seal__content__can_be_fetched(store: LocalBlockStore, tmp_path: Path) -> None:
    _, cid = await seal(output(tmp_path), OK, store)
    await store.fetch_directory(cid, tmp_path / "fetched")
    assert read_tree(tmp_path / "fetched") == OUTPUT


@pytest.mark.parametrize("code", [b"1\n", b"0", b"00\n", b" 0\n", b"0\n\n", b"", b"0" * 300])
async def test_seal__exit_code_file_differs__is_refused(store: LocalBlockStore, tmp_path: Path, code: bytes) -> None:
    with pytest.raises(ContentInvalidError, match="exitCode"):
        await seal(output(tmp_path, exitCode=code), OK, store)


@pytest.mark.parametrize(
    "changed",
    [{"more": b""}, {"stdout": {}}, {"outputs": b""}, {"exitCode": {}}, {"stderr": {"stderr": b""}}],
)
async def test_seal__other_layout__is_refused(store: LocalBlockStore, tmp_path: Path, changed: Tree) -> None:
    with pytest.raises(ContentInvalidError, match="An output directory holds"):
        await seal(write_tree(tmp_path / "output", OUTPUT | changed), OK, store)


@pytest.mark.parametrize("name", list(OUTPUT))
async def test_seal__something_missing__is_refused(store: LocalBlockStore, tmp_path: Path, name: str) -> None:
    tree = {key: value for key, value in OUTPUT.items() if key != name}
    with pytest.raises(ContentInvalidError, match="An output directory holds"):
        await seal(write_tree(tmp_path / "output", tree), OK, store)


async def test_seal__link_left_by_the_module__is_refused(store: LocalBlockStore, tmp_path: Path) -> None:
    directory = output(tmp_path)
    (directory / "outputs" / "secrets").symlink_to("/etc/passwd")
    with pytest.raises(ContentInvalidError, match="symbolic link"):
        await seal(directory, OK, store)


async def test_verify__what_was_sealed__passes(store: LocalBlockStore, tmp_path: Path) -> None:
    result, cid = await seal(output(tmp_path), OK, store)
    await store.fetch_directory(cid, tmp_path / "fetched")
    await verify(tmp_path / "fetched", result)


@pytest.mark.parametrize("field", ["output", "returned", "stdout", "stderr"])
async def test_verify__one_digest_differs__names_it(store: LocalBlockStore, tmp_path: Path, field: str) -> None:
    directory = output(tmp_path)
    result, _ = await seal(directory, OK, store)
    with pytest.raises(ContentInvalidError, match=f"says: {field}"):
        await verify(directory, dataclasses.replace(result, **{field: Digest(b"?" * 32)}))


async def test_verify__another_exit_status__is_refused(store: LocalBlockStore, tmp_path: Path) -> None:
    directory = output(tmp_path)
    result, _ = await seal(directory, OK, store)
    with pytest.raises(ContentInvalidError, match="exitCode"):
        await verify(directory, dataclasses.replace(result, exit_status=ExitStatus(1)))


@pytest.mark.parametrize(("name", "wrong"), [("stdout", "output, stdout"), ("outputs/image", "output")])
async def test_verify__one_byte_differs__is_refused(
    store: LocalBlockStore, tmp_path: Path, name: str, wrong: str
) -> None:
    directory = output(tmp_path)
    result, _ = await seal(directory, OK, store)
    (directory / name).write_bytes(b"other")
    with pytest.raises(ContentInvalidError, match=f"says: {wrong}"):
        await verify(directory, result)
