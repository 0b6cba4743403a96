"""From a result on chain to checked bytes on this machine."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from lilypad.agents.network import Network, show_id
from lilypad.agents.work.results import ResultRecord
from lilypad.errors import ContentInvalidError, ContentUnavailableError
from lilypad.protocol.deal import Deal
from lilypad.store.blocks import BlockStore
from lilypad.store.http import HttpBlockSource
from lilypad.store.results import seal, verify
from lilypad.types import ExitStatus

RECORD_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class JobResult:
    """A result whose every byte was checked against the commitment on chain."""

    record: ResultRecord
    folder: Path
    """Holds stdout, stderr, exitCode and outputs/."""

    @property
    def exit_status(self) -> int:
        return int(self.record.result.exit_status)

    @property
    def stdout(self) -> bytes:
        return (self.folder / "stdout").read_bytes()

    @property
    def stderr(self) -> bytes:
        return (self.folder / "stderr").read_bytes()

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"


async def fetch_result(
    network: Network,
    deal: Deal,
    store: BlockStore,
    output: Path,
    session: aiohttp.ClientSession,
    others: Sequence[str] = (),
) -> JobResult:
    """
    Args:
        others: base URLs of whoever may have it beside the provider.

    Raises:
        ContentUnavailableError: nobody who has it, or its content, can be reached.
        ContentInvalidError: what is served is not what was committed to.
    """
    url = await network.endpoint(deal.terms.provider)
    refused: ContentInvalidError | ContentUnavailableError | None = None
    for server in (url, *others):
        try:
            return await _fetch_from(server, deal, store, output, session)
        except (ContentInvalidError, ContentUnavailableError) as error:
            refused = refused if isinstance(refused, ContentInvalidError) else error
    assert refused is not None  # noqa: S101 - there is one server at least
    raise refused


async def _fetch_from(
    url: str, deal: Deal, store: BlockStore, output: Path, session: aiohttp.ClientSession
) -> JobResult:
    if not url:
        raise ContentUnavailableError("the provider has registered no endpoint", provider=deal.terms.provider)
    record = await _record(url, deal, session)
    if deal.claim is None or not record.matches(deal.claim):
        raise ContentInvalidError("the provider's record is not what it committed to on chain", deal=show_id(deal.id))
    if output.exists():  # noqa: ASYNC240 - one stat
        await asyncio.to_thread(shutil.rmtree, output)
    source = HttpBlockSource([url], session)
    await store.fetch_directory(record.cid, output, source=source)
    await verify(output, record.result)
    return JobResult(record, output)


async def local_result(deal: Deal, store: BlockStore, output: Path) -> JobResult | None:
    """What an earlier fetch left, if every byte of it still is what was committed to."""
    if deal.claim is None or not output.is_dir():  # noqa: ASYNC240 - one stat
        return None
    try:
        status = ExitStatus(int((output / "exitCode").read_text()))
        result, _ = await seal(output, status, store)
    except (OSError, ValueError, ContentInvalidError):
        return None
    record = ResultRecord(result, deal.claim.instruction_count)
    return JobResult(record, output) if record.matches(deal.claim) else None


async def _record(url: str, deal: Deal, session: aiohttp.ClientSession) -> ResultRecord:
    address = f"{url.rstrip('/')}/v1/deals/{show_id(deal.id)}"
    try:
        async with session.get(address, timeout=aiohttp.ClientTimeout(total=10), allow_redirects=False) as answer:
            if answer.status == 410:
                raise ContentUnavailableError(
                    "the provider has let go of this result: its deal ended long ago", url=url
                )
            if answer.status != 200:
                raise ContentUnavailableError("the provider has no result of this deal", status=answer.status)
            body = b""
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > RECORD_BYTES:
                    raise ContentInvalidError("the provider's record is too long", limit=RECORD_BYTES)
            return ResultRecord.from_json(_json(body))
    except (TimeoutError, aiohttp.ClientError) as error:
        raise ContentUnavailableError(f"the provider cannot be reached: {error}", url=url) from error


def _json(body: bytes) -> object:
    try:
        plain: object = json.loads(body)
    except ValueError as error:
        raise ContentInvalidError("the provider's record is not JSON") from error
    return plain
