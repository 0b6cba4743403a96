"""Every controller has a compartment of its own; whoever calls lock and settle is the controller of its own only."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, ETHER
from tests.contracts.payments.legs import legs

AMOUNT = 9 * ETHER


@pytest.fixture
def other(roles: Any) -> Any:
    """Calls the vault as if it were a controller."""
    return roles.solver


def test_lock__by_another_controller__finds_nothing(payments: Any, creator: Any, other: Any, books: Any) -> None:
    wrong = {"controller": other, "account": creator, "free": 0, "needed": 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        payments.lock(creator, 1, creator, 0, sender=other)


def test_settle__by_another_controller__cannot_unlock_a_deal(
    payments: Any, desk: Any, creator: Any, other: Any, books: Any
) -> None:
    desk.agree()
    wrong = {"controller": other, "account": creator, "locked": 0, "needed": CEILING}
    with books.unchanged(), reverts_with("Payments_InsufficientLocked", **wrong):
        payments.settle(legs((creator, CEILING, 0), (other, 0, CEILING)), sender=other)


def test_settle__credit_out_of_nothing__reverts(payments: Any, other: Any) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=0, credited=AMOUNT):
        payments.settle(legs((other, 0, AMOUNT)), sender=other)


def test_settle__less_credited_than_unlocked__reverts(payments: Any, saver: Any, other: Any) -> None:
    payments.deposit(other, saver, AMOUNT, sender=saver)
    payments.lock(saver, AMOUNT, saver, 0, sender=other)
    wrong = {"controller": other, "unlocked": AMOUNT, "credited": AMOUNT - 1}
    with reverts_with("Payments_NotConserved", **wrong):
        payments.settle(legs((saver, AMOUNT, AMOUNT - 1)), sender=other)


def test_withdraw__from_another_compartment__finds_nothing(payments: Any, saver: Any, other: Any) -> None:
    payments.deposit(other, saver, AMOUNT, sender=saver)
    wrong = {"controller": saver, "account": saver, "free": 0, "needed": 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.withdraw(saver, 1, sender=saver)


def test_deposit__to_another_controller__is_out_of_reach_of_the_first(
    payments: Any, controller: Any, desk: Any, maker: Any, saver: Any, other: Any, books: Any
) -> None:
    free = books.of(maker.creator.address).free
    payments.deposit(other, maker.creator.address, CEILING, sender=saver)
    wrong = {
        "controller": controller,
        "account": maker.creator.address,
        "free": free,
        "needed": free + CEILING,
    }
    with reverts_with("Payments_InsufficientFree", **wrong):
        desk.agree(maker.job(payment_ceiling=free + CEILING), maker.resource(collateral=free, late_penalty=0))


def test_controller__of_its_own_compartment__moves_only_what_was_entrusted_to_it(
    payments: Any, token: Any, saver: Any, other: Any, books: Any
) -> None:
    """Whoever deposits with a stranger as controller trusts that stranger; nobody else is concerned."""
    payments.deposit(other, saver, AMOUNT, sender=saver)
    before = books.all()
    payments.lock(saver, AMOUNT, saver, 0, sender=other)
    payments.settle(legs((saver, AMOUNT, 0), (other, 0, AMOUNT)), sender=other)
    payments.withdraw(other, AMOUNT, sender=other)

    assert token.balanceOf(other) == AMOUNT
    assert books.all() == before


def test_lock__amounts_of_zero__touch_nobody(payments: Any, creator: Any, other: Any) -> None:
    payments.lock(creator, 0, creator, 0, sender=other)


def test_lock__twice_the_same_account__locks_both(payments: Any, saver: Any, other: Any) -> None:
    payments.deposit(other, saver, AMOUNT, sender=saver)
    payments.lock(saver, 4, saver, 5, sender=other)
    assert tuple(payments.balanceOf(other, saver)) == (AMOUNT - 9, 9)
    wrong = {"controller": other, "account": saver, "free": AMOUNT - 9, "needed": AMOUNT - 8}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.lock(saver, 0, saver, AMOUNT - 8, sender=other)


def test_settle__same_account_in_several_legs__adds_up(payments: Any, saver: Any, other: Any) -> None:
    payments.deposit(other, saver, AMOUNT, sender=saver)
    payments.lock(saver, AMOUNT, saver, 0, sender=other)
    payments.settle(legs((saver, 4, 0), (saver, 5, 8), (other, 0, 1)), sender=other)
    assert tuple(payments.balanceOf(other, saver)) == (8, AMOUNT - 9)
    assert tuple(payments.balanceOf(other, other)) == (1, 0)


def test_settle__no_legs__does_nothing(payments: Any, other: Any, books: Any) -> None:
    with books.unchanged():
        payments.settle(legs(), sender=other)


def test_direct_transfer__belongs_to_nobody(payments: Any, token: Any, saver: Any, books: Any) -> None:
    before = books.all()
    token.transfer(payments, 5, sender=saver)
    assert books.all() == before
    assert books.of(saver) == Change()
