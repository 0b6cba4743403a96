"""A creator's jobs, looked at: where they stand on chain, and what came of them. Needs no key and sends nothing."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp

from lilypad.agents.books.deals import DealBook
from lilypad.agents.books.logbook import FOREVER
from lilypad.agents.books.looking import look
from lilypad.agents.court import publishers
from lilypad.agents.creator.jobs import Job, JobFolder, creator_folder
from lilypad.agents.network import Network
from lilypad.agents.work.fetching import JobResult, fetch_result, local_result
from lilypad.chain.deployments import read_deployment
from lilypad.chain.rpc import Rpc
from lilypad.protocol.deal import Deal
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.store.http import HttpBlockSource
from lilypad.store.journal import Journal
from lilypad.types import Address


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job's deal stands on chain, and which transactions brought it there."""

    deal: Deal
    transactions: tuple[tuple[str, bytes], ...]
    """Event and transaction hash, in order."""


class Archive:
    def __init__(self, network: Network, settings: Settings, account: Address, session: aiohttp.ClientSession) -> None:
        self.network = network
        self.account = account
        self.folder = folder = creator_folder(settings, account)
        self.jobs = JobFolder(folder / "jobs")
        self.settings = settings
        self.session = session
        self._store = LocalBlockStore(folder / "blocks")

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings, account: Address) -> AsyncIterator[Self]:
        async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc, aiohttp.ClientSession() as session:
            deployment = read_deployment(settings.deployments, settings.chain_id)
            yield cls(Network(rpc, deployment), settings, account, session)

    async def standings(self, jobs: Sequence[Job]) -> dict[str, Standing]:
        return await find_standings(self.network, jobs, self.settings.confirmations)

    async def result(self, job: Job, deal: Deal, *, again: bool = False) -> JobResult:
        """The output of a deal that has a claim: checked again if it lies here, fetched if not. `again` fetches in any
        case, as whoever has nothing of it would.

        Raises:
            ContentUnavailableError: it is not here, and the provider cannot be reached.
            ContentInvalidError: what the provider serves is not what it committed to.
        """
        output = self.jobs.path(job.id) / "output"
        others = await publishers(self.network, deal)
        if again:
            with tempfile.TemporaryDirectory(prefix="lilypad-") as folder:
                fresh = LocalBlockStore(Path(folder))
                return await fetch_result(self.network, deal, fresh, output, self.session, others)
        found = await local_result(deal, self._store, output)
        return found or await fetch_result(self.network, deal, self._store, output, self.session, others)

    async def content(self, cid: Cid, destination: Path, servers: Sequence[str] = ()) -> None:
        """Writes a directory by its CID, from this machine, the named servers, the providers of this account's jobs, or
        the market. Whoever has it, every byte is checked.

        Raises:
            ContentUnavailableError: none of them has it.
            ContentInvalidError: it is a single file, or no canonical directory.
        """
        standings = await self.standings(self.jobs.all())
        providers = dict.fromkeys(standing.deal.terms.provider for standing in standings.values())
        endpoints = [url for provider in providers if (url := await self.network.endpoint(provider))]
        source = HttpBlockSource([*servers, *endpoints, self.settings.market], self.session, rounds=1)
        await asyncio.to_thread(shutil.rmtree, destination, ignore_errors=True)
        destination.parent.mkdir(parents=True, exist_ok=True)
        await self._store.fetch_directory(cid, destination, source=source)


async def find_standings(network: Network, jobs: Sequence[Job], confirmations: int = 0) -> dict[str, Standing]:
    """By job id; a job without a deal is not in it. One pass over the log since the oldest of them."""
    if not jobs:
        return {}
    wanted, first = {job.id for job in jobs}, min(job.block for job in jobs)

    def open_book(journal: Journal) -> DealBook:
        return DealBook(network, journal, "look", lambda e: e.agreement.job_digest.hex() in wanted, linger=FOREVER)

    book = await look(network, network.controller.address, first, confirmations, open_book)
    return {deal.agreement.job_digest.hex(): Standing(deal, tuple(book.transactions(deal.id))) for deal in book}
