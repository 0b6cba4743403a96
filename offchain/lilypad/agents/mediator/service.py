"""The mediator as a running service: its journal, the court's log, its executors, its small web server."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.cases import CaseBook
from lilypad.agents.court import CourtActor
from lilypad.agents.mediator.agent import Mediator
from lilypad.agents.mediator.examining import Examiner, Places
from lilypad.agents.mediator.publishing import Publisher
from lilypad.agents.mediator.stock import mediator_needs
from lilypad.agents.service import ROLE_MEDIATOR, base, deal_of, introduce, namespace_of, serving
from lilypad.agents.watching import watched
from lilypad.agents.work.orphans import attended, remove_orphans
from lilypad.agents.work.packages import Catalogue, Packages
from lilypad.agents.work.rerunning import executors
from lilypad.agents.work.retention import Retention
from lilypad.agents.work.shelf import Shelf
from lilypad.agents.work.workshop import Workshop
from lilypad.chain.deployments import Deployment
from lilypad.ops.engine import EngineProbe
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import HttpBlockSource, content_app

log = logging.getLogger(__name__)


async def run_mediator(
    settings: Settings, deployment: Deployment, account: LocalAccount, ready: asyncio.Event | None = None
) -> None:
    """Until cancelled. What is in hand goes on at the next start."""
    async with (
        base(settings, deployment, account, "mediator") as here,
        aiohttp.ClientSession() as session,
        executors(settings, namespace_of(here.folder), at_once=2) as engines,
    ):
        court = CourtActor(here.actor)
        cases = CaseBook(here.actor, here.journal, "mediator")
        store = LocalBlockStore(here.folder / "blocks")
        workshop = Workshop(
            folder=here.folder / "cases",
            store=store,
            sources=HttpBlockSource([settings.market], session, rounds=1),
            catalogue=Catalogue(here.actor, Packages(settings.modules)),
            executors={kind: here.operations.observed(one, kind) for kind, one in engines.by_engine.items()},
        )
        public = LocalBlockStore(here.folder / "published")
        publisher = Publisher(cases, workshop.store, public)
        retention = Retention(settings.disk_quota, settings.keep_results)
        shelf = Shelf(store, retention, lambda: mediator_needs(cases, workshop), here.operations.store_looked)
        published = Shelf(public, Retention(0, settings.keep_results))
        subject = watched(here.actor, here.folder, 0, (EngineProbe(settings.docker).check, shelf.check))
        with TemporaryDirectory(prefix="lilypad-") as folder:
            examiner = Examiner(here.actor, cases, workshop, Places(settings.market, Path(folder), session))
            mediator = Mediator(court, cases, workshop, examiner, publisher, shelf.wake)
            async with serving(_app(publisher, public), settings) as url, here.operations.attending(subject):
                await introduce(here.actor, ROLE_MEDIATOR, url)
                if ready is not None:
                    ready.set()
                look = partial(remove_orphans, engines.docker, partial(_executions, cases))
                async with shelf.attended(), published.attended(), attended(look):
                    await mediator.run(here.feed("LilypadMediation"))


def _executions(cases: CaseBook) -> set[str]:
    """In hand. A case is in the book before anything is done for it."""
    return {dispute.id.hex() for dispute in cases if not dispute.case.is_over}


def _app(publisher: Publisher, public: LocalBlockStore) -> web.Application:
    """Nothing that is not published: whoever could ask a mediator what it has found could copy its vote."""

    async def record(request: web.Request) -> web.Response:
        found = await publisher.record(deal_of(request))
        if found is None:
            return web.json_response({"error": "nothing of this deal is published here"}, status=404)
        return web.json_response(found.to_json())

    app = web.Application()
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}", record)
    app.add_subapp("/content", content_app(public, uploads=False))
    return app
