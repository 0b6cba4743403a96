"""payBatch: many payers and one payee; whoever cannot pay is left alone, and nothing comes out of nothing."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.words import pack_funds
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

AMOUNT = 9 * ETHER
MOST = (1 << 96) - 1
OUT_OF_BOUNDS = 0x32
BATCH_GAS = 20_000_000


@pytest.fixture
def other(roles: Any) -> Any:
    """Calls the vault as if it were a controller."""
    return roles.solver


@pytest.fixture
def rich(payments: Any, saver: Any, other: Any, roles: Any) -> list[Any]:
    """Three accounts with AMOUNT each in that controller's compartment."""
    accounts = [saver, roles.creator, roles.challenger]
    for account in accounts:
        payments.deposit(other, account, AMOUNT, sender=saver)
    return accounts


@pytest.fixture
def free(payments: Any, other: Any) -> Any:
    return lambda account: payments.balanceOf(other, account)[0]


@pytest.fixture
def used(payments: Any, other: Any) -> Any:
    return lambda account, nonce: payments.isNonceUsed(other, account, nonce)


@pytest.fixture
def pay(payments: Any, other: Any, treasury: Any) -> Any:
    """Takes (payer, amount, nonce) each, for the treasury; answers who paid and whose nonce was used before."""

    def call(*parts: tuple[Any, int, int], payee: Any = treasury, sender: Any = other) -> tuple[int, int]:
        payers = [pack_funds(getattr(account, "address", account), amount) for account, amount, _ in parts]
        arguments = (payee, payers, [nonce for *_, nonce in parts])
        paid, stale = payments.payBatch.call(*arguments, sender=sender)
        payments.payBatch(*arguments, sender=sender, gas_limit=BATCH_GAS)
        return paid, stale

    return call


# ------------------------------------------------------------ what it does


def test_pay_batch__all_can_pay__payee_has_the_sum(
    pay: Any, payments: Any, token: Any, rich: Any, free: Any, used: Any, treasury: Any
) -> None:
    tokens = token.balanceOf(payments)
    assert pay((rich[0], AMOUNT, 0), (rich[1], 1, 31), (rich[2], 0, 2**32 - 1)) == (0b111, 0)
    assert [free(account) for account in rich] == [0, AMOUNT - 1, AMOUNT]
    assert free(treasury) == AMOUNT + 1
    assert used(rich[0], 0)
    assert used(rich[1], 31)
    assert used(rich[2], 2**32 - 1)
    assert token.balanceOf(payments) == tokens


def test_pay_batch__of_none__does_nothing(pay: Any, books: Any, free: Any, treasury: Any) -> None:
    with books.unchanged():
        assert pay() == (0, 0)
    assert free(treasury) == 0


def test_pay_batch__payee_has_something_and_something_locked__keeps_it(
    pay: Any, payments: Any, rich: Any, other: Any
) -> None:
    payments.bond(pack_funds(rich[1].address, 5), sender=other)
    pay((rich[0], 7, 0), payee=rich[1])
    assert tuple(payments.balanceOf(other, rich[1])) == (AMOUNT - 5 + 7, 5)


# ------------------------------------------------------------ who cannot pay


def test_pay_batch__nonce_used_cancelled_or_funds_missing__each_is_left_as_it_was(
    pay: Any, payments: Any, rich: Any, free: Any, used: Any, other: Any, treasury: Any
) -> None:
    first, second, third = rich
    pay((first, 1, 4))
    payments.cancelNonce(other, 2_000, sender=second)  # in another segment than the one in use
    parts = [
        (first, 1, 4),  # used
        (second, 1, 2_000),  # cancelled
        (third, AMOUNT + 1, 7),  # too much
        (first, AMOUNT, 4),  # used, and too much
        (first, AMOUNT, 5),  # too much since it paid 1
        (third, AMOUNT, 7),
    ]
    assert pay(*parts) == (0b100000, 0b001011)
    assert [free(account) for account in rich] == [AMOUNT - 1, AMOUNT, 0]
    assert free(treasury) == 1 + AMOUNT
    assert not used(first, 5)
    assert used(third, 7)
    assert [nonce for nonce in range(40) if used(second, nonce)] == []


@pytest.mark.parametrize("nonce", [0, 31, 32, 255, 256, 70_000])
def test_pay_batch__who_cannot_pay__all_nonces_stay_as_they_were(
    pay: Any, payments: Any, rich: Any, used: Any, other: Any, nonce: int
) -> None:
    """Whatever segment is in use: before, in and behind it."""
    account, watched = rich[0], [*range(70), *range(250, 260), *range(69_990, 70_010)]
    pay((account, 0, 33))
    payments.cancelNonce(other, nonce, sender=account)
    before = [used(account, number) for number in watched]
    assert pay((account, 0, nonce), (account, AMOUNT + 1, 34), (account, AMOUNT + 1, 300)) == (0, 1)
    assert [used(account, number) for number in watched] == before
    assert pay((account, 0, 34), (account, 0, 300)) == (0b11, 0)


def test_pay_batch__locked__stays_locked(pay: Any, payments: Any, rich: Any, other: Any) -> None:
    payments.bond(pack_funds(rich[0].address, AMOUNT - 5), sender=other)
    assert pay((rich[0], 6, 0), (rich[0], 5, 0)) == (0b10, 0)
    assert tuple(payments.balanceOf(other, rich[0])) == (0, AMOUNT - 5)


