"""Content over HTTP: what every agent serves, and how agents fetch from each other.

    GET  /content/{cid}               one block, as application/vnd.ipld.raw
    GET  /content/{cid}?format=car    everything below it, as a CAR stream
    HEAD /content/{cid}?format=car    where uploads are taken: whether all of this one is here, which renews it
    POST /content                     a CAR; its blocks are kept and its roots answered; 507 if there is no room

Nobody has to trust a server: whatever it sends is checked against the CID that was asked for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, nullcontext
from typing import Protocol

import aiohttp
from aiohttp import web

from lilypad.errors import ContentInvalidError, ContentUnavailableError, LilypadError, RejectedError, StoreFullError
from lilypad.store.blocks import BlockStore
from lilypad.store.car import CarReader, write_car
from lilypad.store.cid import Cid
from lilypad.store.dag import BLOCK_BYTES, Block
from lilypad.store.renewing import Renewals

RAW_TYPE = "application/vnd.ipld.raw"
CAR_TYPE = "application/vnd.ipld.car"
MAX_UPLOAD_BYTES = 256 << 20
UPLOAD_SECONDS = 600.0
CAR_SECONDS = 600.0
MOST_CARS = 16
"""Sent at the same time. Agents fetch block by block, so whoever takes all of them is in nobody's way."""

_FOREVER = "public, max-age=29030400, immutable"
_AT_ONCE = 16
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


# The server.


class Arrival(Protocol):
    """One upload, block by block."""

    def space(self, blocks: Sequence[Block]) -> AbstractAsyncContextManager[None]:
        """Entered while they are written; StoreFullError if there is no room for them, or no more for this upload."""


class Room(Protocol):
    """Says whether there is any."""

    def arrival(self) -> AbstractContextManager[Arrival]:
        """Inside, what arrives is kept until it is pinned. A hold would do that as well, but it keeps all garbage that
        is younger than itself, and strangers may upload as slowly as they like."""


def content_app(
    store: BlockStore, *, uploads: bool = True, max_upload_bytes: int = MAX_UPLOAD_BYTES, room: Room | None = None
) -> web.Application:
    """A sub-application: `app.add_subapp("/content", content_app(store))`. What is uploaded is pinned."""
    server = _Server(store, max_upload_bytes if uploads else None, room)
    app = web.Application(middlewares=[_errors_as_json])
    app.router.add_get("/{cid}", server.get)
    app.router.add_post("", server.post)
    return app


class _Server:
    def __init__(self, store: BlockStore, max_upload_bytes: int | None, room: Room | None) -> None:
        self._store = store
        self._max_upload_bytes = max_upload_bytes
        self._room = room
        self._renewals = Renewals(store)
        self._cars = 0

    async def get(self, request: web.Request) -> web.StreamResponse:
        cid = Cid.parse(request.match_info["cid"])
        wanted = request.query.get("format", "raw")
        if wanted not in ("raw", "car"):
            raise ContentInvalidError("The format must be raw or car", format=wanted)
        headers = {
            "Cache-Control": _FOREVER,
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{cid}.{wanted}"',
        }
        if any(etag.value == f"{cid}.{wanted}" for etag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        block = await self._store.get(cid)
        if wanted == "car" and request.method == "HEAD" and self._max_upload_bytes is not None:
            await self._renewals.renew(cid)
        if wanted == "raw":
            return web.Response(body=block, content_type=RAW_TYPE, headers=headers)
        if self._cars >= MOST_CARS and request.method != "HEAD":
            raise web.HTTPServiceUnavailable(text="Others are fetching whole trees; fetch it block by block, or later")
        self._cars += 1
        try:
            return await self._send_car(request, cid, headers)
        finally:
            self._cars -= 1

    async def _send_car(self, request: web.Request, cid: Cid, headers: dict[str, str]) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Type": f"{CAR_TYPE}; version=1"})
        await response.prepare(request)
        try:
            if request.method != "HEAD":
                async with asyncio.timeout(CAR_SECONDS):
                    async for piece in write_car(cid, self._store):
                        await response.write(piece)
        except (LilypadError, TimeoutError):
            # A block is missing, or nobody reads: cut the connection, so that nobody takes a part for the whole.
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response

    async def post(self, request: web.Request) -> web.Response:
        if self._max_upload_bytes is None:
            raise web.HTTPForbidden(text="This server takes no uploads; use your own or an IPFS node")
        if (request.content_length or 0) > 2 * self._max_upload_bytes:
            raise web.HTTPRequestEntityTooLarge(self._max_upload_bytes, request.content_length or 0)
        reader = CarReader(request.content, self._max_upload_bytes)
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                roots, count = await self._keep(reader)
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="The upload took too long") from None
        return web.json_response({"roots": [str(root) for root in roots], "blocks": count})

    async def _keep(self, reader: CarReader) -> tuple[list[Cid], int]:
        """A collection that runs meanwhile takes nothing of it."""
        roots = await reader.roots()
        count = 0
        some: list[Block] = []
        async with AsyncExitStack() as stack:
            arrival = stack.enter_context(self._room.arrival()) if self._room is not None else None
            if arrival is None:
                await stack.enter_async_context(self._store.holding())
            async for block in reader.blocks():
                some.append(block)
                count += 1
                if len(some) == _AT_ONCE:
                    await self._put(some, arrival)
                    some = []
            await self._put(some, arrival)
            for root in roots:
                try:
                    await self._store.pin(root)
                except ContentUnavailableError as error:
                    raise ContentInvalidError("The CAR does not contain all of its root", root=root) from error
        return roots, count

    async def _put(self, blocks: list[Block], arrival: Arrival | None) -> None:
        async with arrival.space(blocks) if arrival is not None else nullcontext():
            await self._store.put_many(blocks)


