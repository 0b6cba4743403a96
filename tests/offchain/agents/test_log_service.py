"""Who may read a running job's logs, and what the answer looks like while a module is quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lilypad.agents.creator.log_stream import LogStream
from lilypad.agents.log_access import authorization, authorize
from lilypad.agents.network import Network, show_id
from lilypad.agents.provider import log_service
from lilypad.agents.provider.live_logs import LiveLogs
from lilypad.agents.provider.log_service import LogService
from lilypad.errors import ContentInvalidError, ContentUnavailableError, RejectedError
from lilypad.executors.base import LogChunk
from lilypad.protocol.access import LogRequest
from lilypad.protocol.deal import Deal
from lilypad.protocol.signing import sign
from lilypad.types import DealId

from .deals import CREATOR, DOMAIN, NOW, STRANGER, agreed_deal

DEAL = agreed_deal()


class Talker:
    """An executor whose module says what the test lets it say."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[LogChunk | None] = asyncio.Queue()

    async def logs(self, execution_id: str, *, follow: bool = True) -> AsyncIterator[LogChunk]:
        while (chunk := await self.says.get()) is not None:
            yield chunk


class Patient:
    """An executor whose module says one thing, and ends when the test lets it."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()

    async def logs(self, execution_id: str, *, follow: bool = True) -> AsyncIterator[LogChunk]:
        yield LogChunk("stdout", b"x")
        await self.ends.wait()


class Deals:
    """The part of a deal book that the service reads."""

    def __init__(self) -> None:
        self.of_deal: dict[str, Any] = {}

    def get(self, deal: DealId) -> Deal | None:
        return DEAL if deal == DEAL.id else None

    def notes(self, deal: DealId) -> dict[str, Any]:
        return self.of_deal


class Directory:
    """A network that knows where the provider is."""

    def __init__(self, url: str) -> None:
        self.domain, self._url = DOMAIN, url

    async def endpoint(self, account: str) -> str:
        return self._url


@asynccontextmanager
async def served(*, begun: bool) -> AsyncIterator[tuple[TestClient[Any, Any], Talker, LiveLogs, Deals]]:
    talker, live, deals = Talker(), LiveLogs(), Deals()
    if begun:
        live.begin(DEAL.id, cast(Any, talker))
    app = web.Application()
    service = LogService(DOMAIN, cast(Any, deals), live)
    app.router.add_get("/v1/deals/{deal:0x[0-9a-f]{64}}/logs", service.get)
    async with TestClient(TestServer(app)) as client:
        yield client, talker, live, deals


def stream(client: TestClient[Any, Any], account: Any = CREATOR) -> LogStream:
    directory = Directory(str(client.make_url("")))
    return LogStream(cast(Network, directory), account, cast(aiohttp.ClientSession, client.session))


def signed(account: Any, moment: int = NOW, deal: Deal = DEAL) -> str:
    return authorization(sign(account, DOMAIN, LogRequest(deal.id, moment)), moment)


def test_authorize__by_the_creator_within_a_minute__passes() -> None:
    for now in (NOW - 60, NOW, NOW + 60):
        authorize(signed(CREATOR), DOMAIN, DEAL, now)


@pytest.mark.parametrize(
    ("header", "now", "says"),
    [
        (signed(CREATOR), NOW + 61, "61 s"),
        (signed(CREATOR), NOW - 61, "61 s"),
        (signed(STRANGER), NOW, "only the creator"),
        (signed(CREATOR, deal=agreed_deal(NOW + 1)), NOW, "only the creator"),
        (signed(CREATOR).replace(str(NOW), str(NOW + 1)), NOW, "only the creator"),
        (signed(CREATOR).replace("Lilypad", "Bearer"), NOW, "send the header"),
        ("", NOW, "send the header"),
        ("Lilypad -1:0x", NOW, "only the creator"),
        (f"Lilypad {'9' * 40}:0x00", NOW, "send the header"),
        ("Lilypad ٣:0x00", NOW, "send the header"),
    ],
)
def test_authorize__of_anything_else__is_refused(header: str, now: int, says: str) -> None:
    with pytest.raises(RejectedError, match=says):
        authorize(header, DOMAIN, DEAL, now)


async def test_stream__of_a_module_that_begins_later__waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_service, "QUIET_SECONDS", 0.01)
    async with served(begun=False) as (client, talker, live, _):
        reading = stream(client)
        chunks = reading.read(DEAL, follow=True)
        first = asyncio.create_task(anext(chunks))
        live.begin(DEAL.id, cast(Any, talker))
        big = bytes(range(256)) * 200
        talker.says.put_nowait(LogChunk("stdout", big))
        talker.says.put_nowait(None)
        found = (await first).data + b"".join([chunk.data async for chunk in chunks])
    assert found == big
    assert reading.ended == "finished"


async def test_stream__of_a_quiet_module__shows_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_service, "QUIET_SECONDS", 0.01)
    async with served(begun=True) as (client, talker, _, _):
        headers = {"Authorization": signed(CREATOR, int(time.time()))}
        url = f"/v1/deals/{show_id(DEAL.id)}/logs"
        async with client.get(url, params={"follow": "1"}, headers=headers) as answer:
            assert [await answer.content.readline() for _ in range(2)] == [b"\n", b"\n"]
            talker.says.put_nowait(None)
            *_, last = (await answer.content.read()).splitlines()
            assert last == b'{"end": "finished"}'


async def test_stream__without_following__of_what_has_not_begun__says_so() -> None:
    async with served(begun=False) as (client, _, _, deals):
        reading = stream(client)
        assert [chunk async for chunk in reading.read(DEAL, follow=False)] == []
        assert reading.ended == "waiting"
        deals.of_deal["declined"] = "no such module here"
        assert [chunk async for chunk in reading.read(DEAL, follow=True)] == []
        assert reading.ended == "finished"


async def test_stream__under_way__is_known_to_whoever_would_clear_up_what_it_reads() -> None:
    async with served(begun=False) as (client, _, live, _):
        patient = Patient()
        live.begin(DEAL.id, cast(Any, patient))
        chunks = [stream(client).read(DEAL, follow=True) for _ in range(2)]
        assert not live.is_read(DEAL.id)
        assert [(await anext(each)).data for each in chunks] == [b"x"] * 2
        assert live.is_read(DEAL.id)
        patient.ends.set()
        assert [[chunk async for chunk in each] for each in chunks] == [[]] * 2
        assert not live.is_read(DEAL.id)


async def test_stream__of_a_job_whose_result_is_there__is_refused_until_it_is_read_from_that() -> None:
    """It is no longer at hand: a creator that has not heard of the submission yet looks again."""
    async with served(begun=False) as (client, _, _, deals):
        deals.of_deal["result"] = {}
        with pytest.raises(ContentUnavailableError, match="what it printed is in its result"):
            await anext(stream(client).read(DEAL, follow=True))


async def test_stream__for_a_fifth_reader__is_refused_until_another_ends() -> None:
    async with served(begun=False) as (client, _, live, _):
        patient = Patient()
        live.begin(DEAL.id, cast(Any, patient))
        chunks = [stream(client).read(DEAL, follow=True) for _ in range(4)]
        assert [(await anext(each)).data for each in chunks] == [b"x"] * 4
        with pytest.raises(ContentUnavailableError, match="others read"):
            await anext(stream(client).read(DEAL, follow=True))
        patient.ends.set()
        assert [[chunk async for chunk in each] for each in chunks] == [[]] * 4
        assert [chunk.data async for chunk in stream(client).read(DEAL, follow=True)] == [b"x"]


async def test_stream__for_a_stranger__is_refused() -> None:
    async with served(begun=True) as (client, _, _, _):
        with pytest.raises(RejectedError, match="only the creator"):
            await anext(stream(client, STRANGER).read(DEAL, follow=True))


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        (b'{"stream": "stdout", "data": "aGk="}\n', ContentUnavailableError, "broke"),
        (b"hello\n", ContentInvalidError, "protocol"),
        (b'{"stream": "screen", "data": ""}\n', ContentInvalidError, "stream"),
        (b"x" * 100_000, ContentInvalidError, "does not end"),
        (b"[1]\n", ContentInvalidError, "protocol"),
    ],
)
async def test_stream__of_a_provider_that_breaks_the_protocol__ends_with_an_error(
    body: bytes, error: type[Exception], says: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/v1/deals/{deal}/logs", answer)
    async with TestClient(TestServer(app)) as client:
        with pytest.raises(error, match=says):
            _ = [chunk async for chunk in stream(client).read(DEAL, follow=True)]
