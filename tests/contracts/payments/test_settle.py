"""settle and settleAll: what comes free is credited, all of it and no more, whatever the controller says."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import OVERFLOW, reverts_with
from tests.contracts.makers import ETHER

from .legs import MOST, funds, legs

AMOUNT = 9 * ETHER
OUT_OF_BOUNDS = 0x32
WRAP = 2**256
"""Sums of this size come back to zero in a word."""


@pytest.fixture(autouse=True)
def locked(own: Any, entrust: Any, saver: Any, treasury: Any) -> None:
    """AMOUNT of the saver's and AMOUNT of the treasury's is locked, and AMOUNT of the saver's free."""
    entrust(saver, 2 * AMOUNT)
    entrust(treasury, AMOUNT)
    own.lock(saver, AMOUNT, treasury, AMOUNT)


@pytest.fixture
def unharmed(own: Any, saver: Any, treasury: Any, other: Any) -> Any:
    """Checks that everybody has what it had."""
    yield
    assert own.of(saver) == Change(AMOUNT, AMOUNT)
    assert (own.of(treasury), own.of(other)) == (Change(0, AMOUNT), Change())


# ------------------------------------------------------------ what it does


def test_settle__two_accounts__each_is_unlocked_and_credited(own: Any, saver: Any, treasury: Any) -> None:
    own.settle(funds(saver, AMOUNT), 3, funds(treasury, AMOUNT - 1), 2 * AMOUNT - 4)
    assert own.of(saver) == Change(AMOUNT + 3, 0)
    assert own.of(treasury) == Change(2 * AMOUNT - 4, 1)


def test_settle_all__many_accounts__each_is_unlocked_and_credited(
    own: Any, saver: Any, treasury: Any, other: Any
) -> None:
    own.settle_all(*legs((saver, AMOUNT, 0), (other, 0, 5), (treasury, 1, 2), (ZERO_ADDRESS, 0, AMOUNT - 6)))
    assert own.of(saver) == Change(AMOUNT, 0)
    assert own.of(treasury) == Change(2, AMOUNT - 1)
    assert (own.of(other), own.of(ZERO_ADDRESS)) == (Change(5, 0), Change(AMOUNT - 6, 0))


def test_settle__same_account_twice__adds_up(own: Any, saver: Any) -> None:
    own.settle(funds(saver, 4), 1, funds(saver, 5), 8)
    assert own.of(saver) == Change(AMOUNT + 9, AMOUNT - 9)


def test_settle_all__same_account_in_several_legs__adds_up(own: Any, saver: Any, other: Any) -> None:
    own.settle_all(*legs((saver, 4, 0), (saver, 5, 8), (other, 0, 0), (saver, 0, 1)))
    assert own.of(saver) == Change(AMOUNT + 9, AMOUNT - 9)


def test_settle__nothing_of_nobody__changes_nothing(own: Any, unharmed: Any) -> None:
    own.settle(funds(ZERO_ADDRESS, 0), 0, funds(ZERO_ADDRESS, 0), 0)
    own.settle_all([], [])


def test_settle__leaves_the_account_s_nonces_as_they_are(payments: Any, own: Any, saver: Any, other: Any) -> None:
    payments.cancelNonces(other, 0, 1 << 31 | 1, sender=saver)
    own.settle_all(*legs((saver, AMOUNT, AMOUNT)))
    used = [nonce for nonce in range(34) if payments.isNonceUsed(other, saver, nonce)]
    assert used == [0, 1, 31]  # the first nonce of all was that of the lock


# ------------------------------------------------------------ more than there is


@pytest.mark.parametrize("needed", [AMOUNT + 1, MOST])
def test_settle__more_than_is_locked__reverts(own: Any, unharmed: Any, saver: Any, other: Any, needed: int) -> None:
    """What is free does not help."""
    wrong = {"controller": other, "account": saver, "locked": AMOUNT, "needed": needed}
    for credited in (saver, other):
        with reverts_with("Payments_InsufficientLocked", **wrong):
            own.settle(funds(saver, needed), 0, funds(credited, 0), needed)
        with reverts_with("Payments_InsufficientLocked", **wrong):
            own.settle_all(*legs((saver, needed, 0), (credited, 0, needed)))


