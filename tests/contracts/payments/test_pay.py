"""pay: as settle, from what is free."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import OVERFLOW, reverts_with
from tests.contracts.makers import ETHER
from tests.contracts.payments.legs import legs

AMOUNT = 9 * ETHER


@pytest.fixture
def other(roles: Any) -> Any:
    """Calls the vault as if it were a controller."""
    return roles.solver


@pytest.fixture
def free(payments: Any, saver: Any, other: Any) -> Any:
    """What an account has in that controller's compartment; the saver starts with AMOUNT."""
    payments.deposit(other, saver, AMOUNT, sender=saver)
    return lambda account: tuple(payments.balanceOf(other, account))


def test_pay__from_free_to_free__moves(payments: Any, saver: Any, other: Any, free: Any, treasury: Any) -> None:
    payments.pay(legs((saver, AMOUNT, 0), (other, 0, AMOUNT - 1), (treasury, 0, 1)), sender=other)
    assert (free(saver), free(other), free(treasury)) == ((0, 0), (AMOUNT - 1, 0), (1, 0))


def test_pay__locked__stays_locked(payments: Any, saver: Any, other: Any, free: Any) -> None:
    payments.lock(saver, AMOUNT - 5, saver, 0, sender=other)
    wrong = {"controller": other, "account": saver, "free": 5, "needed": 6}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.pay(legs((saver, 6, 0), (other, 0, 6)), sender=other)
    payments.pay(legs((saver, 5, 0), (other, 0, 5)), sender=other)
    assert free(saver) == (0, AMOUNT - 5)


def test_pay__by_another_controller__finds_nothing(payments: Any, creator: Any, other: Any, books: Any) -> None:
    wrong = {"controller": other, "account": creator, "free": 0, "needed": 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        payments.pay(legs((creator, 1, 0), (other, 0, 1)), sender=other)


@pytest.mark.parametrize("credited", [AMOUNT - 1, AMOUNT + 1])
def test_pay__not_as_much_credited_as_taken__reverts(
    payments: Any, saver: Any, other: Any, free: Any, credited: int
) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credited):
        payments.pay(legs((saver, AMOUNT, 0), (other, 0, credited)), sender=other)
    assert free(saver) == (AMOUNT, 0)


def test_pay__credit_out_of_nothing_in_a_late_leg__reverts(payments: Any, other: Any) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=0, credited=1):
        payments.pay(legs((other, 0, 0), (other, 0, 0), (other, 0, 1)), sender=other)


def test_pay__same_account_takes_and_receives__needs_it_first(payments: Any, saver: Any, other: Any, free: Any) -> None:
    payments.pay(legs((saver, AMOUNT, 0), (saver, 0, AMOUNT)), sender=other)
    payments.pay(legs((saver, AMOUNT, AMOUNT)), sender=other)
    assert free(saver) == (AMOUNT, 0)
    wrong = {"controller": other, "account": saver, "free": AMOUNT, "needed": AMOUNT + 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.pay(legs((saver, AMOUNT + 1, AMOUNT + 1)), sender=other)


def test_pay__sums_beyond_128_bits__overflow_nowhere(payments: Any, saver: Any, other: Any, free: Any) -> None:
    most = 2**128 - 1
    with reverts_with("Panic", code=OVERFLOW):
        payments.pay(legs((saver, 0, most), (other, 0, most)), sender=other)
    with reverts_with("Payments_NotConserved", controller=other, unlocked=0, credited=2 * most):
        payments.pay(legs((other, 0, most), (ZERO_ADDRESS, 0, most)), sender=other)


def test_pay__no_legs__does_nothing(payments: Any, other: Any, books: Any) -> None:
    with books.unchanged():
        payments.pay(legs(), sender=other)


def test_pay__in_another_compartment__leaves_the_tokens_where_they_are(
    payments: Any, token: Any, saver: Any, other: Any, free: Any, books: Any
) -> None:
    before, vault = books.all(), token.balanceOf(payments)
    payments.pay(legs((saver, AMOUNT, 0), (other, 0, AMOUNT)), sender=other)
    assert (books.all(), token.balanceOf(payments)) == (before, vault)
    assert books.of(saver) == Change()
