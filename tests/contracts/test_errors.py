"""The helper that the whole suite leans on has to fail when it should."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.errors import WrongRevertError, reverts_with


@pytest.fixture
def overdraw(protocol: Any, stranger: Any) -> Any:
    return lambda: protocol.payments.withdraw(protocol.controller, 7, sender=stranger)


@pytest.fixture
def fields(protocol: Any, stranger: Any) -> dict[str, Any]:
    return {"controller": protocol.controller, "account": stranger, "free": 0, "needed": 7}


def test_reverts_with__this_error_and_its_fields__passes(overdraw: Any, fields: Any) -> None:
    with reverts_with("Payments_InsufficientFree", **fields):
        overdraw()


def test_reverts_with__another_error_of_the_same_fields__fails(overdraw: Any, fields: Any) -> None:
    with pytest.raises(WrongRevertError), reverts_with("Payments_InsufficientLocked", **fields):
        overdraw()


def test_reverts_with__another_field__fails(overdraw: Any, fields: Any) -> None:
    with (
        pytest.raises(WrongRevertError),
        reverts_with("Payments_InsufficientFree", **{**fields, "needed": 8}),
    ):
        overdraw()


def test_reverts_with__a_field_left_out__fails(overdraw: Any, fields: Any) -> None:
    del fields["needed"]
    with pytest.raises(WrongRevertError), reverts_with("Payments_InsufficientFree", **fields):
        overdraw()


def test_reverts_with__no_revert__fails(protocol: Any, stranger: Any) -> None:
    with pytest.raises(WrongRevertError), reverts_with("Payments_InsufficientFree"):
        protocol.payments.withdraw(protocol.controller, 0, sender=stranger)


def test_reverts_with__a_fault_of_the_test_itself__fails() -> None:
    with pytest.raises(WrongRevertError), reverts_with(""):
        raise KeyError("a typing error in a test")


def test_reverts_with__error_of_a_contract_behind_the_one_called__is_seen(protocol: Any, stranger: Any) -> None:
    token, payments = protocol.token, protocol.payments
    with reverts_with("ERC20InsufficientAllowance", spender=payments, allowance=0, needed=7):
        payments.deposit(protocol.controller, stranger, 7, sender=stranger)
    with reverts_with("ERC20InsufficientBalance", sender=stranger, balance=0, needed=7):
        token.transfer(payments, 7, sender=stranger)


def test_reverts_with__of_a_view__is_seen_whatever_its_bytes_look_like(protocol: Any, stranger: Any) -> None:
    token, clock = protocol.token, protocol.token.clock()
    for later in (2**40, 2**47 + 0x8081):  # bytes that are text, and bytes that are not
        with reverts_with("ERC5805FutureLookup", timepoint=later, clock=clock):
            token.getPastVotes(stranger, later)


def test_reverts_with__without_data__is_seen(protocol: Any, stranger: Any) -> None:
    data = protocol.payments.move.encode_input(protocol.controller, stranger, 7)
    with reverts_with(""):
        stranger.transfer(protocol.payments, 0, data=data[:-1])
