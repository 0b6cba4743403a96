"""The order book: what it keeps, and what it may forget."""

from __future__ import annotations

from lilypad.market.book import Entry, OfferStatus, OrderBook, SignedJob
from lilypad.protocol.signing import sign
from lilypad.types import DealId
from tests.offchain.agents.deals import CREATOR, DOMAIN, NOW, job_offer

DEAL = DealId(b"d" * 32)


def add(book: OrderBook, nonce: int, expiry: int = NOW + 600) -> Entry:
    offer = job_offer(nonce, expiry)
    return book.add(SignedJob(offer, sign(CREATOR, DOMAIN, offer)), NOW)


def test_forget__what_the_chain_has_buried__and_keeps_what_it_may_take_back() -> None:
    book = OrderBook(DOMAIN)
    deep, young, waiting = add(book, 0), add(book, 1), add(book, 2)
    book.agreed((deep.digest,), DEAL, block=100)
    book.agreed((young.digest,), DEAL, block=101)
    book.forget(NOW, buried=100)
    assert [book.get(entry.digest) is not None for entry in (deep, young, waiting)] == [False, True, True]


def test_forget__expired_offers__whatever_became_of_them() -> None:
    book = OrderBook(DOMAIN)
    short, long = add(book, 0, NOW + 1), add(book, 1, NOW + 600)
    book.forget(NOW + 2)
    assert [book.get(entry.digest) is not None for entry in (short, long)] == [False, True]


def test_reopen__an_offer_refused_for_what_the_chain_has_taken_back__waits_again() -> None:
    book = OrderBook(DOMAIN)
    before, after = add(book, 0), add(book, 1)
    book.position = 10
    book.refuse(before, "poor")
    book.position = 20
    book.refuse(after, "poor")
    book.reopen(15)
    assert (before.status, after.status) == (OfferStatus.REFUSED, OfferStatus.RESTING)


def test_forget__refused_long_ago__is_taken_up_again_when_its_maker_still_wants_it() -> None:
    book = OrderBook(DOMAIN)
    book.position = 10
    book.refuse(add(book, 0), "poor")
    assert add(book, 0).status is OfferStatus.REFUSED
    book.forget(NOW, buried=10)
    assert add(book, 0).status is OfferStatus.RESTING
