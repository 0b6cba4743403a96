"""pay: out of what the payer has free, all of it to the payees, with a nonce of the payer's."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

from .legs import MOST, funds, payees

AMOUNT = 9 * ETHER


@pytest.fixture(autouse=True)
def savings(entrust: Any, saver: Any) -> None:
    entrust(saver, AMOUNT)


def test_pay__from_free_to_free__moves(own: Any, saver: Any, other: Any, treasury: Any) -> None:
    own.pay(saver, AMOUNT, payees((other, AMOUNT - 1), (treasury, 1)))
    assert (own.of(saver), own.of(other), own.of(treasury)) == (Change(), Change(AMOUNT - 1), Change(1))


def test_pay__locked__stays_locked(own: Any, saver: Any, other: Any) -> None:
    own.bond(saver, AMOUNT - 5)
    wrong = {"controller": other, "account": saver, "free": 5, "needed": 6}
    with reverts_with("Payments_InsufficientFree", **wrong):
        own.pay(saver, 6, payees((other, 6)))
    own.pay(saver, 5, payees((other, 5)))
    assert own.of(saver) == Change(0, AMOUNT - 5)


def test_pay__same_nonce_again__reverts(payments: Any, own: Any, saver: Any, other: Any) -> None:
    payments.pay(funds(saver, 1), 40, payees((other, 1)), sender=other)
    assert payments.isNonceUsed(other, saver, 40)
    with reverts_with("Payments_NonceUsed", controller=other, account=saver, nonce=40):
        payments.pay(funds(saver, 1), 40, payees((other, 1)), sender=other)
    assert own.of(saver) == Change(AMOUNT - 1)


def test_pay__nonce_of_a_lock__is_used(payments: Any, saver: Any, other: Any) -> None:
    """Whatever an account signs shares its nonces."""
    payments.lock(funds(saver, 1), 40, funds(saver, 1), 41, sender=other)
    for nonce in (40, 41):
        with reverts_with("Payments_NonceUsed", controller=other, account=saver, nonce=nonce):
            payments.pay(funds(saver, 1), nonce, payees((other, 1)), sender=other)


def test_pay__payee_s_nonces__are_not_touched(payments: Any, saver: Any, other: Any) -> None:
    payments.pay(funds(saver, 1), 40, payees((other, 1)), sender=other)
    assert not payments.isNonceUsed(other, other, 40)


@pytest.mark.parametrize("credited", [0, AMOUNT - 1, AMOUNT + 1, MOST])
def test_pay__not_as_much_credited_as_taken__reverts(own: Any, saver: Any, other: Any, credited: int) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credited):
        own.pay(saver, AMOUNT, payees((other, credited)))
    assert (own.of(saver), own.of(other)) == (Change(AMOUNT), Change())


def test_pay__nobody__reverts(own: Any, saver: Any, other: Any) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=1, credited=0):
        own.pay(saver, 1, [])


def test_pay__credit_out_of_nothing_in_a_late_part__reverts(own: Any, saver: Any, other: Any) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=0, credited=1):
        own.pay(saver, 0, payees((other, 0), (other, 0), (other, 1)))


def test_pay__parts_that_fill_a_lane_together__reverts(own: Any, saver: Any, other: Any) -> None:
    """Their sum has 97 bits; in 96 it would be AMOUNT."""
    parts = payees((other, MOST), (other, AMOUNT + 1))
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=MOST + AMOUNT + 1):
        own.pay(saver, AMOUNT, parts)


def test_pay__to_oneself__needs_it_first(own: Any, saver: Any, other: Any) -> None:
    own.pay(saver, AMOUNT, payees((saver, AMOUNT)))
    own.pay(saver, AMOUNT, payees((saver, 1), (saver, AMOUNT - 1)))
    assert own.of(saver) == Change(AMOUNT)
    wrong = {"controller": other, "account": saver, "free": AMOUNT, "needed": AMOUNT + 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        own.pay(saver, AMOUNT + 1, payees((saver, AMOUNT + 1)))


def test_pay__one_account_in_several_parts__adds_up(own: Any, saver: Any, other: Any) -> None:
    own.pay(saver, 6, payees((other, 1), (other, 2), (other, 0), (other, 3)))
    assert own.of(other) == Change(6)


def test_pay__to_nobody__reverts(own: Any, saver: Any) -> None:
    with reverts_with("Payments_ZeroAddress"):
        own.pay(saver, 1, payees((ZERO_ADDRESS, 1)))


def test_pay__nothing__uses_the_nonce_alone(payments: Any, own: Any, saver: Any, other: Any) -> None:
    payments.pay(funds(saver, 0), 40, [], sender=other)
    assert own.of(saver) == Change(AMOUNT)
    assert payments.isNonceUsed(other, saver, 40)


def test_pay__in_another_compartment__leaves_the_tokens_where_they_are(
    payments: Any, token: Any, own: Any, saver: Any, other: Any, books: Any
) -> None:
    before, vault = books.all(), token.balanceOf(payments)
    own.pay(saver, AMOUNT, payees((other, AMOUNT)))
    assert (books.all(), token.balanceOf(payments)) == (before, vault)
    assert books.of(saver) == Change()
