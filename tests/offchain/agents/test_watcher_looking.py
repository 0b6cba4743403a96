"""A watcher's runs: two with nothing in common, nothing left behind, nothing said where this machine is at fault."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from lilypad.agents.watcher import looking
from lilypad.agents.watcher.looking import Looker
from lilypad.agents.work.packages import Package
from lilypad.agents.work.rerunning import Servers, executors
from lilypad.agents.work.results import ResultRecord
from lilypad.errors import ContentUnavailableError, FaultError, ModuleInvalidError, RejectedError
from lilypad.modules.folder import load_manifest, write_inputs
from lilypad.modules.manifest import WasmArtifact
from lilypad.protocol.deal import Deal
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import content_app
from lilypad.types import Address, ModuleId
from tests.e2e.packages import wasm_package

from .deals import submitted_deal

CEILING = 50_000_000


@dataclass
class Shelf:
    """A catalogue with one package, as the registry would name it."""

    one: Package

    async def package(self, module: ModuleId) -> Package:
        return self.one


class NoEndpoints:
    """The part of a network that a fetch needs: the provider has registered none."""

    async def endpoint(self, account: Address) -> str:
        return ""


@dataclass
class Desk:
    looker: Looker
    deal: Deal
    shelf: Shelf
    market: LocalBlockStore
    entered: int = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        self.entered += 1
        yield

    async def run(self, *, again: bool = False) -> ResultRecord:
        return await self.looker.run(self.deal, again=again, place=self.place)

    def left(self) -> list[Path]:
        return [*self.looker.folder.iterdir()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A watcher before a job whose inputs the market serves."""
    wasm_package(tmp_path / "modules", "cowsay", CEILING)
    folder = tmp_path / "modules" / "cowsay"
    package, market = Package(load_manifest(folder), folder), LocalBlockStore(tmp_path / "market")
    write_inputs(package.manifest, {"Message": "moo"}, tmp_path / "inputs")
    root = await market.add_directory(tmp_path / "inputs")
    found = submitted_deal()
    terms = replace(found.terms, price_per_instruction=1, payment_ceiling=CEILING)
    deal = replace(found, terms=terms, job=replace(found.job, inputs=root.digest))
    app = web.Application()
    app.add_subapp("/content", content_app(market, uploads=False))
    settings = Settings(data=tmp_path / "data", docker=f"unix://{tmp_path}/none")
    (tmp_path / "results").mkdir()
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as session,
        executors(settings, "test") as engines,
    ):
        servers, shelf = Servers(cast(Any, NoEndpoints()), str(server.make_url("/")), session), Shelf(package)
        looker = Looker(settings, tmp_path / "results", cast(Any, shelf), servers, engines.by_engine, "test")
        yield Desk(looker, deal, shelf, market)


async def test_run__of_a_job__finds_the_same_with_nothing_in_common(desk: Desk, tmp_path: Path) -> None:
    first = await desk.run()
    shutil.rmtree(tmp_path / "data" / "wasm-cache")
    assert await desk.run(again=True) == first
    assert not (tmp_path / "data" / "wasm-cache").exists(), "compiled anew, and elsewhere"
    assert desk.entered == 2


async def test_deal__that_is_done__leaves_nothing_on_the_disk(desk: Desk) -> None:
    await desk.run()
    await desk.run(again=True)
    assert desk.looker.left() == [desk.deal.id]
    await desk.looker.clean_up(desk.deal.id)
    assert desk.left() == []


async def test_inputs__that_are_not_there__are_waited_for_without_a_place(desk: Desk, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "market")
    with pytest.raises(ContentUnavailableError, match="No server has this content"):
        await desk.run()
    assert desk.entered == 0, "others can run meanwhile"


async def test_inputs__that_come_too_slowly__keep_nobody_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "FETCH_SECONDS", 0)
    with pytest.raises(ContentUnavailableError, match="the inputs come too slowly"):
        await desk.run()
    assert desk.entered == 0


async def test_disk__that_is_nearly_full__is_this_machine_s_fault(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking.shutil, "disk_usage", lambda _: SimpleNamespace(free=looking.LEAST_DISK_BYTES))
    with pytest.raises(FaultError, match="the disk is too full to run it"):
        await desk.run()


async def test_disk__that_fills_up_while_it_runs__is_no_result(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([1 << 40, 0])
    monkeypatch.setattr(looking.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(free)))
    with pytest.raises(FaultError, match="the disk is too full to run it"):
        await desk.run()
    assert desk.entered == 1


async def test_module__that_is_damaged__is_not_run(desk: Desk) -> None:
    with (desk.shelf.one.folder / "program.wasm").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModuleInvalidError):
        await desk.run()


async def test_module__of_another_engine_version__is_not_run(desk: Desk) -> None:
    manifest = desk.shelf.one.manifest
    assert isinstance(manifest.artifact, WasmArtifact)
    other = replace(manifest, artifact=replace(manifest.artifact, engine="wasmtime 1.0.0"))
    desk.shelf.one = replace(desk.shelf.one, manifest=other)
    with pytest.raises(RejectedError, match=r"the module needs wasmtime 1\.0\.0"):
        await desk.run()


async def test_module__that_promises_nothing__is_not_run(desk: Desk) -> None:
    desk.shelf.one = replace(desk.shelf.one, manifest=replace(desk.shelf.one.manifest, deterministic=False))
    with pytest.raises(RejectedError, match="does not promise the same result everywhere"):
        await desk.run()
