"""Nonces: the vault takes each of an account's once, and its account can make it unusable before that.

In whatever order they come: tests/invariants/test_nonces.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with

from .legs import funds

LAST = 2**32 - 1
EDGES = [0, 1, 31, 32, 255, 256, LAST - 31, LAST]
ALL_BITS = 2**256 - 1

Use = Callable[..., None]


@pytest.fixture
def use(payments: Any, other: Any, saver: Any) -> Use:
    """Nonces of the saver's, in this order, each with a deal about nothing."""

    def lock(*nonces: int) -> None:
        for nonce in nonces:
            payments.pay(funds(saver, 0), nonce, [], sender=other)

    return lock


@pytest.fixture
def used(payments: Any, other: Any, saver: Any) -> Callable[[Iterable[int]], list[int]]:
    """Which of these nonces of the saver's are."""
    return lambda nonces: [nonce for nonce in nonces if payments.isNonceUsed(other, saver, nonce)]


def refused(other: Any, saver: Any, nonce: int) -> Any:
    return reverts_with("Payments_NonceUsed", controller=other, account=saver, nonce=nonce)


# ------------------------------------------------------------ used


@pytest.mark.parametrize("nonce", EDGES)
def test_nonce__at_an_edge__is_used_once(use: Use, used: Any, other: Any, saver: Any, nonce: int) -> None:
    near = {nonce, nonce ^ 1, nonce ^ 31, nonce ^ 32, nonce ^ 224, nonce ^ 256, nonce ^ (1 << 31)}
    assert used(near) == []
    use(nonce)
    assert used(near) == [nonce]
    with refused(other, saver, nonce):
        use(nonce)


def test_nonces__of_one_segment__are_used_in_any_order(use: Use, used: Any, other: Any, saver: Any) -> None:
    use(5, 31, 0, 17)
    assert used(range(33)) == [0, 5, 17, 31]
    for nonce in (0, 5, 17, 31):
        with refused(other, saver, nonce):
            use(nonce)


@pytest.mark.parametrize("far", [32, 63, 255, 256, 300, LAST])
def test_nonces__behind_the_highest__stay_used_and_usable(
    use: Use, used: Any, other: Any, saver: Any, far: int
) -> None:
    """The segment beside the balance moves on to `far`, and what it leaves is not forgotten."""
    use(3, far)
    assert used([2, 3, 4, far]) == [3, far]
    for nonce in (3, far):
        with refused(other, saver, nonce):
            use(nonce)
    use(4)
    assert used([2, 3, 4, far]) == [3, 4, far]
    with refused(other, saver, 4):
        use(4)


def test_nonces__used_behind_and_then_ahead__are_all_remembered(use: Use, used: Any, other: Any, saver: Any) -> None:
    """To and fro over the borders of segments (32) and of words (256)."""
    order = [260, 7, 250, 600, 261, 31, 32, 255, 256, 601, 1024, 602, 8]
    use(*order)
    assert used(range(0, 1100)) == sorted(order)
    for nonce in order:
        with refused(other, saver, nonce):
            use(nonce)


def test_nonce__of_another_account__is_another(payments: Any, other: Any, use: Use) -> None:
    use(9)
    assert not payments.isNonceUsed(other, other, 9)
    assert not payments.isNonceUsed(other, ZERO_ADDRESS, 9)
    payments.pay(funds(other, 0), 9, [], sender=other)


def test_lock__same_account_with_the_same_nonce_twice__reverts(
    payments: Any, used: Any, other: Any, saver: Any
) -> None:
    with refused(other, saver, 9):
        payments.lock(funds(saver, 0), 9, funds(saver, 0), 9, sender=other)
    assert used([9]) == []


def test_lock__each_side_has_its_own_nonces(payments: Any, other: Any, saver: Any) -> None:
    payments.lock(funds(saver, 0), 9, funds(other, 0), 9, sender=other)
    with refused(other, other, 9):
        payments.lock(funds(saver, 0), 10, funds(other, 0), 9, sender=other)
    assert not payments.isNonceUsed(other, saver, 10)


# ------------------------------------------------------------ cancelled


