"""A job that a provider has run, run once more: by a mediator, a watcher or its creator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from lilypad.agents.network import Network
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import Workshop
from lilypad.errors import ContentInvalidError, ContentUnavailableError, EngineAwayError, RecoverableError
from lilypad.executors.base import Executor
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Deal
from lilypad.protocol.docket import Ballot
from lilypad.protocol.mediation import class_of
from lilypad.settings import Settings
from lilypad.store.http import HttpBlockSource
from lilypad.types import Engine

RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Local:
    """This machine's executors."""

    wasm: WasmExecutor
    docker: DockerExecutor

    @property
    def by_engine(self) -> Mapping[Engine, Executor]:
        return {Engine.WASM: self.wasm, Engine.DOCKER: self.docker}


@asynccontextmanager
async def executors(
    settings: Settings, namespace: str, *, at_once: int = 1, cache: Path | None = None
) -> AsyncIterator[Local]:
    """For as long as the block lasts.

    Args:
        namespace: keeps one agent's containers apart from another's.
        cache: of compiled modules; by default the one that all agents of this data folder share.
    """
    here = Local(
        WasmExecutor(cache or settings.data / "wasm-cache", max_concurrent=at_once),
        DockerExecutor(settings.docker, namespace=namespace),
    )
    try:
        yield here
    finally:
        await here.wasm.close()
        await here.docker.close()


@dataclass(frozen=True, slots=True)
class Servers:
    """Who is asked for the inputs of somebody else's job."""

    network: Network
    market: str
    session: aiohttp.ClientSession

    async def of(self, deal: Deal) -> HttpBlockSource:
        """The provider has the inputs that it ran: it is in its interest to serve them."""
        endpoint = await self.network.endpoint(deal.terms.provider)
        return HttpBlockSource([url for url in (self.market, endpoint) if url], self.session, rounds=1)


async def rerun(workshop: Workshop, deal: Deal, servers: Servers, is_late: Callable[[], bool]) -> ResultRecord:
    """What the job amounts to here. The inputs are asked for until it is late.

    Raises:
        ContentUnavailableError, ContentInvalidError: they are not to be had.
        RecoverableError: the chain, or the engine, is away.
        RejectedError, FaultError: this machine cannot run the job.
    """
    while True:
        try:
            return await workshop.run(deal, sources=await servers.of(deal))
        except (ContentUnavailableError, ContentInvalidError):
            if is_late():
                raise
            await asyncio.sleep(RETRY_SECONDS)
        except EngineAwayError as error:
            raise RecoverableError(error.message, **error.fields) from error


def vote_on(record: ResultRecord, deal: Deal) -> bytes:
    """The class that the vote of whoever found this belongs to: see lilypad.protocol.mediation."""
    assert deal.claim is not None  # noqa: S101 - whoever asks has a submitted deal
    ballot = Ballot(commitment(record.result), record.instruction_count)
    return class_of(ballot, deal.claim, deal.agreement.verification.tolerance_bps)
