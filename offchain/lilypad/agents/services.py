"""Agents as running services: each with its journal, its part of the chain, and its own small web server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from eth_account.signers.local import LocalAccount

from lilypad.agents.deals import DealBook
from lilypad.agents.log_service import LogService
from lilypad.agents.network import Actor, Network, show_id
from lilypad.agents.nonces import JournalCounter, OfferNonces
from lilypad.agents.offering import Offering, OfferTerms
from lilypad.agents.outstanding import OutstandingOffers
from lilypad.agents.packages import Catalogue, Packages
from lilypad.agents.provider import Provider
from lilypad.agents.running import RunningFile, RunState, running_file
from lilypad.agents.solver import Solver
from lilypad.agents.watching import watched
from lilypad.agents.workshop import Workshop
from lilypad.chain.deployments import Deployment
from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.errors import ExecutorFaultError
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.market.book import OrderBook
from lilypad.market.client import MarketClient
from lilypad.ops.engine import EngineProbe, engine_says
from lilypad.ops.operations import Operations
from lilypad.protocol.words import Windows
from lilypad.settings import ETHER, Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import HttpBlockSource, content_app
from lilypad.store.journal import Journal
from lilypad.types import Engine, Resources

log = logging.getLogger(__name__)

ROLE_PROVIDER, ROLE_SOLVER, ROLE_MEDIATOR = 2, 4, 8


@dataclass(frozen=True, slots=True)
class Base:
    """What every service stands on."""

    settings: Settings
    folder: Path
    journal: Journal
    actor: Actor
    operations: Operations

    def feed(self, *contracts: str) -> Feed:
        deployment = self.actor.deployment
        addresses = [deployment.address(name) for name in contracts]
        options = FeedOptions(confirmations=self.settings.confirmations)
        return Feed(self.actor.rpc, self.journal, addresses, start_block=deployment.block, options=options)


@asynccontextmanager
async def base(settings: Settings, deployment: Deployment, account: LocalAccount, role: str) -> AsyncIterator[Base]:
    """The journal of one account in one role; a second process with the same one is refused."""
    folder = settings.data / role / str(deployment.chain_id) / account.address.lower()
    operations = Operations(role, account.address, deployment, settings)
    async with Rpc(settings.rpc, chain_id=deployment.chain_id, observer=operations) as rpc:
        with Journal(folder / "journal.sqlite") as journal:
            sender = Sender(rpc, journal, account)
            await sender.resume()
            yield Base(settings, folder, journal, Actor(rpc, deployment, sender), operations)


@asynccontextmanager
async def serving(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """Serves an app; yields the base URL at which others reach it."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.listen_host, settings.listen_port)
        await site.start()
        port = runner.addresses[0][1]
        yield settings.public_url or f"http://{settings.listen_host}:{port}"
    finally:
        await runner.cleanup()


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
        wasm = WasmExecutor(settings.data / "wasm-cache", max_concurrent=terms.places)
        docker = DockerExecutor(settings.docker, namespace=actor.account.lower())
        workshop = Workshop(
            folder=here.folder / "deals",
            store=store,
            sources=HttpBlockSource([settings.market], session, rounds=1),
            catalogue=Catalogue(actor, Packages(settings.modules)),
            executors={
                Engine.WASM: operations.observed(wasm, Engine.WASM),
                Engine.DOCKER: operations.observed(docker, Engine.DOCKER),
            },
        )
        nonces = OfferNonces(actor, actor.account, JournalCounter(here.journal))
        market = MarketClient(settings.market, session)
        offering = Offering(actor, account, terms, market, nonces, OutstandingOffers(here.journal))
        provider = Provider(actor, deals, workshop, offering)
        logs = LogService(actor.domain, deals, provider.live)
        engine = EngineProbe(settings.docker)
        subject = watched(actor, here.folder, terms.collateral * terms.places, (engine.check,))
        async with serving(_provider_app(deals, store, logs), settings) as url, operations.attending(subject):
            try:
                await _remove_orphans(docker, deals)
                await introduce(actor, ROLE_PROVIDER, url)
                price, drains = terms.price_per_instruction, drain is not None
                with running_file(here.folder, url, terms.places, price, drains=drains) as told:
                    if ready is not None:
                        ready.set()
                    await _until_drained(provider, here.feed("LilypadController"), told, drain or asyncio.Event())
            finally:
                await wasm.close()
                await docker.close()


async def _until_drained(provider: Provider, feed: Feed, told: RunningFile, drain: asyncio.Event) -> None:
    async def tell() -> None:
        await drain.wait()
        told.tell(RunState.DRAINING)

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(tell(), name="tells that it drains")
        await provider.run(feed, drain)
        telling.cancel()
    told.tell(RunState.DRAINED)


async def _remove_orphans(docker: DockerExecutor, deals: DealBook) -> None:
    """Containers of deals that ended while this provider was down. Without an engine there are none."""
    with suppress(ExecutorFaultError):
        for execution in await docker.orphans([deal.id.hex() for deal in deals if not deal.status.is_end]):
            log.warning("orphan_removed", extra={"execution": execution})
            await docker.cancel(execution)


async def introduce(actor: Actor, role: int, url: str) -> None:
    """Creators look here for results."""
    if await actor.endpoint(actor.account) != url:
        head = await actor.rpc.call("eth_blockNumber")
        await actor.register(role, url, key=f"{url}:{head}")


def _provider_app(deals: DealBook, store: LocalBlockStore, logs: LogService) -> web.Application:
    async def record(request: web.Request) -> web.Response:
        wanted = request.match_info["deal"]
        for deal in deals:
            if show_id(deal.id) == wanted and (result := deals.notes(deal.id).get("result")):
                return web.json_response(result)
        return web.json_response({"error": "no result of this deal here"}, status=404)

    app = web.Application()
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}", record)
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}/logs", logs.get)
    app.add_subapp("/content", content_app(store, uploads=False))
    return app


async def default_terms(settings: Settings, network: Network, places: int = 2) -> OfferTerms:
    """What a provider asks if nobody says otherwise. Jobs in containers it takes if a Docker engine answers now."""
    has_engine = await engine_says(settings.docker, "/version") is not None
    engines = (Engine.WASM, Engine.DOCKER) if has_engine else (Engine.WASM,)
    return OfferTerms(
        resources=Resources(cpu_milli=2_000, ram_mib=2_048, disk_mib=4_096),
        price_per_instruction=settings.price_per_instruction,
        minimum_payment=ETHER // 1_000,
        collateral=10 * ETHER,
        late_penalty_bps=100,
        windows=Windows(
            min(60, settings.decline_window), min(60, settings.submit_window), settings.judge_window,
            settings.mediate_window,
        ),
        verifications=tuple(map(network.verification, engines)),
        places=places,
    )  # fmt: skip
