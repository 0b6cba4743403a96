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


class Refusal(Exception):  # noqa: N818
    """Answer the whole message with an HTTP status or any body."""

    def __init__(self, status: int = 200, body: str = "") -> None:
        self.status, self.body = status, body


def error(call: Call, code: int, message: str) -> Call:
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}


@asynccontextmanager
async def proxy(upstream: str, hook: Hook, *, batches: bool = True) -> AsyncIterator[str]:
    """The URL of a server that asks `hook` first."""

    async def handle(request: web.Request) -> web.Response:
        message = await request.json()
        if isinstance(message, list) and not batches:
            return web.json_response(error({"id": None}, -32600, "no batches here"))
        try:
            answers = [await one(call) for call in (message if isinstance(message, list) else [message])]
        except Refusal as refusal:
            return web.Response(status=refusal.status, text=refusal.body)
        return web.json_response(answers if isinstance(message, list) else answers[0])

    async def one(call: Call) -> Call:
        answer = await hook(call)
        if answer is None:
            async with session.post(upstream, json=call) as response:
                answer = await response.json()
        return answer

    app = web.Application()
    app.router.add_post("/", handle)
    async with aiohttp.ClientSession() as session, TestServer(app) as server:
        yield str(server.make_url("/"))
