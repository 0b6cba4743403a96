"""deposit, withdraw and move: what account holders do with their own."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

AMOUNT = 7 * ETHER


def test_deposit__for_oneself__is_free_balance(
    payments: Any, token: Any, controller: Any, saver: Any, books: Any
) -> None:
    vault = token.balanceOf(payments)
    receipt = payments.deposit(controller, saver, AMOUNT, sender=saver)

    (event,) = payments.Deposited.from_receipt(receipt)
    assert (event.controller, event.account, event.event_arguments["from"]) == (controller, saver, saver)
    assert event.amount == AMOUNT
    assert books.of(saver) == Change(free=AMOUNT)
    assert token.balanceOf(payments) == vault + AMOUNT
    assert token.balanceOf(saver) == 100 * ETHER - AMOUNT


def test_deposit__for_somebody_else__is_theirs(
    payments: Any, controller: Any, saver: Any, books: Any, treasury: Any
) -> None:
    payments.deposit(controller, treasury, AMOUNT, sender=saver)
    assert (books.of(treasury), books.of(saver)) == (Change(free=AMOUNT), Change())


def test_deposit__nothing__changes_nothing(payments: Any, controller: Any, saver: Any, books: Any) -> None:
    with books.unchanged():
        payments.deposit(controller, saver, 0, sender=saver)


@pytest.mark.parametrize("missing", ["controller", "account"])
def test_deposit__for_nobody__reverts(payments: Any, controller: Any, saver: Any, missing: str) -> None:
    arguments = {"controller": controller, "account": saver, missing: ZERO_ADDRESS}
    with reverts_with("Payments_ZeroAddress"):
        payments.deposit(*arguments.values(), AMOUNT, sender=saver)


def test_deposit__more_than_one_has__reverts(payments: Any, controller: Any, saver: Any) -> None:
    have = 100 * ETHER
    with reverts_with("ERC20InsufficientBalance", sender=saver, balance=have, needed=have + 1):
        payments.deposit(controller, saver, have + 1, sender=saver)


def test_withdraw__part__is_paid_to_the_caller(
    payments: Any, token: Any, controller: Any, saver: Any, books: Any
) -> None:
    payments.deposit(controller, saver, AMOUNT, sender=saver)
    receipt = payments.withdraw(controller, AMOUNT - 1, sender=saver)

    (event,) = payments.Withdrawn.from_receipt(receipt)
    assert (event.controller, event.account, event.amount) == (controller, saver, AMOUNT - 1)
    assert books.of(saver) == Change(free=1)
    assert token.balanceOf(saver) == 100 * ETHER - 1


def test_withdraw__everything__leaves_nothing(payments: Any, token: Any, controller: Any, saver: Any) -> None:
    payments.deposit(controller, saver, AMOUNT, sender=saver)
    payments.withdraw(controller, AMOUNT, sender=saver)
    assert token.balanceOf(saver) == 100 * ETHER


def test_withdraw__a_wei_too_much__reverts(payments: Any, controller: Any, saver: Any) -> None:
    payments.deposit(controller, saver, AMOUNT, sender=saver)
    wrong = {"controller": controller, "account": saver, "free": AMOUNT, "needed": AMOUNT + 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.withdraw(controller, AMOUNT + 1, sender=saver)


def test_withdraw__locked_in_a_deal__reverts(
    payments: Any, controller: Any, desk: Any, creator: Any, books: Any
) -> None:
    desk.agree()
    free = books.of(creator).free
    wrong = {"controller": controller, "account": creator, "free": free, "needed": free + 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.withdraw(controller, free + 1, sender=creator)
    payments.withdraw(controller, free, sender=creator)


def test_move__part__is_somebody_else_s(
    payments: Any, token: Any, controller: Any, saver: Any, books: Any, treasury: Any
) -> None:
    payments.deposit(controller, saver, AMOUNT, sender=saver)
    with books.changed_by({saver.address: Change(-3), treasury.address: Change(3)}):
        receipt = payments.move(controller, treasury, 3, sender=saver)

    (event,) = payments.Moved.from_receipt(receipt)
    assert (event.controller, event.account, event.to, event.amount) == (controller, saver, treasury, 3)


def test_move__to_oneself__changes_nothing(payments: Any, controller: Any, saver: Any, books: Any) -> None:
    payments.deposit(controller, saver, AMOUNT, sender=saver)
    with books.unchanged():
        payments.move(controller, saver, AMOUNT, sender=saver)


def test_move__to_nobody_or_too_much__reverts(payments: Any, controller: Any, saver: Any) -> None:
    with reverts_with("Payments_ZeroAddress"):
        payments.move(controller, ZERO_ADDRESS, 0, sender=saver)
    wrong = {"controller": controller, "account": saver, "free": 0, "needed": 1}
    with reverts_with("Payments_InsufficientFree", **wrong):
        payments.move(controller, saver, 1, sender=saver)
