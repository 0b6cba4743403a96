"""The solver as a running service: the market's web server, and its log."""

from __future__ import annotations

import asyncio

from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.sent import forgetting, is_agreement
from lilypad.agents.service import base, serving
from lilypad.agents.solver.agent import Solver
from lilypad.agents.solver.inputs import OpenInputs
from lilypad.agents.watching import watched
from lilypad.agents.work.retention import Needs, Retention
from lilypad.agents.work.shelf import Shelf
from lilypad.chain.deployments import Deployment
from lilypad.market.book import OrderBook, SignedJob
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.http import content_app


async def run_solver(
    settings: Settings, deployment: Deployment, account: LocalAccount, ready: asyncio.Event | None = None
) -> None:
    """Until cancelled."""
    async with base(settings, deployment, account, "solver") as here:
        book = OrderBook(here.actor.domain)
        inputs = OpenInputs(here.journal, deployment.chain_id)
        solver = Solver(here.actor, book, inputs.apply)
        store = LocalBlockStore(here.folder / "blocks")
        retention = Retention(settings.disk_quota, settings.keep_uploads)
        shelf = Shelf(store, retention, lambda: _needs(book, inputs), here.operations.store_looked)
        app = web.Application()
        app.add_subapp("/v1", solver.service.app())
        app.add_subapp("/content", content_app(store, room=shelf))
        here.operations.metrics.read_offers(book.counts)
        subject = watched(here.actor, here.folder, 0, (shelf.check,))
        async with (
            shelf.attended(),
            forgetting(here.actor.sender, is_agreement),
            serving(app, settings),
            here.operations.attending(subject),
        ):
            if ready is not None:
                ready.set()
            await solver.run(here.feed("LilypadController", "LilypadModules"))


def _needs(book: OrderBook, inputs: OpenInputs) -> Needs:
    """An offer that waits is announced again and again, which keeps its inputs; money is behind open deals alone, so
    only their inputs must stay. Or whoever signs offers for nothing could fill the market for good."""
    waiting = ((e.signed, e.heard) for e in book.resting(SignedJob))
    used = {
        Cid.of_directory(signed.offer.inputs): float(heard)
        for signed, heard in waiting
        if isinstance(signed, SignedJob)
    }
    return Needs(inputs.roots(), used=used)
