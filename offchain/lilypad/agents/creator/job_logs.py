"""What a job prints: from its provider while it runs, from its checked result afterwards."""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from eth_account.signers.local import LocalAccount

from lilypad.agents.creator.archive import Archive
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.log_stream import LogStream
from lilypad.agents.log_access import RUNNING, WAITING
from lilypad.errors import ContentInvalidError, ContentUnavailableError, OfferInvalidError, RecoverableError
from lilypad.executors.base import LogChunk
from lilypad.protocol.deal import Deal, DealStatus

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class LogsEnd(enum.StrEnum):
    """Why there is no more."""

    FINISHED = "finished"
    """The module has ended: this is all."""
    RUNNING = "running"
    """It goes on; we did not follow."""
    WAITING = "waiting"
    """It has not begun."""
    NONE = "none"
    """The deal ended without a result, so there is nothing that could be trusted."""


class JobLogs:
    """One reading of a job's logs. A provider that restarts is asked again, and no byte is shown twice."""

    def __init__(self, archive: Archive, account: LocalAccount, job: Job) -> None:
        self._archive = archive
        self._job = job
        self._stream = LogStream(archive.network, account, archive.session)
        self._seen = {"stdout": b"", "stderr": b""}
        self.end = LogsEnd.FINISHED
        self.deal: Deal | None = None

    async def read(self, *, follow: bool) -> AsyncGenerator[LogChunk, None]:
        """
        Raises:
            OfferInvalidError: the job was cancelled, or its offer expired unused.
            ContentUnavailableError: the provider cannot be reached; when following only if there is a result.
            ContentInvalidError: what was streamed is not what the provider then committed to.
        """
        told = ""
        while True:
            self.deal = deal = await self._find_deal(wait=follow)
            if deal.status is not DealStatus.AGREED:
                async with aclosing(self._from_result(deal)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            try:
                async with aclosing(self._stream.read(deal, follow=follow)) as chunks:
                    async for chunk in self._new(chunks):
                        yield chunk
                self.end = _end_of(self._stream.ended)
                return
            except ContentUnavailableError as error:
                if not follow:
                    raise
                if str(error) != told:
                    told = str(error)
                    log.warning("logs_awaited", extra={"job": self._job.id[:12], "error": told})
            await asyncio.sleep(LOOK_SECONDS)

    async def _find_deal(self, *, wait: bool) -> Deal:
        while True:
            standing = (await self._archive.standings([self._job])).get(self._job.id)
            if standing is not None:
                return standing.deal
            if self._job.cancelled:
                raise OfferInvalidError("the job was cancelled before a provider took it", job=self._job.id)
            if self._job.signed.offer.expiry < time.time():
                raise OfferInvalidError("no provider took the job before its offer expired", job=self._job.id)
            if not wait:
                raise RecoverableError("no provider has taken the job yet; with -f this waits", job=self._job.id)
            await asyncio.sleep(LOOK_SECONDS)

    async def _from_result(self, deal: Deal) -> AsyncGenerator[LogChunk, None]:
        if deal.claim is None:
            self.end = LogsEnd.NONE
            return
        result = await self._archive.result(self._job, deal)
        for chunk in self._rest_of({"stdout": result.stdout, "stderr": result.stderr}):
            yield chunk

    def _rest_of(self, whole: dict[str, bytes]) -> Iterator[LogChunk]:
        for name, data in whole.items():
            if not data.startswith(self._seen[name]):
                message = "what the provider showed while the job ran is not what it committed to"
                raise ContentInvalidError(message, job=self._job.id, stream=name)
            if rest := data[len(self._seen[name]) :]:
                yield LogChunk("stdout" if name == "stdout" else "stderr", rest)

    async def _new(self, chunks: AsyncGenerator[LogChunk, None]) -> AsyncGenerator[LogChunk, None]:
        """Without what an earlier connection brought: each begins with the first byte."""
        passed = {"stdout": 0, "stderr": 0}
        async for chunk in chunks:
            known = max(len(self._seen[chunk.stream]) - passed[chunk.stream], 0)
            passed[chunk.stream] += len(chunk.data)
            if fresh := chunk.data[known:]:
                self._seen[chunk.stream] += fresh
                yield LogChunk(chunk.stream, fresh)


def _end_of(said: str | None) -> LogsEnd:
    return {RUNNING: LogsEnd.RUNNING, WAITING: LogsEnd.WAITING}.get(said or "", LogsEnd.FINISHED)
