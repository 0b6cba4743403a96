"""lock and bond: from free to locked, in the controller's own compartment."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

from .legs import MOST, funds

AMOUNT = 9 * ETHER


@pytest.fixture(autouse=True)
def savings(entrust: Any, saver: Any, treasury: Any) -> None:
    entrust(saver, AMOUNT)
    entrust(treasury, AMOUNT)


def test_lock__two_accounts__binds_each_one_s_own(own: Any, saver: Any, treasury: Any) -> None:
    own.lock(saver, 4, treasury, AMOUNT)
    assert own.of(saver) == Change(AMOUNT - 4, 4)
    assert own.of(treasury) == Change(0, AMOUNT)


def test_lock__twice_the_same_account__locks_both(own: Any, saver: Any, other: Any) -> None:
    own.lock(saver, 4, saver, 5)
    assert own.of(saver) == Change(AMOUNT - 9, 9)
    wrong = {"controller": other, "account": saver, "free": AMOUNT - 10, "needed": AMOUNT - 9}
    with reverts_with("Payments_InsufficientFree", **wrong):
        own.lock(saver, 1, saver, AMOUNT - 9)
    assert own.of(saver) == Change(AMOUNT - 9, 9)


@pytest.mark.parametrize("needed", [AMOUNT + 1, MOST])
def test_lock__more_than_is_free__locks_neither(own: Any, saver: Any, treasury: Any, other: Any, needed: int) -> None:
    wrong = {"controller": other, "free": AMOUNT, "needed": needed}
    with reverts_with("Payments_InsufficientFree", account=saver, **wrong):
        own.lock(saver, needed, treasury, 1)
    with reverts_with("Payments_InsufficientFree", account=treasury, **wrong):
        own.lock(saver, 1, treasury, needed)
    with reverts_with("Payments_InsufficientFree", account=saver, **wrong):
        own.bond(saver, needed)
    assert own.of(saver) == own.of(treasury) == Change(AMOUNT, 0)


def test_lock__what_is_locked_already__is_not_free(own: Any, saver: Any, other: Any) -> None:
    own.bond(saver, AMOUNT)
    wrong = {"controller": other, "account": saver, "free": 0, "needed": 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        own.bond(saver, 1)
    with reverts_with("Payments_InsufficientFree", **wrong):
        own.lock(saver, 1, saver, 0)


def test_lock__amounts_of_zero__bind_nobody(own: Any, creator: Any, saver: Any) -> None:
    own.lock(creator, 0, saver, 0)
    own.bond(creator, 0)
    assert (own.of(creator), own.of(saver)) == (Change(), Change(AMOUNT, 0))


def test_lock__refused_for_the_second__leaves_both_nonces_fresh(
    payments: Any, saver: Any, treasury: Any, other: Any
) -> None:
    wrong = {"controller": other, "account": treasury, "free": AMOUNT, "needed": AMOUNT + 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.lock(funds(saver, 1), 5, funds(treasury, AMOUNT + 1), 6, sender=other)
    assert not payments.isNonceUsed(other, saver, 5)
    assert not payments.isNonceUsed(other, treasury, 6)


def test_bond__part__is_bound_without_a_nonce(payments: Any, own: Any, saver: Any, other: Any) -> None:
    own.bond(saver, 3)
    own.bond(saver, 4)
    assert own.of(saver) == Change(AMOUNT - 7, 7)
    assert not any(payments.isNonceUsed(other, saver, nonce) for nonce in (0, 1, 31, 32))


def test_locked__is_not_withdrawn_nor_moved(payments: Any, own: Any, saver: Any, treasury: Any, other: Any) -> None:
    own.bond(saver, AMOUNT - 5)
    wrong = {"controller": other, "account": saver, "free": 5, "needed": 6}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.withdraw(other, 6, sender=saver)
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.move(other, treasury, 6, sender=saver)
    payments.withdraw(other, 5, sender=saver)
    assert own.of(saver) == Change(0, AMOUNT - 5)