@web.middleware
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ContentUnavailableError as error:
        return _error(404, "content_unavailable", str(error))
    except StoreFullError as error:
        return _error(507, "store_full", str(error))
    except RejectedError as error:
        return _error(400, "content_invalid", str(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _error(error.status, error.reason.lower().replace(" ", "_"), error.text or error.reason)


def _error(status: int, name: str, message: str) -> web.Response:
    return web.json_response({"error": name, "message": message}, status=status)


# The client.


class HttpBlockSource:
    """Blocks from other agents, by their base URLs (`https://provider.example:8080`).

    The servers are tried one after the other. One that sends wrong bytes is never asked again; one
    that fails is asked last. Each answer must be whole within `seconds`; how long a whole tree may
    take is for the caller to say (`asyncio.timeout`).
    """

    def __init__(
        self,
        urls: Sequence[str],
        session: aiohttp.ClientSession,
        *,
        seconds: float = 30.0,
        rounds: int = 2,
        pause: float = 0.5,
    ) -> None:
        self._urls = list(dict.fromkeys(url.rstrip("/") for url in urls))
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, 10.0))
        self._rounds = rounds
        self._pause = pause

    async def get(self, cid: Cid) -> bytes:
        why: dict[str, object] = {}
        for turn in range(self._rounds):
            if turn:
                await asyncio.sleep(self._pause)
            for url in [url for url in self._urls if not isinstance(why.get(url), _NotFoundError)]:
                try:
                    return await self._get_from(url, cid)
                except ContentInvalidError as error:
                    why[url] = error.message
                    self._drop(url)
                except (ContentUnavailableError, aiohttp.ClientError, TimeoutError) as error:
                    why[url] = error if isinstance(error, _NotFoundError) else f"{type(error).__name__} {error}"
                    self._ask_last(url)
        raise ContentUnavailableError("No server has this content", cid=cid, servers=why or "none left")

    async def _get_from(self, url: str, cid: Cid) -> bytes:
        headers = {"Accept": RAW_TYPE, "Accept-Encoding": "identity"}
        async with self._session.get(
            f"{url}/content/{cid}", headers=headers, timeout=self._timeout, allow_redirects=False
        ) as response:
            if response.status in (404, 410):
                raise _NotFoundError("It does not have it")
            if 300 <= response.status < 400 or "Content-Encoding" in response.headers:
                raise ContentInvalidError("Redirects and compressed blocks are refused", url=url)
            if response.status != 200:
                raise ContentUnavailableError(f"It answers {response.status}")
            return Block.checked(cid, await _read_block(response)).data

    def _drop(self, url: str) -> None:
        if url in self._urls:
            self._urls.remove(url)

    def _ask_last(self, url: str) -> None:
        if url in self._urls:
            self._urls.remove(url)
            self._urls.append(url)


class _NotFoundError(ContentUnavailableError):
    """A server that works and does not have the block."""


async def _read_block(response: aiohttp.ClientResponse) -> bytes:
    """The body; one that never ends is given up just above the largest block."""
    data = bytearray()
    async for piece in response.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > BLOCK_BYTES:
            raise ContentInvalidError("The answer is longer than any block", limit=BLOCK_BYTES)
    return bytes(data)


def _message(answer: str) -> str:
    """Of an error as `_error` writes it."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer


async def has_all(url: str, root: Cid, session: aiohttp.ClientSession, seconds: float = 10.0) -> bool:
    """Whether another agent has everything below a root. One that takes uploads will then keep it as one."""
    address, timeout = f"{url.rstrip('/')}/content/{root}?format=car", aiohttp.ClientTimeout(total=seconds)
    try:
        async with session.head(address, timeout=timeout, allow_redirects=False) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def upload(url: str, root: Cid, store: BlockStore, session: aiohttp.ClientSession) -> None:
    """Send everything below a root to another agent.

    Raises:
        RejectedError: it does not want it.
        StoreFullError: it has no room.
        ContentUnavailableError: it cannot be reached, or we do not have all of it.
    """
    body: AsyncIterator[bytes] = write_car(root, store)
    try:
        async with session.post(
            f"{url.rstrip('/')}/content", data=body, headers={"Content-Type": CAR_TYPE}, allow_redirects=False
        ) as response:
            if response.status == 200:
                return
            why = (await response.content.read(1000)).decode(errors="replace")
    except (aiohttp.ClientError, TimeoutError, LilypadError) as error:
        raise ContentUnavailableError("Upload failed; try again later", url=url, why=str(error)) from error
    if response.status == 507:
        message = "the market has no room for these inputs; try again later, or name another one with LILYPAD_MARKET"
        raise StoreFullError(message, url=url, why=_message(why))
    refused = RejectedError if 400 <= response.status < 500 else ContentUnavailableError
    raise refused("The server did not take the content", url=url, status=response.status, why=why)