def test_pay_batch__nobody__is_left_alone_even_with_a_balance(
    pay: Any, payments: Any, rich: Any, free: Any, used: Any, other: Any
) -> None:
    lent = pack_funds(rich[0].address, 5)
    payments.bond(lent, sender=other)
    payments.settleAll([lent, pack_funds(ZERO_ADDRESS, 0)], [0, 5], sender=other)
    assert pay((ZERO_ADDRESS, 0, 0), (ZERO_ADDRESS, 5, 1), (rich[1], 1, 0)) == (0b100, 0)
    assert free(ZERO_ADDRESS) == 5
    assert not used(ZERO_ADDRESS, 0)


# ------------------------------------------------------------ duplicates


def test_pay_batch__same_payer_and_nonce_again__pays_once(pay: Any, rich: Any, free: Any, treasury: Any) -> None:
    assert pay((rich[0], 2, 9), (rich[1], 3, 9), (rich[0], 2, 9), (rich[0], 1, 9)) == (0b0011, 0b1100)
    assert (free(rich[0]), free(treasury)) == (AMOUNT - 2, 5)


def test_pay_batch__same_payer_with_other_nonces__pays_until_nothing_is_left(
    pay: Any, rich: Any, free: Any, used: Any, treasury: Any
) -> None:
    half = AMOUNT // 2
    parts = [(rich[0], half, 300), (rich[0], half, 1), (rich[0], 1, 2), (rich[0], 0, 3)]
    assert pay(*parts) == (0b1011, 0)
    assert (free(rich[0]), free(treasury)) == (0, AMOUNT)
    assert [used(rich[0], nonce) for nonce in (300, 1, 2, 3)] == [True, True, False, True]


def test_pay_batch__too_much_first_then_less_with_the_same_nonce__the_first_was_not_stale(pay: Any, rich: Any) -> None:
    assert pay((rich[0], AMOUNT + 1, 6), (rich[0], AMOUNT, 6), (rich[0], 0, 6)) == (0b010, 0b100)


# ------------------------------------------------------------ hostile controllers


def test_pay_batch__payee_among_the_payers__cannot_pay_out_of_what_it_is_about_to_get(
    pay: Any, rich: Any, free: Any
) -> None:
    payee = rich[0]
    parts = [(rich[1], AMOUNT, 0), (payee, AMOUNT + 1, 0), (payee, AMOUNT, 1), (payee, 1, 2)]
    assert pay(*parts, payee=payee) == (0b0101, 0)
    assert (free(payee), free(rich[1])) == (2 * AMOUNT, 0)


def test_pay_batch__largest_amounts__mint_nothing(pay: Any, rich: Any, free: Any, other: Any) -> None:
    parts = [(account, MOST, nonce) for nonce in range(80) for account in (*rich, other)][:256]
    assert pay(*parts, payee=other) == (0, 0)
    assert (free(other), sum(map(free, rich))) == (0, 3 * AMOUNT)


def test_pay_batch__by_another_controller__finds_nothing(
    pay: Any, creator: Any, used: Any, payments: Any, controller: Any, books: Any, other: Any
) -> None:
    with books.unchanged():
        assert pay((creator, 1, 0), payee=other) == (0, 0)
        assert pay((creator, 0, 0), payee=other) == (1, 0)
    assert used(creator, 0)
    assert not payments.isNonceUsed(controller, creator, 0)


def test_pay_batch__compartment_emptied_by_its_controller__others_keep_theirs(
    pay: Any, payments: Any, token: Any, rich: Any, books: Any, other: Any
) -> None:
    before = books.all()
    pay(*((account, AMOUNT, 0) for account in rich), payee=other)
    payments.withdraw(other, 3 * AMOUNT, sender=other)
    assert token.balanceOf(other) == 3 * AMOUNT
    assert books.all() == before
    assert token.balanceOf(payments) == books.total(before)


# ------------------------------------------------------------ lists


def test_pay_batch__256_payers__are_all_answered_for_and_257_are_none(
    pay: Any, payments: Any, rich: Any, free: Any, other: Any, treasury: Any
) -> None:
    one = pack_funds(rich[0].address, 1)
    with reverts_with("Payments_BatchTooLong", count=257, most=256):
        payments.payBatch(treasury, [one] * 257, list(range(257)), sender=other, gas_limit=BATCH_GAS)
    assert (free(rich[0]), free(treasury)) == (AMOUNT, 0)
    assert pay(*((rich[0], 1, nonce) for nonce in range(256))) == (2**256 - 1, 0)
    assert (free(rich[0]), free(treasury)) == (AMOUNT - 256, 256)


def test_pay_batch__fewer_nonces_than_payers__reverts(
    payments: Any, rich: Any, free: Any, other: Any, treasury: Any
) -> None:
    payers = [pack_funds(account.address, 1) for account in rich]
    with reverts_with("Panic", code=OUT_OF_BOUNDS):
        payments.payBatch(treasury, payers, [1, 2], sender=other)
    assert [free(account) for account in rich] == [AMOUNT] * 3


def test_pay_batch__nonces_without_payers__pay_nothing(payments: Any, free: Any, other: Any, treasury: Any) -> None:
    assert payments.payBatch.call(treasury, [], [1, 2], sender=other) == (0, 0)
