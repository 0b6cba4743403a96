"""Running somebody else's job, twice if need be, in folders that are gone when its deal is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lilypad.agents.work.packages import Catalogue, Package
from lilypad.agents.work.rerunning import Servers, executors, rerun
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import Workshop, require_same_engine
from lilypad.errors import ContentUnavailableError, ExecutorFaultError, FaultError, RejectedError
from lilypad.executors.base import Executor
from lilypad.protocol.deal import Deal
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import HttpBlockSource
from lilypad.types import DealId, Engine

LEAST_DISK_BYTES = 1 << 30
"""Nobody knows how a job ends that has too little."""
FETCHES, FETCH_SECONDS = 8, 60
"""At the same time, and at a time."""
OUTPUTS = 3
"""So often an output may lie on the disk: as it is written, as it is sealed, and once to spare."""

Place = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Looker:
    settings: Settings
    folder: Path
    """One folder for each deal in hand."""
    catalogue: Catalogue
    servers: Servers
    executors: Mapping[Engine, Executor]
    namespace: str
    fetches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES))

    async def package(self, deal: Deal) -> Package:
        """
        Raises:
            RejectedError: this machine has not the module, or not the engine that it names, or its result is not the
                same everywhere.
        """
        package = await self.catalogue.package(deal.job.module)
        require_same_engine(package.manifest)
        if not package.manifest.deterministic:
            raise RejectedError("its module does not promise the same result everywhere", module=package.manifest.name)
        return package

    async def run(
        self, deal: Deal, *, again: bool, place: Callable[[], AbstractAsyncContextManager[None]]
    ) -> ResultRecord:
        """
        Args:
            again: with nothing that an earlier run has used or left: inputs fetched anew, the module read and compiled
                anew, in an executor of its own.
            place: entered while the module runs. Inputs are fetched outside, for those who serve them take their time.

        Raises:
            LilypadError: as `rerun` does.
            OSError: the disk is in the way.
        """
        folder = self.folder / deal.id.hex() / ("again" if again else "first")
        folder.mkdir(parents=True, exist_ok=True)
        package = await self.package(deal)
        self._require_disk(package)
        async with self._engines(folder, again) as engines:
            source = HttpBlockSource([self.servers.market], self.servers.session, rounds=1)
            workshop = Workshop(folder / "work", LocalBlockStore(folder / "blocks"), source, self.catalogue, engines)
            try:
                await self._fetch(workshop, deal)
                async with place():
                    record = await rerun(workshop, deal, self.servers, lambda: True)
            finally:
                await workshop.clean_up(deal.id)
        self._require_disk(package)
        return record

    @asynccontextmanager
    async def _engines(self, folder: Path, again: bool) -> AsyncIterator[Mapping[Engine, Executor]]:
        if not again:
            yield self.executors
            return
        async with executors(self.settings, self.namespace, cache=folder / "cache") as fresh:
            yield fresh.by_engine

    async def _fetch(self, workshop: Workshop, deal: Deal) -> None:
        """In pieces of time: a server that is slow on purpose keeps nobody else waiting, and its blocks stay."""
        async with self.fetches:
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    await workshop.fetch(deal, await self.servers.of(deal))
            except TimeoutError:
                raise ContentUnavailableError("the inputs come too slowly", waited=FETCH_SECONDS) from None

    def _require_disk(self, package: Package) -> None:
        need = LEAST_DISK_BYTES + OUTPUTS * package.manifest.limits.output_bytes
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise FaultError("the disk is too full to run it: make room for LILYPAD_DATA", free=free, need=need)

    async def clean_up(self, deal: DealId) -> None:
        """Nothing stays: neither a container nor a file."""
        for executor in self.executors.values():
            with suppress(ExecutorFaultError):  # an engine that is not there holds nothing
                await executor.cancel(deal.hex())
        await asyncio.to_thread(shutil.rmtree, self.folder / deal.hex(), ignore_errors=True)

    def left(self) -> list[DealId]:
        """The deals that an earlier process has not cleaned up."""
        return [DealId(bytes.fromhex(path.name)) for path in self.folder.glob("*")]
