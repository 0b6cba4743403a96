"""An offer is used once; its maker can make it unusable before that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.errors import reverts_with

EDGES = [0, 1, 255, 256, 2**256 - 1]


@pytest.mark.parametrize("nonce", EDGES)
def test_agree__nonce_at_an_edge__is_used_afterwards(controller: Any, desk: Any, maker: Any, nonce: int) -> None:
    job = maker.job(nonce=nonce)
    assert not payments.isNonceUsed(controller, job.creator, nonce)
    desk.agree(job)
    assert payments.isNonceUsed(controller, job.creator, nonce)
    assert not payments.isNonceUsed(controller, job.creator, nonce ^ 2)
    assert not payments.isNonceUsed(controller, job.creator, nonce ^ 256)


def test_agree__job_nonce_again__reverts(controller: Any, desk: Any, maker: Any, stranger: Any) -> None:
    desk.agree(maker.job(nonce=77))
    with desk.nonce_used(maker.creator.address, 77):
        controller.agree(*maker.pair(maker.job(nonce=77), maker.resource()), sender=stranger)


def test_agree__resource_nonce_again__reverts(controller: Any, desk: Any, maker: Any, stranger: Any) -> None:
    desk.agree(resource=maker.resource(nonce=77))
    with desk.nonce_used(maker.provider.address, 77):
        controller.agree(*maker.pair(maker.job(), maker.resource(nonce=77)), sender=stranger)


def test_agree__deal_ended__its_offers_stay_used(
    controller: Any, desk: Any, maker: Any, provider: Any, stranger: Any
) -> None:
    case = desk.agree()
    controller.decline(case.terms.words(), sender=provider)
    with desk.nonce_used(case.job.creator, case.job.nonce):
        controller.agree(*maker.pair(case.job, case.resource), sender=stranger)


def test_agree__same_nonce_of_both_makers__is_agreed(desk: Any, maker: Any) -> None:
    desk.agree(maker.job(nonce=1_000), maker.resource(nonce=1_000))


@pytest.mark.parametrize("nonce", EDGES)
def test_cancel_nonce__by_its_account__offer_cannot_be_agreed(
    controller: Any, maker: Any, creator: Any, stranger: Any, nonce: int
) -> None:
    receipt = payments.cancelNonce(controller, nonce, sender=creator)

    (event,) = controller.NoncesCancelled.from_receipt(receipt)
    assert (event.account, event.word, event.mask) == (creator, nonce >> 8, 1 << (nonce & 255))
    with desk.nonce_used(creator, nonce):
        controller.agree(*maker.pair(maker.job(nonce=nonce), maker.resource()), sender=stranger)


def test_cancel_nonces__mask__cancels_its_bits_alone(controller: Any, creator: Any) -> None:
    mask = 1 << 255 | 1 << 4 | 1
    receipt = payments.cancelNonces(controller, 9, mask, sender=creator)

    (event,) = controller.NoncesCancelled.from_receipt(receipt)
    assert (event.account, event.word, event.mask) == (creator, 9, mask)
    used = {bit for bit in (0, 1, 3, 4, 5, 254, 255) if payments.isNonceUsed(controller, creator, 9 * 256 + bit)}
    assert used == {0, 4, 255}
    assert not payments.isNonceUsed(controller, creator, 8 * 256)


def test_cancel_nonce__by_somebody_else__changes_nothing(controller: Any, desk: Any, maker: Any, stranger: Any) -> None:
    job = maker.job()
    payments.cancelNonces(controller, job.nonce >> 8, 2**256 - 1, sender=stranger)
    desk.agree(job)


def test_cancel_nonces__zero_mask__does_not_bring_an_offer_back(
    controller: Any, desk: Any, maker: Any, creator: Any, stranger: Any
) -> None:
    job = maker.job()
    payments.cancelNonce(controller, job.nonce, sender=creator)
    payments.cancelNonces(controller, job.nonce >> 8, 0, sender=creator)
    with desk.nonce_used(creator, job.nonce):
        desk.agree(job)


def test_cancel_nonce__of_a_deal_in_flight__deal_goes_on(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.agree()
    payments.cancelNonce(controller, case.job.nonce, sender=creator)
    controller.accept(*desk.submit(case).submitted, sender=creator)
