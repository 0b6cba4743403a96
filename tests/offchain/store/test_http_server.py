"""What an agent serves: blocks, CARs, uploads."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lilypad.errors import ContentUnavailableError, RejectedError
from lilypad.store.blocks import BlockStore
from lilypad.store.car import header, section, write_car
from lilypad.store.cid import Cid
from lilypad.store.dag import BLOCK_BYTES, Block
from lilypad.store.http import content_app, upload

from .conftest import Serve
from .helpers import HELLO, HELLO_CID, MemoryStore, directory, leaf_link, raw, write_tree

Session = aiohttp.ClientSession
A = raw(HELLO)
ROOT = directory(leaf_link(A, "a"))
CAR = header(ROOT.cid) + section(ROOT) + section(A)


@pytest.fixture
def kept() -> MemoryStore:
    return MemoryStore([A, ROOT])


def app(store: BlockStore, **options: object) -> web.Application:
    main = web.Application()
    main.add_subapp("/content", content_app(store, **options))  # type: ignore[arg-type]
    return main


async def test_get__block__is_its_bytes_for_ever(serve: Serve, session: Session, kept: MemoryStore) -> None:
    async with session.get(f"{await serve(app(kept))}/content/{HELLO_CID}") as response:
        assert (response.status, await response.read()) == (200, HELLO)
        assert response.content_type == "application/vnd.ipld.raw"
        assert response.headers["ETag"] == f'"{HELLO_CID}.raw"'
        assert "immutable" in response.headers["Cache-Control"]


async def test_get__largest_block__is_served(serve: Serve, session: Session) -> None:
    block = raw(bytes(BLOCK_BYTES))
    async with session.get(f"{await serve(app(MemoryStore([block])))}/content/{block.cid}") as response:
        assert await response.read() == block.data


async def test_head__block__has_its_length(serve: Serve, session: Session, kept: MemoryStore) -> None:
    async with session.head(f"{await serve(app(kept))}/content/{HELLO_CID}") as response:
        assert (response.status, response.content_length) == (200, len(HELLO))


async def test_get__already_known__is_not_sent_again(serve: Serve, session: Session, kept: MemoryStore) -> None:
    headers = {"If-None-Match": f'"{HELLO_CID}.raw"'}
    async with session.get(f"{await serve(app(kept))}/content/{HELLO_CID}", headers=headers) as response:
        assert (response.status, await response.read()) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (str(directory().cid), 404, "content_unavailable"),
        ("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 400, "content_invalid"),
        ("..%2f..%2fetc%2fpasswd", 400, "content_invalid"),
        (f"{HELLO_CID}?format=zip", 400, "content_invalid"),
        (f"{HELLO_CID}/a", 404, "not_found"),
    ],
)
async def test_get__anything_else__is_an_error_in_json(
    serve: Serve, session: Session, kept: MemoryStore, path: str, status: int, error: str
) -> None:
    async with session.get(f"{await serve(app(kept))}/content/{path}") as response:
        assert (response.status, (await response.json())["error"]) == (status, error)


async def test_get__car__is_the_whole_dag(serve: Serve, session: Session, kept: MemoryStore) -> None:
    async with session.get(f"{await serve(app(kept))}/content/{ROOT.cid}?format=car") as response:
        assert (response.content_type, await response.read()) == ("application/vnd.ipld.car", CAR)


async def test_get__car_with_block_missing__is_cut(serve: Serve, session: Session) -> None:
    url = f"{await serve(app(MemoryStore([ROOT])))}/content/{ROOT.cid}?format=car"
    with pytest.raises(aiohttp.ClientError):
        async with session.get(url) as response:
            await response.read()


async def test_post__car__is_kept(serve: Serve, session: Session) -> None:
    store = MemoryStore()
    async with session.post(f"{await serve(app(store))}/content", data=CAR) as response:
        assert await response.json() == {"roots": [str(ROOT.cid)], "blocks": 2}
    assert store.blocks == {ROOT.cid: ROOT.data, A.cid: A.data}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (header(A.cid) + section(Block(A.cid, b"evil")), "do not hash"),
        (header(A.cid) + section(ROOT), "does not contain all of its root"),
        (CAR[:-1], "CAR ends"),
        (b"not a car", "CAR"),
        (b"", "Empty CAR"),
    ],
)
async def test_post__bad_car__is_refused(serve: Serve, session: Session, body: bytes, why: str) -> None:
    async with session.post(f"{await serve(app(MemoryStore()))}/content", data=body) as response:
        answer = await response.json()
        assert (response.status, answer["error"]) == (400, "content_invalid")
        assert why in answer["message"]


async def test_post__wrong_block__is_not_kept(serve: Serve, session: Session) -> None:
    store = MemoryStore()
    body = header(A.cid) + section(Block(A.cid, b"evil"))
    async with session.post(f"{await serve(app(store))}/content", data=body):
        assert store.blocks == {}


async def test_post__over_the_limit__is_refused(serve: Serve, session: Session) -> None:
    async with session.post(f"{await serve(app(MemoryStore(), max_upload_bytes=4096))}/content", data=CAR) as response:
        assert (response.status, "too large" in await response.text()) == (400, True)


async def test_post__announced_far_over_the_limit__is_refused_unread(serve: Serve, session: Session) -> None:
    url = await serve(app(MemoryStore(), max_upload_bytes=4096))
    async with session.post(f"{url}/content", data=bytes(9000)) as response:
        assert (response.status, (await response.json())["error"]) == (413, "request_entity_too_large")


async def test_post__uploads_switched_off__is_refused(serve: Serve, session: Session) -> None:
    async with session.post(f"{await serve(app(MemoryStore(), uploads=False))}/content", data=CAR) as response:
        assert (response.status, (await response.json())["error"]) == (403, "forbidden")


async def test_upload__tree__arrives(serve: Serve, session: Session, tmp_path: Path) -> None:
    ours, theirs = MemoryStore(), MemoryStore()
    root = await ours.add_directory(write_tree(tmp_path / "in", {"a": bytes(range(256)) * 12_000, "b": {"c": HELLO}}))
    await upload(await serve(app(theirs)), root, ours, session)
    assert theirs.blocks == ours.blocks


async def test_upload__refused__says_why(serve: Serve, session: Session, kept: MemoryStore) -> None:
    url = await serve(app(MemoryStore(), uploads=False))
    with pytest.raises(RejectedError, match="takes no uploads"):
        await upload(url, ROOT.cid, kept, session)


async def test_upload__part_missing_here__is_unavailable(serve: Serve, session: Session) -> None:
    theirs = MemoryStore()
    with pytest.raises(ContentUnavailableError):
        await upload(await serve(app(theirs)), ROOT.cid, MemoryStore([ROOT]), session)


async def test_car__of_cid__is_the_same_for_the_same_dag(kept: MemoryStore) -> None:
    async def car(cid: Cid) -> bytes:
        return b"".join([piece async for piece in write_car(cid, kept)])

    assert await car(ROOT.cid) == await car(ROOT.cid) == CAR
