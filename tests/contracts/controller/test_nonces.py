"""An offer is used once; its maker can make it unusable before that. The bits lie in segments: see NonceSegment."""

from __future__ import annotations

from itertools import permutations
from random import Random
from typing import Any

import pytest

LAST = 2**32 - 1
EDGES = [0, 1, 31, 32, 63, 255, 256, 287, 288, 2**31, LAST - 1, LAST]
"""Of a segment of 32, of a word of 256, and of all."""


@pytest.fixture
def is_used(payments: Any, controller: Any, creator: Any) -> Any:
    return lambda nonce: payments.isNonceUsed(controller, creator, nonce)


@pytest.fixture
def spend(controller: Any, maker: Any, roles: Any) -> Any:
    """The cheapest that uses a creator's nonce: a netting of nothing."""

    def use(nonce: int) -> None:
        owed = maker.netting(nonce=nonce, amount=0)
        controller.net(owed.words(), b"", sender=roles.creator)

    return use


# ------------------------------------------------------------ used once


@pytest.mark.parametrize("nonce", EDGES)
def test_agree__nonce_at_an_edge__is_used_afterwards(desk: Any, maker: Any, is_used: Any, nonce: int) -> None:
    assert not is_used(nonce)
    desk.agree(maker.job(nonce=nonce))
    assert is_used(nonce)
    near = {nonce ^ 1, nonce ^ 2, nonce ^ 32, nonce ^ 256, nonce ^ 1 << 31}
    assert not [other for other in near if is_used(other)]


@pytest.mark.parametrize("nonce", EDGES)
def test_agree__job_nonce_again__reverts(desk: Any, maker: Any, nonce: int) -> None:
    desk.agree(maker.job(nonce=nonce))
    with desk.nonce_used(maker.creator.address, nonce):
        desk.agree(maker.job(nonce=nonce))


@pytest.mark.parametrize("nonce", EDGES)
def test_agree__resource_nonce_again__reverts(desk: Any, maker: Any, nonce: int) -> None:
    desk.agree(resource=maker.resource(nonce=nonce))
    with desk.nonce_used(maker.provider.address, nonce):
        desk.agree(resource=maker.resource(nonce=nonce))


def test_agree__deal_ended__its_offers_stay_used(controller: Any, desk: Any, provider: Any) -> None:
    case = desk.agree()
    controller.decline(case.terms.words(), sender=provider)
    with desk.nonce_used(case.job.creator, case.job.nonce):
        desk.agree(case.job)
    with desk.nonce_used(case.resource.provider, case.resource.nonce):
        desk.agree(resource=case.resource)


def test_agree__same_nonce_of_both_makers__is_agreed(desk: Any, maker: Any) -> None:
    desk.agree(maker.job(nonce=1_000), maker.resource(nonce=1_000))


def test_agree__refused__uses_no_nonce(payments: Any, controller: Any, desk: Any, maker: Any, roles: Any) -> None:
    used = desk.agree().resource
    job = maker.job()
    with desk.nonce_used(roles.provider, used.nonce):
        desk.agree(job, used)
    assert not payments.isNonceUsed(controller, roles.creator, job.nonce)
    desk.agree(job)


# ------------------------------------------------------------ in any order


@pytest.mark.parametrize("order", permutations((31, 32, 255, 256)), ids=str)
def test_nonces__across_the_borders_of_segment_and_word_in_any_order__each_is_used_once(
    desk: Any, creator: Any, spend: Any, is_used: Any, order: tuple[int, ...]
) -> None:
    for index, nonce in enumerate(order):
        assert [is_used(other) for other in order] == [at < index for at in range(4)]
        spend(nonce)
    for nonce in order:
        with desk.nonce_used(creator, nonce):
            spend(nonce)
    assert not [other for nonce in order for other in (nonce ^ 4, nonce ^ 64) if is_used(other)]


def test_nonces__of_a_segment_that_was_left__stay_used_and_its_others_stay_good(
    desk: Any, creator: Any, spend: Any, is_used: Any
) -> None:
    for nonce in (5, 6, 40, 300, 7, 39, 301):
        spend(nonce)
    assert [nonce for nonce in range(320) if is_used(nonce)] == [5, 6, 7, 39, 40, 300, 301]
    for nonce in (6, 7, 39, 300):
        with desk.nonce_used(creator, nonce):
            spend(nonce)


def test_nonces__a_hundred_at_random__are_the_model_s(
    payments: Any, controller: Any, desk: Any, creator: Any, spend: Any, is_used: Any
) -> None:
    """Used and cancelled, forwards and backwards, within three words."""
    random, used = Random(7), set[int]()
    for _ in range(100):
        nonce = random.randrange(768)
        if random.random() < 0.3:
            payments.cancelNonce(controller, nonce, sender=creator)
        elif nonce in used:
            with desk.nonce_used(creator, nonce):
                spend(nonce)
        else:
            spend(nonce)
        used.add(nonce)
    around = used | {nonce ^ 1 for nonce in used} | {nonce ^ 32 for nonce in used} | {nonce ^ 256 for nonce in used}
    assert {nonce for nonce in around if is_used(nonce)} == used


