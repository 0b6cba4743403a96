"""The market's web service: nobody can cancel another's offer, because it believes the chain alone."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lilypad.errors import OfferInvalidError, RecoverableError
from lilypad.market.book import OfferStatus, OrderBook, SignedJob
from lilypad.market.client import MarketClient
from lilypad.market.service import MarketService
from lilypad.protocol.signing import sign
from tests.offchain.agents.deals import CREATOR, DOMAIN, STRANGER, job_offer


class Chain:
    """Which nonces are used."""

    def __init__(self, *used: tuple[str, int]) -> None:
        self.used = {*used}
        self.asked: list[tuple[str, int]] = []
        self.is_away = False

    async def is_used(self, account: str, nonce: int) -> bool:
        if self.is_away:
            raise RecoverableError("no endpoint answers")
        self.asked.append((account, nonce))
        return (account, nonce) in self.used


@pytest.mark.parametrize(
    ("used", "status"),
    [
        ((CREATOR.address, 7), OfferStatus.REFUSED),
        ((CREATOR.address, 8), OfferStatus.RESTING),
        ((STRANGER.address, 7), OfferStatus.RESTING),
    ],
)
async def test_cancelled__of_an_offer__is_believed_if_the_chain_says_so(
    used: tuple[str, int], status: OfferStatus
) -> None:
    offer = job_offer(nonce=7, expiry=int(time.time()) + 600)
    book = OrderBook(DOMAIN)
    entry = book.add(SignedJob(offer, sign(CREATOR, DOMAIN, offer)), int(time.time()))
    async with _served(book, Chain(used)) as client:
        found = await _market(client).cancelled(entry.digest)
    assert found.status is status
    assert entry.status is status


async def test_cancelled__of_an_offer_that_nobody_knows__is_an_error() -> None:
    async with _served(OrderBook(DOMAIN), Chain()) as client:
        with pytest.raises(OfferInvalidError, match="nothing to cancel"):
            await _market(client).cancelled(bytes(32))


@pytest.mark.parametrize(("used", "status"), [(7, OfferStatus.REFUSED), (8, OfferStatus.RESTING)])
async def test_announced__offer_that_the_book_has_forgotten__is_looked_up_on_chain(
    used: int, status: OfferStatus
) -> None:
    chain = Chain((CREATOR.address, used))
    async with _served(OrderBook(DOMAIN), chain) as client:
        assert (await _market(client).announce(_job())).status is status
        asked = len(chain.asked)
        assert (await _market(client).announce(_job())).status is status
    assert len(chain.asked) == asked == 1


async def test_announced__while_the_chain_is_away__rests_and_is_looked_up_later() -> None:
    chain = Chain((CREATOR.address, 7))
    chain.is_away = True
    async with _served(OrderBook(DOMAIN), chain) as client:
        assert (await _market(client).announce(_job())).status is OfferStatus.RESTING
        chain.is_away = False
        assert (await _market(client).announce(_job())).status is OfferStatus.REFUSED


def _job() -> SignedJob:
    offer = job_offer(nonce=7, expiry=int(time.time()) + 600)
    return SignedJob(offer, sign(CREATOR, DOMAIN, offer))


def _served(book: OrderBook, chain: Chain) -> TestClient[Any, Any]:
    app = web.Application()
    app.add_subapp("/v1", MarketService(book, STRANGER.address, lambda _: set(), chain.is_used).app())
    return TestClient(TestServer(app))


def _market(client: TestClient[Any, Any]) -> MarketClient:
    session: aiohttp.ClientSession = client.session
    return MarketClient(str(client.make_url("")), session)
