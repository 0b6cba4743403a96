"""A provider takes jobs for the modules it has chosen, and the chain holds it and everybody else to that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.progress import Stage
from lilypad.agents.faucet import fund
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.agents.network import Actor
from lilypad.agents.provider.policy import choose_modules
from lilypad.agents.provider.service import default_terms, run_provider
from lilypad.agents.service import base
from lilypad.agents.work.packages import Catalogue, Packages
from lilypad.chain.devnode import dev_account
from lilypad.errors import FaultError, ModuleInvalidError
from lilypad.protocol.matching import ModuleStatus
from lilypad.settings import ETHER, Settings
from lilypad.types import Engine, ModuleId

from .packages import wasm_package

PROVIDER = dev_account(7)


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalNetwork, Lilypad]]:
    """Two modules, cowsay and fails, and a provider that runs both."""
    folder = tmp_path_factory.mktemp("policy")
    for program in ("cowsay", "fails"):
        wasm_package(folder / "modules", program, 50_000_000)
    settings = Settings(data=folder / "data", deployments=folder / "deployments", modules=(folder / "modules",))
    async with (
        local_network(settings, chain_port=0, market_port=0, mediators=0) as network,
        Lilypad(network.accounts.creator, network.settings) as lily,
    ):
        yield network, lily


@asynccontextmanager
async def provider_of(network: LocalNetwork, *modules: str) -> AsyncIterator[None]:
    """A second provider, for these modules alone."""
    async with base(network.settings, network.deployment, PROVIDER, "provider") as here:
        await fund(here.actor, here.actor.account, 20 * ETHER)
        await here.actor.deposit(20 * ETHER, key="stake")
        terms = await default_terms(network.settings, here.actor, modules=modules)
    ready = asyncio.Event()
    task = asyncio.create_task(run_provider(network.settings, network.deployment, PROVIDER, terms, ready))
    try:
        await ready.wait()
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def module_id(actor: Actor, packages: Packages, name: str) -> ModuleId:
    return await Catalogue(actor, packages).version(packages.named(name))


async def test_provider__of_one_module__gets_no_other_job(town: tuple[LocalNetwork, Lilypad]) -> None:
    network, lily = town
    mine = JobOptions(target=PROVIDER.address)
    async with provider_of(network, "cowsay"):
        stages = lily.follow(await lily.submit("fails", {}, mine))
        async for progress in stages:
            if "ModuleNotAllowed" in progress.obstacles:
                break
        await stages.aclose()
        *_, end = [step async for step in lily.follow(await lily.submit("cowsay", {"Message": "mine"}, mine))]
        assert end.stage is Stage.ACCEPTED
        assert end.deal is not None
        assert end.deal.terms.provider == PROVIDER.address


async def test_choice__without_names__is_every_curated_module_that_runs_here(
    town: tuple[LocalNetwork, Lilypad],
) -> None:
    network, lily = town
    own = Packages(network.settings.modules)
    both = {await module_id(lily.actor, own, name) for name in ("cowsay", "fails")}
    assert {*(await choose_modules(lily.actor, own, (Engine.WASM,))).modules} == both
    with pytest.raises(FaultError, match="cowsay: this machine has no wasm engine; fails: this"):
        await choose_modules(lily.actor, own, (Engine.DOCKER,))
    with pytest.raises(FaultError, match="no folder with a module that is built"):
        await choose_modules(lily.actor, Packages([]), (Engine.WASM,))


async def test_choice__by_name__may_be_uncurated_and_never_revoked(town: tuple[LocalNetwork, Lilypad]) -> None:
    network, lily = town
    own = Packages(network.settings.modules)
    fails = await module_id(lily.actor, own, "fails")
    with pytest.raises(ModuleInvalidError, match="no module 'nothing' here"):
        await choose_modules(lily.actor, own, (Engine.WASM,), ["nothing"])
    async with base(network.settings, network.deployment, network.accounts.owner, "owner") as curator:
        await curator.actor.curate(fails, ModuleStatus.DEPRECATED)
        assert fails not in (await choose_modules(lily.actor, own, (Engine.WASM,))).modules
        assert (await choose_modules(lily.actor, own, (Engine.WASM,), ["fails"])).modules == (fails,)
        await curator.actor.curate(fails, ModuleStatus.REVOKED)
    with pytest.raises(FaultError, match="cannot be offered: fails: it is revoked"):
        await choose_modules(lily.actor, own, (Engine.WASM,), ["fails"])
