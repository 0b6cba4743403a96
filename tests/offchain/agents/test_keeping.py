"""A detached job's offer, kept with a market that forgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from lilypad.agents.creator import keeping
from lilypad.agents.creator.jobs import Job, JobFolder, creator_folder
from lilypad.agents.creator.keeping import keep_announced
from lilypad.market.book import OfferStatus, OrderBook
from lilypad.market.service import MarketService
from lilypad.protocol.signing import sign
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.http import content_app
from lilypad.types import DealId, Digest

from .deals import CREATOR, DOMAIN, STRANGER, job_offer


class Market:
    """The real service, with a memory that the test can take away."""

    def __init__(self, folder: Path, port: int) -> None:
        self.book, self.store, self.port = OrderBook(DOMAIN), LocalBlockStore(folder), port

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MarketService]:
        async def unused(*_: object) -> bool:
            return False

        service = MarketService(self.book, STRANGER.address, lambda _: set(), unused)
        app = web.Application()
        app.add_subapp("/v1", service.app())
        app.add_subapp("/content", content_app(self.store))
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            yield service
        finally:
            await runner.cleanup()


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def settings(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(keeping, "ANNOUNCE_SECONDS", 0.02)
    return Settings(data=tmp_path / "data", market=f"http://127.0.0.1:{port}")


async def a_job(settings: Settings, expiry: int | None = None) -> Job:
    folder = creator_folder(settings, CREATOR.address)
    (settings.data / "inputs").mkdir(parents=True)
    cid = await LocalBlockStore(folder / "blocks").add_directory(settings.data / "inputs")
    plain = job_offer(expiry=expiry or int(time.time()) + 600).to_json()
    offer = type(job_offer()).from_json({**plain, "inputs": f"0x{cid.digest.hex()}"})
    digest = DOMAIN.digest(offer.struct_hash())
    job = Job(digest.hex(), "cowsay", {}, offer.to_json(), sign(CREATOR, DOMAIN, offer).hex(), time.time(), 0)
    JobFolder(folder / "jobs").save(job)
    return job


async def keep(settings: Settings, job: Job) -> str:
    async with aiohttp.ClientSession() as session:
        return await keep_announced(settings, CREATOR.address, job.id, session)


async def test_offer__of_a_market_that_lost_everything__is_there_again_with_its_inputs(
    settings: Settings, tmp_path: Path, port: int
) -> None:
    job = await a_job(settings)
    async with Market(tmp_path / "first", port).open() as service:
        keeper = asyncio.create_task(keep(settings, job))
        await service.arrived.wait()
    second = Market(tmp_path / "second", port)
    async with second.open() as service:
        await service.arrived.wait()
        assert await second.store.has(Cid.of_directory(Digest(job.signed.offer.inputs)))
        service.book.agreed((bytes.fromhex(job.id),), DealId(b"d" * 32))
        assert await keeper == "agreed"


@pytest.mark.parametrize("ending", ["cancelled", "agreed", "refused", "expired"])
async def test_keeping__of_an_offer_that_can_have_no_deal__ends(
    settings: Settings, tmp_path: Path, port: int, ending: str
) -> None:
    job = await a_job(settings, expiry=int(time.time()) - 1 if ending == "expired" else None)
    jobs = JobFolder(creator_folder(settings, CREATOR.address) / "jobs")
    async with Market(tmp_path / "market", port).open() as service:
        if ending == "cancelled":
            jobs.cancelled(job)
        elif ending == "agreed":
            jobs.agreed(job, b"d" * 32)
        elif ending == "refused":
            entry = service.book.add(job.signed, int(time.time()))
            service.book.refuse(entry, "module revoked")
            assert entry.status is OfferStatus.REFUSED
        assert await keep(settings, job) == ending


async def test_keeping__when_the_market_never_comes_back__gives_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PATIENCE_SECONDS", 0.1)
    assert await keep(settings, await a_job(settings)) == "the market is gone"