def test_nonces__money_beside_them__is_not_touched(spend: Any, books: Any, desk: Any) -> None:
    """They lie in one word with the balance: neither runs over into the other."""
    desk.agree()
    with books.unchanged():
        for nonce in (LAST, LAST - 31, 2**31, 32):
            spend(nonce)


# ------------------------------------------------------------ cancelled


@pytest.mark.parametrize("nonce", EDGES)
def test_cancel_nonce__by_its_account__offer_cannot_be_agreed(
    controller: Any, payments: Any, desk: Any, maker: Any, creator: Any, books: Any, nonce: int
) -> None:
    with books.unchanged():
        receipt = payments.cancelNonce(controller, nonce, sender=creator)

    (event,) = payments.NoncesCancelled.from_receipt(receipt)
    assert (event.controller, event.account) == (controller, creator)
    assert (event.word, event.mask) == (nonce >> 8, 1 << (nonce & 255))
    with desk.nonce_used(creator, nonce):
        desk.agree(maker.job(nonce=nonce))


@pytest.mark.parametrize("highest", [0, 9 * 256 + 33, 10**6], ids=["before", "among them", "beyond"])
def test_cancel_nonces__mask__cancels_its_bits_alone(
    controller: Any, payments: Any, creator: Any, spend: Any, is_used: Any, highest: int
) -> None:
    """Wherever the segment in use lies."""
    spend(highest)
    mask = 1 << 255 | 1 << 34 | 1 << 4 | 1
    receipt = payments.cancelNonces(controller, 9, mask, sender=creator)

    (event,) = payments.NoncesCancelled.from_receipt(receipt)
    assert (event.account, event.word, event.mask) == (creator, 9, mask)
    used = {bit for bit in range(256) if is_used(9 * 256 + bit)}
    assert used == {0, 4, 34, 255} | ({33} if highest >> 8 == 9 else set())
    assert not is_used(8 * 256)


def test_cancel_nonces__before_their_segment_is_reached__stay_cancelled(
    controller: Any, payments: Any, desk: Any, creator: Any, spend: Any
) -> None:
    payments.cancelNonces(controller, 1, 1 << 32, sender=creator)
    spend(256 + 33)  # the segment moves there, and takes the cancelled bit along
    with desk.nonce_used(creator, 256 + 32):
        spend(256 + 32)
    spend(10**6)
    with desk.nonce_used(creator, 256 + 32):
        spend(256 + 32)


def test_cancel_nonces__a_whole_word__none_of_it_is_good(
    controller: Any, payments: Any, creator: Any, spend: Any, is_used: Any
) -> None:
    spend(300)
    payments.cancelNonces(controller, 1, 2**256 - 1, sender=creator)
    assert all(is_used(nonce) for nonce in range(256, 512))
    assert not is_used(255)
    assert not is_used(512)


def test_cancel_nonces__word_that_no_nonce_has__changes_nothing(
    controller: Any, payments: Any, creator: Any, spend: Any, books: Any
) -> None:
    with books.unchanged():
        for word in (2**24, 2**29, 2**256 - 1):
            payments.cancelNonces(controller, word, 2**256 - 1, sender=creator)
    spend(0)
    spend(LAST)


@pytest.mark.parametrize("who", ["stranger", "provider"])
def test_cancel_nonce__by_somebody_else__changes_nothing(
    controller: Any, payments: Any, desk: Any, maker: Any, roles: Any, who: str
) -> None:
    job = maker.job()
    payments.cancelNonces(controller, job.nonce >> 8, 2**256 - 1, sender=getattr(roles, who))
    desk.agree(job, maker.resource(nonce=10**6))


def test_cancel_nonces__zero_mask__does_not_bring_an_offer_back(
    controller: Any, payments: Any, desk: Any, maker: Any, creator: Any
) -> None:
    job = maker.job()
    payments.cancelNonce(controller, job.nonce, sender=creator)
    payments.cancelNonces(controller, job.nonce >> 8, 0, sender=creator)
    with desk.nonce_used(creator, job.nonce):
        desk.agree(job)


def test_cancel_nonce__of_a_deal_in_flight__deal_goes_on(
    controller: Any, payments: Any, desk: Any, creator: Any
) -> None:
    case = desk.agree()
    payments.cancelNonce(controller, case.job.nonce, sender=creator)
    controller.accept(*desk.submit(case).submitted, sender=creator)


def test_cancel_nonce__at_another_controller__is_that_one_s_own(
    payments: Any, desk: Any, maker: Any, roles: Any
) -> None:
    job = maker.job()
    payments.cancelNonce(roles.stranger, job.nonce, sender=roles.creator)
    desk.agree(job)
