"""A machine with one core and two places: half a core for each, and no more; and no time without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.agents.provider.ledger import Entry, read_ledger
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.running import provider_folder
from lilypad.protocol.deal import DealStatus
from lilypad.settings import Settings
from lilypad.types import Address, Resources
from tests.offchain.ops.helpers import scrape, until

from .packages import wasm_package

PATIENCE = 60.0
CHEAP = 10**7
"""Wei for an instruction: the provider's collateral is worth a great many of them."""
HOURS = 1_000_000_000_000
"""Of instructions: no machine does them in a minute."""


def one_core(usual: OfferTerms) -> OfferTerms:
    return replace(usual, places=2, capacity=Resources(cpu_milli=1_000, ram_mib=256))


@pytest.fixture(scope="module")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalNetwork]:
    """`cowsay` wants a whole core; `talks` half of one, and a few seconds; `endless` as well, and hours."""
    folder, data = tmp_path_factory.mktemp("modules"), tmp_path_factory.mktemp("data")
    for program, budget in (("cowsay", 500_000_000), ("talks", 6_000_000_000), ("endless", HOURS)):
        wasm_package(folder, program, budget)
    change(folder / "talks", "cpu_milli = 1000", "cpu_milli = 500")
    change(folder / "endless", "cpu_milli = 1000", "cpu_milli = 500")
    change(folder / "endless", "maximum = 10_000_000_000", f"maximum = {HOURS}")
    settings = Settings(
        data=data, deployments=data / "deployments", modules=(folder,),
        submit_window=60, decline_window=60, price_per_instruction=CHEAP,
    )  # fmt: skip
    async with local_network(settings, chain_port=0, market_port=0, mediators=0, amend=one_core) as network:
        yield network


def change(package: Path, old: str, new: str) -> None:
    manifest = package / "module.toml"
    assert old in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(old, new))


async def booked(network: LocalNetwork) -> dict[str, float]:
    """Thousandths of a core, as the provider's metrics have them."""
    numbers = await scrape(network.operations["provider"])
    return {part: numbers("capacity", resource="cpu_milli", part=part) for part in ("total", "deals", "offers")}


async def test_job__that_asks_for_more_than_a_place__is_never_matched(small: LocalNetwork) -> None:
    async with Lilypad(small.accounts.creator, small.settings) as lily:
        job = await lily.submit("cowsay", {"Message": "too large"})
        stages = lily.follow(job)
        async with asyncio.timeout(PATIENCE):
            async for step in stages:
                assert step.stage is Stage.OFFERED
                if step.obstacles == ("ResourcesTooSmall",):
                    break
        await stages.aclose()  # type: ignore[attr-defined]
        assert (await lily.cancel(job)).outcome == "cancelled"


async def test_jobs__at_the_same_time__have_half_the_machine_each(small: LocalNetwork) -> None:
    async def nothing_in_hand() -> bool:
        return await booked(small) == {"total": 1_000, "deals": 0, "offers": 1_000}

    async def all_in_hand() -> bool:
        return await booked(small) == {"total": 1_000, "deals": 1_000, "offers": 0}

    async def end_of(lily: Lilypad, job: Job) -> Progress:
        *_, end = [step async for step in lily.follow(job)]
        return end

    await until(nothing_in_hand)
    async with Lilypad(small.accounts.creator, small.settings) as lily:
        await lily.actor.deposit(20 * 10**18, key="for two jobs at once")
        jobs = [await lily.submit("talks", {"Message": message}) for message in ("left", "right")]
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(end_of(lily, job)) for job in jobs]
            await until(all_in_hand)
        assert [end.result().stage for end in ends] == [Stage.ACCEPTED] * 2
    await until(nothing_in_hand)


async def test_job__that_no_machine_can_finish_in_its_window__is_declined_at_once(small: LocalNetwork) -> None:
    async with Lilypad(small.accounts.creator, small.settings) as lily:
        job = await lily.submit("endless", {"Message": ""})
        *_, end = [step async for step in lily.follow(job)]
    assert end.deal is not None
    assert end.deal.status is DealStatus.DECLINED
    (entry,) = [entry for entry in ledger(small) if entry.deal.id == end.deal.id]
    assert "may not finish the job in its submit window" in entry.notes["declined"]
    assert entry.deal.since - entry.agreed < 30


def ledger(network: LocalNetwork) -> list[Entry]:
    folder = provider_folder(network.settings, Address(network.accounts.provider.address))
    return read_ledger(cast(Any, network), folder)  # it asks the network for its deployment alone
