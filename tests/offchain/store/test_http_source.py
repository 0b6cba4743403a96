"""Fetching from servers that are down, slow, broken or lying."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lilypad.errors import ContentInvalidError, ContentUnavailableError
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid, Codec
from lilypad.store.http import HttpBlockSource, content_app

from .conftest import Serve
from .helpers import HELLO, MemoryStore, raw, read_tree, write_tree

Session = aiohttp.ClientSession
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOWHERE = "http://127.0.0.1:9"
BLOCK = raw(HELLO)


class Hostile:
    """A server that does one thing to everybody, and counts."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.requests = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return await self._handler(request)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.handle)
        return app


async def wrong_bytes(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"evil")


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(1 << 16))


async def slow_drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(HELLO))})
    await response.prepare(request)
    await response.write(HELLO[:1])
    await asyncio.Event().wait()
    return response


async def never_answers(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def cut_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(HELLO))})
    await response.prepare(request)
    await response.write(HELLO[:3])
    assert request.transport is not None
    request.transport.close()
    return response


async def compressed_bomb(request: web.Request) -> web.StreamResponse:
    body = zlib.compress(bytes(50 << 20))
    return web.Response(body=body, headers={"Content-Encoding": "deflate"})


async def server_error(request: web.Request) -> web.StreamResponse:
    raise web.HTTPInternalServerError


async def not_found(request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


ALL = [wrong_bytes, endless, slow_drip, never_answers, cut_short, compressed_bomb, server_error, not_found]


@pytest.fixture
async def good(serve: Serve) -> str:
    main = web.Application()
    main.add_subapp("/content", content_app(MemoryStore([BLOCK])))
    return await serve(main)


def source(session: Session, *urls: str, rounds: int = 2) -> HttpBlockSource:
    return HttpBlockSource(urls, session, seconds=0.3, rounds=rounds, pause=0)


async def test_get__good_server__gives_the_block(session: Session, good: str) -> None:
    assert await source(session, good + "/").get(BLOCK.cid) == HELLO


@pytest.mark.parametrize("handler", ALL)
async def test_get__hostile_server__fails_over(serve: Serve, session: Session, good: str, handler: Handler) -> None:
    url = await serve(Hostile(handler).app())
    assert await source(session, url, good).get(BLOCK.cid) == HELLO


@pytest.mark.parametrize("handler", ALL)
async def test_get__hostile_server_alone__is_unavailable(serve: Serve, session: Session, handler: Handler) -> None:
    url = await serve(Hostile(handler).app())
    with pytest.raises(ContentUnavailableError, match=url):
        await source(session, url).get(BLOCK.cid)


@pytest.mark.parametrize("url", [NOWHERE, "file:///etc/passwd", "not a url", "http://", "ftp://127.0.0.1"])
async def test_get__bad_address__fails_over(session: Session, good: str, url: str) -> None:
    assert await source(session, url, good).get(BLOCK.cid) == HELLO


async def test_get__no_server__is_unavailable(session: Session) -> None:
    with pytest.raises(ContentUnavailableError):
        await source(session).get(BLOCK.cid)


async def test_get__redirect__is_not_followed(serve: Serve, session: Session) -> None:
    target = Hostile(wrong_bytes)
    elsewhere = await serve(target.app())

    async def redirect(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{elsewhere}/content/{BLOCK.cid}")

    with pytest.raises(ContentUnavailableError, match="Redirects"):
        await source(session, await serve(Hostile(redirect).app())).get(BLOCK.cid)
    assert target.requests == 0


async def test_get__liar__is_never_asked_again(serve: Serve, session: Session, good: str) -> None:
    liar = Hostile(wrong_bytes)
    both = source(session, await serve(liar.app()), good)
    await both.get(BLOCK.cid)
    await both.get(BLOCK.cid)
    assert liar.requests == 1


async def test_get__failing_server__is_asked_last(serve: Serve, session: Session, good: str) -> None:
    broken = Hostile(server_error)
    both = source(session, await serve(broken.app()), good)
    await both.get(BLOCK.cid)
    await both.get(BLOCK.cid)
    assert broken.requests == 1


@pytest.mark.parametrize(("handler", "requests"), [(server_error, 3), (not_found, 1), (wrong_bytes, 1)])
async def test_get__alone__is_retried_only_where_it_may_help(
    serve: Serve, session: Session, handler: Handler, requests: int
) -> None:
    server = Hostile(handler)
    with pytest.raises(ContentUnavailableError):
        await source(session, await serve(server.app()), rounds=3).get(BLOCK.cid)
    assert server.requests == requests


async def test_get__fails_once__is_retried(serve: Serve, session: Session) -> None:
    answers = iter([503, 200])

    async def once(request: web.Request) -> web.StreamResponse:
        return web.Response(status=next(answers), body=HELLO)

    assert await source(session, await serve(Hostile(once).app())).get(BLOCK.cid) == HELLO


@pytest.fixture
def theirs() -> MemoryStore:
    return MemoryStore()


async def test_fetch_directory__over_http__is_verified_and_kept(
    serve: Serve, session: Session, tmp_path: Path, theirs: MemoryStore, store: LocalBlockStore
) -> None:
    tree = {"large": b"x" * 3_000_000, "folder": {f"{n}": b"%d" % n for n in range(40)}}
    root = await theirs.add_directory(write_tree(tmp_path / "in", tree))
    main = web.Application()
    main.add_subapp("/content", content_app(theirs))
    await store.fetch_directory(root, tmp_path / "out", source=source(session, await serve(main)))
    assert read_tree(tmp_path / "out") == tree
    assert await store.add_directory(tmp_path / "out") == root


async def test_fetch_directory__node_not_canonical__is_refused(
    serve: Serve, session: Session, tmp_path: Path, theirs: MemoryStore, store: LocalBlockStore
) -> None:
    forged = Cid.of(Codec.DAG_PB, b"\x0a\x82\x00\x08\x01")
    theirs.blocks[forged] = b"\x0a\x82\x00\x08\x01"
    main = web.Application()
    main.add_subapp("/content", content_app(theirs))
    with pytest.raises(ContentInvalidError, match="canonical"):
        await store.fetch_directory(forged, tmp_path / "out", source=source(session, await serve(main)))
