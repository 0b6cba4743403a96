"""A server between us and a real node, for faults that a healthy node does not produce."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

Call = dict[str, Any]
Hook = Callable[[Call], Awaitable[Call | None]]
"""Gives the answer to one call, or None to let the node answer."""


Gate = Callable[[list[Call]], Awaitable[list[Call] | None]]
"""The same for a whole message."""


class Refusal(Exception):  # noqa: N818
    """Answer the whole message with an HTTP status or any body."""

    def __init__(self, status: int = 200, body: str = "") -> None:
        self.status, self.body = status, body


class Drop(Exception):  # noqa: N818
    """Hang up without an answer."""


def error(call: Call, code: int, message: str) -> Call:
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}


@asynccontextmanager
async def proxy(
    upstream: str, hook: Hook | None = None, *, batches: bool = True, gate: Gate | None = None
) -> AsyncIterator[str]:
    """The URL of a server that asks `gate` first, then `hook`."""

    async def handle(request: web.Request) -> web.Response:
        message = await request.json()
        if isinstance(message, list) and not batches:
            return web.json_response(error({"id": None}, -32600, "no batches here"))
        calls = message if isinstance(message, list) else [message]
        try:
            answers = await gate(calls) if gate else None
            answers = answers or [await one(call) for call in calls]
        except Refusal as refusal:
            return web.Response(status=refusal.status, text=refusal.body)
        except Drop:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return web.json_response(answers if isinstance(message, list) else answers[0])

    async def one(call: Call) -> Call:
        answer = await hook(call) if hook else None
        if answer is None:
            async with session.post(upstream, json=call) as response:
                answer = await response.json()
        return answer

    app = web.Application()
    app.router.add_post("/", handle)
    async with aiohttp.ClientSession() as session, TestServer(app) as server:
        yield str(server.make_url("/"))
