"""A whole network on this machine: chain, contracts, published modules, funded accounts, solver and provider.

Everything belongs to the well-known development accounts of a local chain, and everything is made anew at each start.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from lilypad.agents.court import CourtActor
from lilypad.agents.mediator.service import run_mediator
from lilypad.agents.network import Actor, Network
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.service import default_terms, run_provider
from lilypad.agents.service import base
from lilypad.agents.solver.service import run_solver
from lilypad.agents.work.packages import Packages
from lilypad.chain.deploy import carry_out, contracts_of, plan
from lilypad.chain.deployments import Deployment, write_deployment
from lilypad.chain.devnode import DevNode, dev_account
from lilypad.chain.parameters import DeployParameters
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.protocol.matching import ModuleStatus
from lilypad.protocol.offers import module_id
from lilypad.settings import ETHER, SOURCE_TREE, Settings
from lilypad.store.journal import Journal
from lilypad.types import Digest

GIFT = 10_000 * ETHER
"""Tokens that creator and provider begin with."""
STAKE = 1_000 * ETHER
"""What the provider puts into the vault for its collaterals, and each mediator at stake."""
SET_UP_SECONDS = 60
"""No start takes longer."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who is who on a local network."""

    owner: LocalAccount
    solver: LocalAccount
    provider: LocalAccount
    creator: LocalAccount
    author: LocalAccount
    mediators: tuple[LocalAccount, ...] = ()

    @classmethod
    def development(cls, mediators: int = 0) -> Accounts:
        """At most five mediators: there are ten accounts."""
        owner, solver, provider, creator, author, *others = map(dev_account, range(10))
        return cls(owner, solver, provider, creator, author, tuple(others[:mediators]))


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    settings: Settings
    deployment: Deployment
    accounts: Accounts
    operations: dict[str, str]
    """Where each agent's numbers are."""
    tasks: asyncio.TaskGroup
    """The agents run here; a fault of one ends all."""


@asynccontextmanager
async def local_network(
    settings: Settings,
    *,
    chain_port: int = 8545,
    market_port: int = 8551,
    mediators: int = 3,
    amend: Callable[[OfferTerms], OfferTerms] = lambda usual: usual,
) -> AsyncIterator[LocalNetwork]:
    """Ready when it yields; stopped, with nothing left behind but files in the data folder, when the block ends.

    Port 0 takes a free one; the yielded settings say where everything is. `amend` makes the provider's terms of its
    usual ones.
    """
    _forget(settings)
    accounts = Accounts.development(mediators)
    async with DevNode(chain_id=settings.chain_id, port=chain_port, extra=younger_chain()) as node:
        settings = settings.model_copy(update={"rpc": (node.url,)})
        deployment = await found(settings, accounts)
        async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
            await rpc.call("evm_setTime", int(time.time()))
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            ports = {"solver": _free_port(), "provider": _free_port()}
            own = {"listen_port": market_port or _free_port(), "ops_port": ports["solver"]}
            market = settings.model_copy(update=own)
            settings = settings.model_copy(update={"market": f"http://127.0.0.1:{market.listen_port}"})
            agents = [group.create_task(run_solver(market, deployment, accounts.solver, ready), name="solver")]
            await _unless_failed(ready, agents)
            ready = asyncio.Event()
            provider = settings.model_copy(update={"listen_port": 0, "ops_port": ports["provider"]})
            terms = amend(await _provider_terms(provider, deployment))
            work = run_provider(provider, deployment, accounts.provider, terms, ready)
            agents.append(group.create_task(work, name="provider"))
            await _unless_failed(ready, agents)
            for account in accounts.mediators:
                ready = asyncio.Event()
                mediator = settings.model_copy(update={"listen_port": 0, "ops_port": 0})
                agents.append(group.create_task(run_mediator(mediator, deployment, account, ready), name="mediator"))
                await _unless_failed(ready, agents)
            operations = {role: f"http://{settings.ops_host}:{port}" for role, port in ports.items()}
            yield LocalNetwork(settings, deployment, accounts, operations, group)
            for agent in agents:
                agent.cancel()


def _forget(settings: Settings) -> None:
    """What an earlier local chain left: the chain is new, so all of it is void."""
    for role in ("creator", "provider", "solver", "owner", "author", "mediator", "watcher"):
        shutil.rmtree(settings.data / role / str(settings.chain_id), ignore_errors=True)


async def found(settings: Settings, accounts: Accounts) -> Deployment:
    """Contracts, modules and money."""
    deployment = await _deploy(settings, accounts.owner, _parameters())
    write_deployment(settings.deployments, deployment)
    async with (
        base(settings, deployment, accounts.owner, "owner") as owner,
        base(settings, deployment, accounts.author, "author") as author,
        base(settings, deployment, accounts.provider, "provider") as provider,
    ):
        receivers = (accounts.provider, accounts.creator, *accounts.mediators)
        gifts = [owner.actor.transfer(to.address, GIFT, key=to.address) for to in receivers]
        await asyncio.gather(*gifts, _publish(settings, author.actor, owner.actor))
        stakes = [_stake(settings, deployment, account) for account in accounts.mediators]
        await asyncio.gather(provider.actor.deposit(STAKE, key="stake"), *stakes)
    return deployment


def _parameters() -> DeployParameters:
    return DeployParameters.load(SOURCE_TREE / "scripts" / "params" / "local.yaml")


def younger_chain() -> tuple[str, ...]:
    """A chain that begins in the epoch before, so that who stakes at its beginning may be drawn from the start on. It
    has a block every second, as chains have: a draw waits for blocks."""
    court = _parameters().mediation
    past = court.epoch + SET_UP_SECONDS if court is not None else 0
    return ("--timestamp", str(int(time.time()) - past), "--block-time", "1", "--mixed-mining")


async def _stake(settings: Settings, deployment: Deployment, account: LocalAccount) -> None:
    async with base(settings, deployment, account, "mediator") as mediator:
        court = CourtActor(mediator.actor)
        await court.fund(STAKE, key="stake")
        await court.stake(STAKE, key="first")


async def _deploy(settings: Settings, payer: LocalAccount, parameters: DeployParameters) -> Deployment:
    folder = settings.data / "owner" / str(settings.chain_id)
    async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
        with Journal(folder / "deploy.sqlite") as journal:
            steps = list(plan(parameters))
            await carry_out(steps, rpc, Sender(rpc, journal, payer))
    return Deployment(settings.chain_id, 0, contracts_of(steps))


async def _publish(settings: Settings, author: Actor, curator: Actor) -> None:
    """Every built module of this source tree, curated."""

    async def one(digest: bytes, name: str, version: str, royalty_bps: int) -> None:
        await author.publish(Digest(digest), name, version, royalty_bps)
        module = module_id(author.account, royalty_bps, Digest(digest))
        await curator.curate(module, ModuleStatus.CURATED)

    built = [package for package in Packages(settings.modules) if package.is_built]
    await asyncio.gather(*(one(p.digest, p.manifest.name, p.manifest.version, p.manifest.royalty_bps) for p in built))


async def _provider_terms(settings: Settings, deployment: Deployment) -> OfferTerms:
    async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
        return await default_terms(settings, Network(rpc, deployment))


async def _unless_failed(ready: asyncio.Event, agents: list[asyncio.Task[None]]) -> None:
    """Waits for an agent to be ready; if one ends instead, the task group tells why."""
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait([waiting, *agents], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
