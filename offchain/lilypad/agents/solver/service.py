"""The solver as a running service: the market's web server, and its log."""

from __future__ import annotations

import asyncio

from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.service import base, serving
from lilypad.agents.solver.agent import Solver
from lilypad.agents.watching import watched
from lilypad.chain.deployments import Deployment
from lilypad.market.book import OrderBook
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import content_app


async def run_solver(
    settings: Settings, deployment: Deployment, account: LocalAccount, ready: asyncio.Event | None = None
) -> None:
    """Until cancelled."""
    async with base(settings, deployment, account, "solver") as here:
        book = OrderBook(here.actor.domain)
        solver = Solver(here.actor, book)
        app = web.Application()
        app.add_subapp("/v1", solver.service.app())
        app.add_subapp("/content", content_app(LocalBlockStore(here.folder / "blocks")))
        here.operations.metrics.read_offers(book.counts)
        async with serving(app, settings), here.operations.attending(watched(here.actor, here.folder)):
            if ready is not None:
                ready.set()
            await solver.run(here.feed("LilypadController", "LilypadModules"))
