"""A running job's stdout and stderr over HTTP, for the account that pays for it and nobody else.

    GET /v1/deals/{deal}/logs[?follow=1]
    Authorization: Lilypad <unix time>:<signature of LogRequest(deal, time)>

The answer is one JSON object a line: {"stream": "stdout", "data": "<base64>"}, an empty line now and then while the
module is quiet, and at last {"end": "..."}, without which the connection broke.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from aiohttp import web

from lilypad.agents.books.deals import DealBook
from lilypad.agents.log_access import FINISHED, QUIET_SECONDS, RUNNING, WAITING, authorize
from lilypad.agents.provider.live_logs import LiveLogs
from lilypad.agents.service import deal_of
from lilypad.errors import RejectedError
from lilypad.executors.base import LogChunk
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.protocol.offers import Domain
from lilypad.types import DealId

PIECE_BYTES = 16_384
"""Of output in one line."""
READERS = 4
"""At the same time, for one deal."""


class LogService:
    def __init__(self, domain: Domain, deals: DealBook, live: LiveLogs) -> None:
        self._domain = domain
        self._deals = deals
        self._live = live
        self._readers: Counter[DealId] = Counter()

    async def get(self, request: web.Request) -> web.StreamResponse:
        deal = self._deals.get(deal_of(request))
        if deal is None:
            return web.json_response({"error": "no such deal here"}, status=404)
        try:
            authorize(request.headers.get("Authorization", ""), self._domain, deal, int(time.time()))
        except RejectedError as error:
            return web.json_response({"error": str(error)}, status=403)
        if deal.id not in self._live and "result" in self._deals.notes(deal.id):
            return web.json_response({"error": "the job has ended; what it printed is in its result"}, status=410)
        if self._readers[deal.id] >= READERS:
            return web.json_response({"error": f"{READERS} others read these logs now; end one"}, status=429)
        self._readers[deal.id] += 1
        try:
            return await self._answer(request, deal, follow=request.query.get("follow") == "1")
        finally:
            self._readers[deal.id] -= 1

    async def _answer(self, request: web.Request, deal: Deal, *, follow: bool) -> web.StreamResponse:
        headers = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            async for line in self._lines(deal, follow=follow):
                await response.write(line)
            await response.write_eof()
        except ConnectionError:
            pass  # whoever listened is gone
        return response

    async def _lines(self, deal: Deal, *, follow: bool) -> AsyncIterator[bytes]:
        while follow and self._may_begin(deal.id):
            await self._live.wait_for_another(QUIET_SECONDS)
            yield b"\n"
        if self._may_begin(deal.id):
            yield _line(end=WAITING)
            return
        async for chunk in _with_pauses(self._live.read(deal.id, follow=follow)):
            for line in _chunk_lines(chunk):
                yield line
        yield _line(end=FINISHED if follow or self._is_over(deal.id) else RUNNING)

    def _may_begin(self, deal: DealId) -> bool:
        return deal not in self._live and not self._is_over(deal)

    def _is_over(self, deal: DealId) -> bool:
        found = self._deals.get(deal)
        notes = self._deals.notes(deal)
        return found is None or found.status is not DealStatus.AGREED or "result" in notes or "declined" in notes


async def _with_pauses(chunks: AsyncGenerator[LogChunk, None]) -> AsyncIterator[LogChunk | None]:
    """The chunks, and None whenever there was none for a while."""
    coming = asyncio.create_task(_next_of(chunks))
    try:
        while True:
            done, _ = await asyncio.wait([coming], timeout=QUIET_SECONDS)
            if not done:
                yield None
                continue
            chunk = coming.result()
            if chunk is None:
                return
            yield chunk
            coming = asyncio.create_task(_next_of(chunks))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await chunks.aclose()


async def _next_of(chunks: AsyncGenerator[LogChunk, None]) -> LogChunk | None:
    return await anext(chunks, None)


def _chunk_lines(chunk: LogChunk | None) -> Iterator[bytes]:
    if chunk is None:
        yield b"\n"
        return
    for start in range(0, len(chunk.data), PIECE_BYTES):
        piece = chunk.data[start : start + PIECE_BYTES]
        yield _line(stream=chunk.stream, data=base64.b64encode(piece).decode())


def _line(**fields: str) -> bytes:
    return json.dumps(fields).encode() + b"\n"
