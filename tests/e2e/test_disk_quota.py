"""Disks with a quota: a provider's and a market's, over many jobs and under attack."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.agents.localnet import LocalNetwork
from lilypad.agents.work.fetching import fetch_result
from lilypad.cli.failures import UNAVAILABLE
from lilypad.errors import ContentUnavailableError, StoreFullError
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.http import has_all, upload

from .beside import PROVIDER, SOLVER, market, provider
from .terminal import Terminal

KIB = 1024
PATIENCE = 20.0


def store_of(settings: Settings, role: str, account: str) -> Path:
    return settings.data / role / "31337" / account.lower() / "blocks"


async def until_within(folder: Path, quota: int) -> None:
    """The provider clears up when a deal has ended, in its own time."""
    async with asyncio.timeout(PATIENCE):
        while await LocalBlockStore(folder).usage() > quota:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_provider__with_a_tiny_quota__does_ten_jobs_and_stays_within_it(
    network: LocalNetwork, tmp_path: Path
) -> None:
    """Each result could be fetched until its deal had ended: the creator did, and paid for it."""
    quota, port = 128 * KIB, unused_port()
    settings = network.settings.model_copy(
        update={"market": f"http://127.0.0.1:{port}", "data": tmp_path, "disk_quota": quota}
    )
    here = settings.model_copy(update={"listen_port": port, "disk_quota": 0})
    folder = store_of(settings, "provider", PROVIDER.address)
    ends: list[Progress] = []
    async with (
        market(network, here),
        provider(network, settings),
        Lilypad(network.accounts.creator, settings) as lily,
    ):
        for number in range(10):
            job = await lily.submit("cowsay", {"Message": f"number {number}"})
            *_, end = [step async for step in lily.follow(job)]
            assert end.stage is Stage.ACCEPTED
            ends.append(end)
            await until_within(folder, quota)
        async with aiohttp.ClientSession() as session:
            fresh = LocalBlockStore(tmp_path / "fresh")
            last, first = ends[-1].deal, ends[0].deal
            assert last is not None
            assert first is not None
            await fetch_result(lily.actor, last, fresh, tmp_path / "last", session)
            with pytest.raises(ContentUnavailableError, match="has let go of this result"):
                await fetch_result(lily.actor, first, fresh, tmp_path / "first", session)


async def flood(url: str, folder: Path, count: int, session: aiohttp.ClientSession) -> None:
    """What nobody will ever ask for."""
    store = LocalBlockStore(folder / "junk")
    for number in range(count):
        tree = folder / f"tree{number}"
        tree.mkdir()
        (tree / "junk").write_bytes(secrets.token_bytes(40 * KIB))
        await upload(url, await store.add_directory(tree), store, session)


async def test_market__that_an_attacker_fills__keeps_within_its_quota_and_serves_honest_jobs(
    network: LocalNetwork, tmp_path: Path
) -> None:
    quota, port = 256 * KIB, unused_port()
    url = f"http://127.0.0.1:{port}"
    settings = network.settings.model_copy(update={"market": url, "data": tmp_path / "data"})
    here = settings.model_copy(update={"listen_port": port, "disk_quota": quota})
    folder = store_of(here, "solver", SOLVER.address)
    async with (
        market(network, here),
        provider(network, settings),
        Lilypad(network.accounts.creator, settings) as lily,
        aiohttp.ClientSession() as session,
    ):
        first, second = tmp_path / "first", tmp_path / "second"
        first.mkdir()
        second.mkdir()
        await flood(url, first, 12, session)
        assert await LocalBlockStore(folder).usage() <= quota
        (tmp_path / "large").mkdir()
        (tmp_path / "large" / "junk").write_bytes(secrets.token_bytes(300 * KIB))
        large = await LocalBlockStore(first / "junk").add_directory(tmp_path / "large")
        with pytest.raises(StoreFullError, match="the market has no room"):
            await upload(url, large, LocalBlockStore(first / "junk"), session)

        job = await lily.submit("cowsay", {"Message": "still in business"})
        stages = lily.follow(job)
        async for step in stages:
            if step.stage is Stage.SUBMITTED:
                break
        await flood(url, second, 12, session)
        inputs = Cid.of_directory(job.signed.offer.inputs)
        assert await has_all(url, inputs, session), "the deal is open: mediators may still ask for its inputs"
        *_, end = [step async for step in stages]
        assert end.stage is Stage.ACCEPTED
        assert await LocalBlockStore(folder).usage() <= quota


async def test_job__whose_market_has_no_room__says_so_and_goes_on_when_there_is(
    network: LocalNetwork, tmp_path: Path
) -> None:
    port = unused_port()
    settings = network.settings.model_copy(update={"market": f"http://127.0.0.1:{port}", "data": tmp_path / "data"})
    roomy = settings.model_copy(update={"listen_port": port})
    tiny = roomy.model_copy(update={"disk_quota": 4 * KIB})
    async with Lilypad(network.accounts.creator, settings) as lily:
        async with market(network, roomy):
            job = await lily.submit("cowsay", {"Message": "patience"})
        shutil.rmtree(store_of(roomy, "solver", SOLVER.address))
        stages = lily.follow(job)
        async with market(network, tiny):
            assert (await anext(stages)).stage is Stage.OFFERED
            assert (await anext(stages)).obstacles == ("MarketFull",)
            refused = await Terminal(settings)("run", "cowsay", "-i", "Message=too much")
            assert (refused.code, refused.out) == (UNAVAILABLE, "")
            assert "the market has no room for these inputs; try again later" in refused.err
        async with market(network, roomy), provider(network, settings):
            *_, end = [step async for step in stages]
    assert end.stage is Stage.ACCEPTED
