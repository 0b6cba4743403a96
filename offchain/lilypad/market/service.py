"""The market over HTTP: signed offers in, their fate out, and the inputs that jobs refer to.

    GET  /v1/network              which chain and controller the offers are for
    POST /v1/offers/{kind}        kind is job or resource; {"offer": {...}, "signature": "0x..."}, and for a resource
                                  that is not for every curated module {"modules": ["0x...", ...]}
    GET  /v1/offers/{digest}      what became of an offer
    POST /v1/offers/{digest}/cancelled    look at the chain: its maker has cancelled its nonce
         /content                 the content store (see lilypad.store.http)

There is no login: an offer is as good as its signature, and nobody can cancel another's here, because the market
believes the chain alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from lilypad.errors import OfferInvalidError, RecoverableError
from lilypad.market.book import Entry, OfferStatus, OrderBook, Signed, SignedJob, SignedResource
from lilypad.protocol.allow_list import AllowList
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.types import Address, ModuleId

MAX_BODY = 32_768


class MarketService:
    """The HTTP side of an order book. `arrived` wakes whoever matches."""

    def __init__(
        self,
        book: OrderBook,
        solver: Address,
        obstacles: Callable[[Entry], set[str]],
        is_used: Callable[[Address, int], Awaitable[bool]],
    ) -> None:
        """`is_used` asks the chain for an account's nonce."""
        self.book = book
        self._is_used = is_used
        self.arrived = asyncio.Event()
        self._solver = solver
        self._obstacles = obstacles

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_errors_as_json], client_max_size=MAX_BODY)
        app.router.add_get("/network", self._network)
        app.router.add_post("/offers/{kind:job|resource}", self._post)
        app.router.add_get("/offers/{digest:0x[0-9a-f]{64}}", self._get)
        app.router.add_post("/offers/{digest:0x[0-9a-f]{64}}/cancelled", self._cancelled)
        return app

    async def _network(self, request: web.Request) -> web.Response:
        domain = self.book.domain
        return web.json_response({"chainId": domain.chain_id, "controller": domain.controller, "solver": self._solver})

    async def _post(self, request: web.Request) -> web.Response:
        signed = _parse(request.match_info["kind"], await request.json())
        entry = self.book.add(signed, int(time.time()))
        if not entry.is_checked:
            with suppress(RecoverableError):  # a chain that is away is asked with the next announcement
                await self._refuse_used(entry, "its nonce is used up on chain: by a deal, or cancelled by its maker")
                entry.is_checked = True
        self.arrived.set()
        return web.json_response(self._shown(entry), status=202)

    async def _get(self, request: web.Request) -> web.Response:
        entry = self._entry(request)
        if entry is None:
            return web.json_response({"error": "no such offer: announce it again"}, status=404)
        return web.json_response(self._shown(entry))

    async def _cancelled(self, request: web.Request) -> web.Response:
        entry = self._entry(request)
        if entry is None:
            return web.json_response({"error": "no such offer: there is nothing to cancel"}, status=404)
        await self._refuse_used(entry, "its nonce is used up on chain: cancelled by its maker")
        return web.json_response(self._shown(entry))

    async def _refuse_used(self, entry: Entry, reason: str) -> None:
        """The book does not remember what lies deep in the chain."""
        if entry.status is OfferStatus.RESTING and await self._is_used(entry.signed.maker, entry.signed.offer.nonce):
            self.book.refuse(entry, reason)

    def _entry(self, request: web.Request) -> Entry | None:
        return self.book.get(bytes.fromhex(request.match_info["digest"].removeprefix("0x")))

    def _shown(self, entry: Entry) -> dict[str, Any]:
        is_job = isinstance(entry.signed, SignedJob)
        return {
            "digest": "0x" + entry.digest.hex(),
            "status": entry.status,
            "reason": entry.reason,
            "deal": "0x" + entry.deal.hex() if entry.deal else None,
            "obstacles": sorted(self._obstacles(entry)) if is_job and entry.deal is None else [],
        }


def _parse(kind: str, body: Any) -> Signed:
    if not isinstance(body, dict) or set(body) - {"modules"} != {"offer", "signature"}:
        raise OfferInvalidError('send {"offer": {...}, "signature": "0x..."}')
    try:
        signature = bytes.fromhex(str(body["signature"]).removeprefix("0x"))
    except ValueError:
        raise OfferInvalidError("the signature is not hex") from None
    if kind == "job":
        return SignedJob(JobOffer.from_json(body["offer"]), signature)
    return SignedResource(ResourceOffer.from_json(body["offer"]), signature, _parse_modules(body.get("modules", [])))


def _parse_modules(plain: Any) -> AllowList:
    try:
        found = [bytes.fromhex(module.removeprefix("0x")) for module in plain]
    except (AttributeError, TypeError, ValueError):
        found = [b""]
    if any(len(module) != 32 for module in found):
        raise OfferInvalidError("modules are a list of 32 bytes each, in hex")
    return AllowList.of(map(ModuleId, found))


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except OfferInvalidError as error:
        return web.json_response({"error": str(error)}, status=400)
    except ValueError:
        return web.json_response({"error": "the body is not JSON"}, status=400)