def test_settle__same_account_twice__cannot_unlock_the_same_twice(
    own: Any, unharmed: Any, saver: Any, other: Any
) -> None:
    wrong = {"controller": other, "account": saver, "locked": 0, "needed": AMOUNT}
    with reverts_with("Payments_InsufficientLocked", **wrong):
        own.settle(funds(saver, AMOUNT), AMOUNT, funds(saver, AMOUNT), AMOUNT)
    with reverts_with("Payments_InsufficientLocked", **wrong):
        own.settle_all(*legs((saver, AMOUNT, 0), (other, 0, 2 * AMOUNT), (saver, AMOUNT, 0)))


@pytest.mark.parametrize("credited", [0, AMOUNT - 1, AMOUNT + 1, MOST, MOST + 1, WRAP - 1])
def test_settle__another_sum_than_unlocked__reverts(
    own: Any, unharmed: Any, saver: Any, other: Any, credited: int
) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credited):
        own.settle(funds(saver, AMOUNT), credited, funds(other, 0), 0)
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credited):
        own.settle_all(*legs((saver, AMOUNT, 0), (other, 0, credited)))


def test_settle_all__credit_out_of_nothing_in_a_late_leg__reverts(own: Any, unharmed: Any, other: Any) -> None:
    with reverts_with("Payments_NotConserved", controller=other, unlocked=0, credited=1):
        own.settle_all(*legs((other, 0, 0), (other, 0, 0), (other, 0, 1)))


# ------------------------------------------------------------ words that run over


@pytest.mark.parametrize(
    ("first", "second"), [(WRAP - 1, AMOUNT + 1), (WRAP // 2, WRAP // 2 + AMOUNT), (WRAP - AMOUNT, 2 * AMOUNT)]
)
def test_settle__credits_that_wrap_around_to_what_was_unlocked__reverts(
    own: Any, unharmed: Any, saver: Any, other: Any, first: int, second: int
) -> None:
    assert (first + second) % WRAP == AMOUNT
    with reverts_with("Panic", code=OVERFLOW):
        own.settle(funds(saver, AMOUNT), first, funds(other, 0), second)
    with reverts_with("Panic", code=OVERFLOW):
        own.settle_all(*legs((saver, AMOUNT, first), (other, 0, second)))


def test_settle__credit_that_fills_the_lanes_above__unlocks_nothing(
    own: Any, unharmed: Any, saver: Any, other: Any
) -> None:
    """A credit of 2^96 would be one more that is locked, which a later leg might take."""
    wrong = {"controller": other, "unlocked": AMOUNT, "credited": AMOUNT << 96}
    with reverts_with("Payments_NotConserved", **wrong):
        own.settle(funds(other, 0), AMOUNT << 96, funds(other, AMOUNT), 0)
    with reverts_with("Payments_NotConserved", **wrong):
        own.settle_all(*legs((other, 0, AMOUNT << 96), (other, AMOUNT, 0)))


def test_settle__credit_that_fills_the_lane_of_the_nonces__frees_none(
    payments: Any, own: Any, unharmed: Any, saver: Any, other: Any
) -> None:
    """All bits of a word at once: it would take the segment's number back below what was used."""
    payments.cancelNonce(other, 7, sender=saver)
    for credit in (1 << 192, WRAP - (1 << 192), WRAP - 1):
        with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=credit):
            own.settle_all(*legs((saver, AMOUNT, credit)))
    assert payments.isNonceUsed(other, saver, 7)


def test_settle__unlocks_beyond_96_bits_together__are_summed_as_they_are(
    own: Any, unharmed: Any, saver: Any, other: Any
) -> None:
    """Their sum has 97 bits; in 96 it would be AMOUNT."""
    first, second = MOST, AMOUNT + 1
    wrong = {"controller": other, "unlocked": first + second, "credited": AMOUNT}
    with reverts_with("Payments_NotConserved", **wrong):
        own.settle(funds(saver, first), AMOUNT, funds(saver, second), 0)


# ------------------------------------------------------------ lists that do not fit


def test_settle_all__fewer_credits_than_unlocks__reverts(own: Any, unharmed: Any, saver: Any, other: Any) -> None:
    unlocks, credits = legs((other, 0, AMOUNT), (saver, AMOUNT, 0))
    with reverts_with("Panic", code=OUT_OF_BOUNDS):
        own.settle_all(unlocks, credits[:1])


def test_settle_all__more_credits_than_unlocks__credits_nobody_with_them(
    own: Any, unharmed: Any, saver: Any, other: Any
) -> None:
    unlocks, credits = legs((saver, AMOUNT, AMOUNT - 1), (other, 0, 1))
    with reverts_with("Payments_NotConserved", controller=other, unlocked=AMOUNT, credited=AMOUNT - 1):
        own.settle_all(unlocks[:1], credits)
