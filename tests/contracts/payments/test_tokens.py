"""Tokens that take a fee, lie, or call back: only what arrived is credited."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.errors import reverts_with

AMOUNT = 1_000
NONE, FEE, LIE, RETURN_FALSE, CALL_BACK = range(5)


@pytest.fixture
def token(compiled: Any, roles: Any) -> Any:
    return roles.stranger.deploy(compiled.MockToken, roles.stranger)


@pytest.fixture
def vault(compiled: Any, roles: Any, token: Any) -> Any:
    vault = roles.stranger.deploy(compiled.LilypadPayments, token)
    token.approve(vault, 2**256 - 1, sender=roles.stranger)
    return vault


@pytest.fixture
def hook(compiled: Any, roles: Any, token: Any, vault: Any) -> Any:
    """A depositor that is called back by the token."""
    hook = roles.stranger.deploy(compiled.MockHook)
    token.transfer(hook, 10 * AMOUNT, sender=roles.stranger)
    hook.approve(token, vault, sender=roles.stranger)
    token.play(CALL_BACK, sender=roles.stranger)
    return hook


@pytest.mark.parametrize(("trick", "received"), [(FEE, AMOUNT - AMOUNT // 100), (LIE, 0)])
def test_deposit__less_arrives_than_was_said__reverts(
    vault: Any, token: Any, controller: Any, stranger: Any, trick: int, received: int
) -> None:
    token.play(trick, sender=stranger)
    wrong = {"from": stranger, "received": received, "expected": AMOUNT}
    with reverts_with("Payments_WrongAmountReceived", **wrong):
        vault.deposit(controller, stranger, AMOUNT, sender=stranger)


def test_deposit__token_says_no__reverts(vault: Any, token: Any, controller: Any, stranger: Any) -> None:
    token.play(RETURN_FALSE, sender=stranger)
    with reverts_with("SafeERC20FailedOperation", token=token):
        vault.deposit(controller, stranger, AMOUNT, sender=stranger)


def test_deposit_with_permit__token_without_permit__uses_the_approval(
    vault: Any, controller: Any, stranger: Any
) -> None:
    vault.depositWithPermit(controller, AMOUNT, 0, 0, bytes(32), bytes(32), sender=stranger)
    assert tuple(vault.balanceOf(controller, stranger)) == (AMOUNT, 0)


def test_deposit__second_deposit_from_within__reverts(vault: Any, controller: Any, hook: Any, stranger: Any) -> None:
    deposit = vault.deposit.encode_input(controller, hook, AMOUNT)
    wrong = {"from": hook, "received": 2 * AMOUNT, "expected": AMOUNT}
    with reverts_with("Payments_WrongAmountReceived", **wrong):
        hook.run(vault, deposit, [deposit], sender=stranger)


def test_deposit__withdrawal_from_within__reverts(vault: Any, controller: Any, hook: Any, stranger: Any) -> None:
    deposit = vault.deposit.encode_input(controller, hook, AMOUNT)
    withdraw = vault.withdraw.encode_input(controller, AMOUNT // 2)
    hook.run(vault, deposit, [], sender=stranger)
    wrong = {"from": hook, "received": AMOUNT // 2, "expected": AMOUNT}
    with reverts_with("Payments_WrongAmountReceived", **wrong):
        hook.run(vault, deposit, [withdraw], sender=stranger)


def test_deposit__deposit_and_withdrawal_from_within__gains_nothing(
    vault: Any, token: Any, controller: Any, hook: Any, stranger: Any
) -> None:
    deposit = vault.deposit.encode_input(controller, hook, AMOUNT)
    withdraw = vault.withdraw.encode_input(controller, AMOUNT)
    hook.run(vault, deposit, [deposit, withdraw], sender=stranger)

    assert tuple(vault.balanceOf(controller, hook)) == (AMOUNT, 0)
    assert token.balanceOf(vault) == AMOUNT
    assert token.balanceOf(hook) == 9 * AMOUNT


def test_deposit__plain_token__is_credited(vault: Any, token: Any, controller: Any, stranger: Any) -> None:
    vault.deposit(controller, stranger, AMOUNT, sender=stranger)
    assert tuple(vault.balanceOf(controller, stranger)) == (AMOUNT, 0) == (token.balanceOf(vault), 0)
    assert vault.TOKEN() == token
