"""Every controller has a compartment of its own; whoever calls the vault as a controller is that of its own only."""

from __future__ import annotations

from typing import Any

from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, ETHER

from .legs import MOST, funds, legs, payees

AMOUNT = 9 * ETHER


def test_lock__by_another_controller__finds_nothing(own: Any, creator: Any, other: Any, books: Any) -> None:
    wrong = {"controller": other, "account": creator, "free": 0, "needed": 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        own.lock(creator, 1, creator, 0)
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        own.bond(creator, 1)


def test_settle__by_another_controller__cannot_unlock_a_deal(
    desk: Any, own: Any, creator: Any, other: Any, books: Any
) -> None:
    desk.agree()
    wrong = {"controller": other, "account": creator, "locked": 0, "needed": CEILING}
    with books.unchanged(), reverts_with("Payments_InsufficientLocked", **wrong):
        own.settle(funds(creator, CEILING), 0, funds(other, 0), CEILING)
    with books.unchanged(), reverts_with("Payments_InsufficientLocked", **wrong):
        own.settle_all(*legs((creator, CEILING, 0), (other, 0, CEILING)))


def test_pay__by_another_controller__finds_nothing(own: Any, creator: Any, other: Any, books: Any) -> None:
    wrong = {"controller": other, "account": creator, "free": 0, "needed": 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        own.pay(creator, 1, payees((other, 1)))


def test_withdraw__from_another_compartment__finds_nothing(
    payments: Any, controller: Any, saver: Any, entrust: Any
) -> None:
    entrust(saver, AMOUNT)
    for compartment in (saver, controller):
        wrong = {"controller": compartment, "account": saver, "free": 0, "needed": 1}
        with reverts_with("Payments_InsufficientFree", **wrong):
            payments.withdraw(compartment, 1, sender=saver)
        with reverts_with("Payments_InsufficientFree", **wrong):
            payments.move(compartment, saver, 1, sender=saver)


def test_deposit__to_another_controller__is_out_of_reach_of_the_first(
    controller: Any, desk: Any, maker: Any, entrust: Any, books: Any
) -> None:
    creator = maker.creator.address
    free = books.of(creator).free
    entrust(creator, CEILING)
    wrong = {"controller": controller, "account": creator, "free": free, "needed": free + CEILING}
    with reverts_with("Payments_InsufficientFree", **wrong):
        desk.agree(maker.job(payment_ceiling=free + CEILING), maker.resource(collateral=free, late_penalty_bps=0))


def test_controller__of_its_own_compartment__moves_only_what_was_entrusted_to_it(
    payments: Any, token: Any, own: Any, saver: Any, other: Any, books: Any, entrust: Any
) -> None:
    """Whoever deposits with a stranger as controller trusts that stranger; nobody else is concerned."""
    entrust(saver, AMOUNT)
    before = books.all()
    own.lock(saver, AMOUNT, saver, 0)
    own.settle(funds(saver, AMOUNT), 0, funds(other, 0), AMOUNT)
    payments.withdraw(other, AMOUNT, sender=other)

    assert token.balanceOf(other) == AMOUNT
    assert books.all() == before


def test_controller__everybody_s_tokens_in_one_vault__pays_out_what_it_holds_and_no_more(
    payments: Any, token: Any, own: Any, saver: Any, other: Any, entrust: Any
) -> None:
    """The tokens lie together: all that keeps them apart are the balances."""
    entrust(saver, AMOUNT)
    own.bond(saver, AMOUNT)
    assert token.balanceOf(payments) > AMOUNT
    for credit in (AMOUNT + 1, MOST, MOST + 1, AMOUNT << 96, 2**256 - 1):
        with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credit):
            own.settle(funds(saver, AMOUNT), credit, funds(other, 0), 0)
        with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credit):
            own.settle_all(*legs((saver, AMOUNT, 0), (other, 0, credit)))
    assert (own.of(saver), own.of(other)) == (Change(0, AMOUNT), Change())


def test_nonce__of_another_compartment__stays_fresh_in_this_one(
    payments: Any, controller: Any, desk: Any, maker: Any, creator: Any, other: Any
) -> None:
    """A stranger that calls itself a controller can use up nobody's nonce but those given to it."""
    job = maker.job()
    words = funds(creator, 0), job.nonce, funds(creator, 0), job.nonce + 1
    payments.lock(*words, sender=other)
    assert payments.isNonceUsed(other, creator, job.nonce)
    assert not payments.isNonceUsed(controller, creator, job.nonce)
    desk.agree(job)


def test_direct_transfer__belongs_to_nobody(payments: Any, token: Any, saver: Any, books: Any) -> None:
    before = books.all()
    token.transfer(payments, 5, sender=saver)
    assert books.all() == before
    assert books.of(saver) == Change()