@pytest.mark.parametrize("nonce", EDGES)
def test_cancel_nonce__before_its_use__makes_it_unusable(
    payments: Any, use: Use, used: Any, other: Any, saver: Any, nonce: int
) -> None:
    receipt = payments.cancelNonce(other, nonce, sender=saver)

    (event,) = payments.NoncesCancelled.from_receipt(receipt)
    assert (event.controller, event.account) == (other, saver)
    assert (event.word, event.mask) == (nonce >> 8, 1 << (nonce & 255))
    assert used([nonce, nonce ^ 1, nonce ^ 32]) == [nonce]
    with refused(other, saver, nonce):
        use(nonce)


def test_cancel_nonces__mask__cancels_its_bits_alone(
    payments: Any, use: Use, used: Any, other: Any, saver: Any
) -> None:
    """Some of them lie beside the balance (2,304 to 2,335), some do not."""
    use(9 * 256 + 1)
    mask = 1 << 255 | 1 << 40 | 1 << 31 | 1 << 4
    receipt = payments.cancelNonces(other, 9, mask, sender=saver)

    (event,) = payments.NoncesCancelled.from_receipt(receipt)
    assert (event.controller, event.account, event.word, event.mask) == (other, saver, 9, mask)
    assert used(range(8 * 256, 11 * 256)) == [9 * 256 + bit for bit in (1, 4, 31, 40, 255)]


@pytest.mark.parametrize("ahead", [6, 40, 300])
def test_cancel_nonces__ahead_of_the_highest__stay_cancelled_when_it_gets_there(
    payments: Any, use: Use, used: Any, other: Any, saver: Any, ahead: int
) -> None:
    use(5)
    payments.cancelNonce(other, ahead, sender=saver)
    use(ahead + 1, ahead + 400)
    assert used([5, ahead, ahead + 1, ahead + 2]) == [5, ahead, ahead + 1]
    with refused(other, saver, ahead):
        use(ahead)


def test_cancel_nonces__a_whole_word__makes_256_unusable(
    payments: Any, use: Use, used: Any, other: Any, saver: Any
) -> None:
    use(256 + 40)
    payments.cancelNonces(other, 1, ALL_BITS, sender=saver)
    assert used(range(768)) == list(range(256, 512))
    for nonce in (256, 300, 511):
        with refused(other, saver, nonce):
            use(nonce)
    use(255, 512)


def test_cancel_nonces__again_or_of_used_ones__brings_none_back(
    payments: Any, use: Use, used: Any, other: Any, saver: Any
) -> None:
    use(3, 40)
    for mask in (1 << 3, 1 << 40, 0, 1 << 3 | 1 << 40, 1 << 41, 1 << 41):
        payments.cancelNonces(other, 0, mask, sender=saver)
    assert used(range(64)) == [3, 40, 41]


def test_cancel_nonces__word_beyond_all_nonces__concerns_none(
    payments: Any, use: Use, used: Any, other: Any, saver: Any
) -> None:
    """Words go up to 2^24 - 1; the number of one above must not be cut to the number of another."""
    use(2)
    for word in (1 << 24, 1 << 32, 1 << 64, 2**256 - 1):
        payments.cancelNonces(other, word, ALL_BITS, sender=saver)
    assert used([*range(300), *EDGES]) == [2]


def test_cancel_nonce__by_somebody_else_or_elsewhere__changes_nothing(
    payments: Any, use: Use, controller: Any, other: Any, saver: Any
) -> None:
    payments.cancelNonce(other, 5, sender=other)
    payments.cancelNonce(controller, 5, sender=saver)
    payments.cancelNonce(saver, 5, sender=saver)
    use(5)


def test_cancel_nonces__leaves_the_balance_as_it_is(
    payments: Any, own: Any, entrust: Any, other: Any, saver: Any
) -> None:
    entrust(saver, 100)
    own.bond(saver, 40)
    before = own.of(saver)
    payments.cancelNonces(other, 0, ALL_BITS, sender=saver)
    payments.cancelNonces(other, 1, ALL_BITS, sender=saver)
    assert own.of(saver) == before
