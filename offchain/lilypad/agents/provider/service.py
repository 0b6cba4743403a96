"""The provider as a running service: its journal, its executors, its web server for results and logs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial

import aiohttp
from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.deals import DealBook
from lilypad.agents.defending import Defence
from lilypad.agents.network import Network
from lilypad.agents.nonces import JournalCounter, OfferNonces
from lilypad.agents.provider.admission import Admission
from lilypad.agents.provider.agent import Provider
from lilypad.agents.provider.capacity import Ready, Wish, choose
from lilypad.agents.provider.defending import is_worth_it
from lilypad.agents.provider.engines import Engines, engines_of, look
from lilypad.agents.provider.gate import Gate
from lilypad.agents.provider.log_service import LogService
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.offering import Offering
from lilypad.agents.provider.outstanding import OutstandingOffers
from lilypad.agents.provider.pace import Pace
from lilypad.agents.provider.policy import choose_modules
from lilypad.agents.provider.running import RunningFile, RunState, running_file
from lilypad.agents.provider.stock import provider_needs
from lilypad.agents.sent import forgetting, is_about_a_final_deal
from lilypad.agents.service import ROLE_PROVIDER, base, deal_of, introduce, namespace_of, serving
from lilypad.agents.watching import watched
from lilypad.agents.work.orphans import attended
from lilypad.agents.work.packages import Catalogue, Packages
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.retention import Retention
from lilypad.agents.work.shelf import Shelf
from lilypad.agents.work.workshop import Workshop
from lilypad.chain.deployments import Deployment
from lilypad.chain.feed import Feed
from lilypad.market.client import MarketClient
from lilypad.protocol.words import Windows
from lilypad.settings import ETHER, Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import HttpBlockSource, content_app
from lilypad.types import Engine


async def run_provider(
    settings: Settings,
    deployment: Deployment,
    account: LocalAccount,
    terms: OfferTerms,
    ready: asyncio.Event | None = None,
    drain: asyncio.Event | None = None,
) -> None:
    """Until cancelled, or drained. Containers that still run then are found again by the next start."""
    async with base(settings, deployment, account, "provider") as here, aiohttp.ClientSession() as session:
        actor = here.actor
        store = LocalBlockStore(here.folder / "blocks")
        operations = here.operations
        deals = DealBook(
            actor, here.journal, "provider", lambda event: event.terms.provider == actor.account, operations
        )
        engines = engines_of(settings, namespace_of(here.folder), terms.places, here.journal)
        workshop = Workshop(
            folder=here.folder / "deals",
            store=store,
            sources=HttpBlockSource([settings.market], session, rounds=1),
            catalogue=Catalogue(actor, Packages(settings.modules)),
            executors={kind: operations.observed(one, kind) for kind, one in engines.executors.items()},
        )
        nonces = OfferNonces(actor, actor.account, JournalCounter(here.journal))
        market = MarketClient(settings.market, session)
        retention = Retention(settings.disk_quota, settings.keep_results)
        shelf = Shelf(store, retention, lambda: provider_needs(deals, workshop), operations.store_looked)
        outstanding, ready_now = OutstandingOffers(here.journal), partial(_ready_now, actor, terms, engines)
        offering = Offering(actor, account, terms, market, nonces, outstanding, shelf.has_room, ready_now)
        admission = Admission(workshop.catalogue, Pace(here.journal, engines.paces, settings.cluster))
        defence = Defence(actor, is_worth_it) if settings.appeal else None
        gate = Gate(terms.capacity, terms.places)
        provider = Provider(actor, deals, workshop, offering, admission, gate, defence, shelf.wake)
        logs = LogService(actor.domain, deals, provider.live)
        operations.metrics.read_capacity(lambda: offering.booking.samples())
        subject = watched(actor, here.folder, terms.collateral * terms.places, (engines.check, shelf.check))
        app = _provider_app(deals, store, logs)
        final = partial(is_about_a_final_deal, deals=deals)
        async with (
            serving(app, settings) as url,
            operations.attending(subject),
            shelf.attended(),
            forgetting(actor.sender, final),
        ):
            try:
                await introduce(actor, ROLE_PROVIDER, url)
                price, drains = terms.price_per_instruction, drain is not None
                with running_file(here.folder, url, terms.places, price, drains=drains) as told:
                    offering.tell = told.book
                    told.book(offering.booking)
                    if ready is not None:
                        ready.set()
                    async with attended(partial(engines.look_through, partial(_executions, deals))):
                        await _until_drained(provider, here.feed("LilypadController"), told, drain or asyncio.Event())
            finally:
                await engines.close()


def _executions(deals: DealBook) -> set[str]:
    """In hand. A deal is in the book before anything is done for it."""
    return {deal.id.hex() for deal in deals if not deal.status.is_end}


async def _ready_now(actor: Network, terms: OfferTerms, engines: Engines) -> Ready:
    """Of what the terms name."""
    there = await engines.there()
    away = [actor.verification(kind) for kind in Engine if kind not in there.engines]
    ways = [way for way in terms.verifications if there.engines and way not in away]
    return Ready(ways, there.together)


async def _until_drained(provider: Provider, feed: Feed, told: RunningFile, drain: asyncio.Event) -> None:
    async def tell() -> None:
        await drain.wait()
        told.tell(RunState.DRAINING)

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(tell(), name="tells that it drains")
        await provider.run(feed, drain)
        telling.cancel()
    told.tell(RunState.DRAINED)


def _provider_app(deals: DealBook, store: LocalBlockStore, logs: LogService) -> web.Application:
    async def record(request: web.Request) -> web.Response:
        deal = deal_of(request)
        if (result := deals.notes(deal).get("result")) and deals.get(deal) is not None:
            if await store.has(ResultRecord.from_json(result).cid):
                return web.json_response(result)
            return web.json_response({"error": "this deal has ended long ago: its result went"}, status=410)
        return web.json_response({"error": "no result of this deal here"}, status=404)

    app = web.Application()
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}", record)
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}/logs", logs.get)
    app.add_subapp("/content", content_app(store, uploads=False))
    return app


async def default_terms(
    settings: Settings,
    network: Network,
    wish: Wish = Wish(),  # noqa: B008 - frozen
    modules: Collection[str] = (),
) -> OfferTerms:
    """What a provider asks if nobody says otherwise. Jobs in containers it takes if a Docker engine answers now.

    Raises:
        RejectedError: the machine does not have what is wished for.
        FaultError, ModuleInvalidError: of `modules`, one cannot be offered; see `choose_modules`. Or there should be a
            cluster, and none answers.
    """
    there = await look(settings)
    places, capacity = choose(there.total, wish)
    allowed = await choose_modules(network, Packages(settings.modules), there.engines, modules)
    return OfferTerms(
        capacity=capacity,
        largest=there.largest,
        price_per_instruction=settings.price_per_instruction,
        minimum_payment=ETHER // 1_000,
        collateral=10 * ETHER,
        late_penalty_bps=100,
        windows=Windows(
            min(60, settings.decline_window), min(60, settings.submit_window), settings.judge_window,
            settings.mediate_window,
        ),
        verifications=tuple(map(network.verification, there.engines)),
        allowed=allowed,
        places=places,
    )  # fmt: skip
