"""The vault holds no more tokens than 96 bits count, so that no balance can ever run over into the one beside it."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with

from .legs import MOST, funds, legs, payees


@pytest.fixture
def coin(compiled: Any, saver: Any, other: Any, chain: Any) -> Any:
    """A token of which far more was issued than the vault can take."""
    coin = saver.deploy(compiled.MockToken, saver)
    for holder in (saver, other):
        slot = keccak(encode(["address", "uint256"], [holder.address, 0]))
        chain.provider.set_storage(coin.address, int.from_bytes(slot, "big"), (2**200).to_bytes(32, "big"))
    return coin


@pytest.fixture
def vault(compiled: Any, coin: Any, saver: Any, other: Any) -> Any:
    vault = saver.deploy(compiled.LilypadPayments, coin)
    for holder in (saver, other):
        coin.approve(vault, 2**256 - 1, sender=holder)
    return vault


@pytest.fixture
def of(vault: Any, other: Any) -> Any:
    """What an account has in the compartment of a controller that means no good."""
    return lambda account: Change(*vault.balanceOf(other, account))


def test_deposit__up_to_the_limit__is_credited(vault: Any, coin: Any, saver: Any, other: Any, of: Any) -> None:
    vault.deposit(other, saver, MOST - 1, sender=saver)
    vault.deposit(other, other, 1, sender=other)
    assert (of(saver), of(other), coin.balanceOf(vault)) == (Change(MOST - 1), Change(1), MOST)


def test_deposit__a_token_too_much__reverts(vault: Any, saver: Any, other: Any, of: Any) -> None:
    """Whoever deposits, and in whichever compartment: the tokens lie together."""
    vault.deposit(other, saver, MOST, sender=saver)
    for sender, compartment in ((saver, other), (other, other), (other, saver)):
        with reverts_with("Payments_VaultFull", tokens=MOST + 1, limit=MOST):
            vault.deposit(compartment, sender, 1, sender=sender)
    vault.withdraw(other, 1, sender=saver)
    vault.deposit(saver, other, 1, sender=other)


def test_deposit__tokens_that_were_sent_directly__count_as_well(vault: Any, coin: Any, saver: Any, other: Any) -> None:
    """They can make a vault full, but take more than there are of the network's own token."""
    coin.transfer(vault, MOST, sender=saver)
    with reverts_with("Payments_VaultFull", tokens=MOST + 1, limit=MOST):
        vault.deposit(other, saver, 1, sender=saver)


def test_withdraw__from_a_full_vault__pays_out_everything(
    vault: Any, coin: Any, saver: Any, other: Any, of: Any
) -> None:
    vault.deposit(other, saver, MOST, sender=saver)
    coin.transfer(vault, 2**100, sender=other)
    vault.withdraw(other, MOST, sender=saver)
    assert (of(saver), coin.balanceOf(vault)) == (Change(), 2**100)


def test_balance__of_all_there_can_be__moves_from_lane_to_lane_whole(
    vault: Any, saver: Any, other: Any, of: Any
) -> None:
    vault.deposit(other, saver, MOST, sender=saver)
    vault.cancelNonces(other, 0, 2**256 - 1, sender=saver)
    vault.bond(funds(saver, MOST), sender=other)
    assert of(saver) == Change(0, MOST)
    vault.settle(funds(saver, MOST), MOST, funds(other, 0), 0, sender=other)
    assert of(saver) == Change(MOST, 0)
    vault.move(other, other, MOST, sender=saver)
    assert (of(saver), of(other)) == (Change(), Change(MOST))
    vault.pay(funds(other, MOST), 0, payees((saver, MOST)), sender=other)
    assert (of(saver), of(other)) == (Change(MOST), Change())
    assert vault.isNonceUsed(other, saver, 31)


@pytest.mark.parametrize("free", [0, 1, MOST // 2])
def test_settle__credit_that_runs_over_in_a_full_compartment__gains_nothing(
    vault: Any, coin: Any, saver: Any, other: Any, of: Any, free: int
) -> None:
    """One that is credited above the full lane counts as locked, and can be taken from there; but the lane is empty."""
    vault.deposit(other, saver, MOST, sender=saver)
    vault.bond(funds(saver, MOST - free), sender=other)
    vault.settleAll(*legs((saver, MOST - free, MOST - free + 1), (saver, 1, 0)), sender=other)
    assert of(saver) == Change()  # a controller can waste what was entrusted to it; it could have taken it as well
    assert coin.balanceOf(vault) == MOST


def test_settle__credit_that_runs_over_a_token_below_that__reverts(vault: Any, saver: Any, other: Any, of: Any) -> None:
    vault.deposit(other, saver, MOST - 1, sender=saver)
    vault.bond(funds(saver, MOST - 2), sender=other)
    wrong = {"controller": other, "account": saver, "locked": 0, "needed": 1}
    with reverts_with("Payments_InsufficientLocked", **wrong):
        vault.settleAll(*legs((saver, MOST - 2, MOST - 1), (saver, 1, 0)), sender=other)
    assert of(saver) == Change(1, MOST - 2)
