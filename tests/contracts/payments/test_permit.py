"""depositWithPermit: approval and deposit in one transaction, whoever else saw the permit."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER, FAR

AMOUNT = 5 * ETHER


@pytest.fixture
def owner(token: Any, roles: Any) -> Any:
    """Has tokens and has approved nothing."""
    token.transfer(roles.stranger, 100 * ETHER, sender=roles.holder)
    return roles.stranger


@pytest.fixture
def permit(token: Any, payments: Any, owner: Any, chain: Any) -> Any:
    """v, r, s of the owner's permit for the vault."""

    def sign(value: int = AMOUNT, deadline: int = FAR) -> tuple[int, bytes, bytes]:
        names = ("owner", "spender", "value", "nonce", "deadline")
        kinds = ("address", "address", "uint256", "uint256", "uint256")
        message = encode_typed_data(
            {
                "name": "Lilypad",
                "version": "1",
                "chainId": chain.chain_id,
                "verifyingContract": token.address,
            },
            {"Permit": [{"name": n, "type": k} for n, k in zip(names, kinds, strict=True)]},
            dict(
                zip(
                    names,
                    (owner.address, payments.address, value, token.nonces(owner), deadline),
                    strict=True,
                )
            ),
        )
        signed = Account.sign_message(message, owner.private_key)
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    return sign


def test_deposit_with_permit__fresh__needs_no_approval(
    payments: Any, controller: Any, owner: Any, permit: Any, books: Any
) -> None:
    payments.depositWithPermit(controller, AMOUNT, FAR, *permit(), sender=owner)
    assert books.of(owner) == Change(free=AMOUNT)


def test_deposit_with_permit__front_run__is_deposited_all_the_same(
    payments: Any, token: Any, controller: Any, owner: Any, permit: Any, books: Any, roles: Any
) -> None:
    signature = permit()
    token.permit(owner, payments, AMOUNT, FAR, *signature, sender=roles.solver)
    payments.depositWithPermit(controller, AMOUNT, FAR, *signature, sender=owner)
    assert books.of(owner) == Change(free=AMOUNT)


def test_deposit_with_permit__used_by_somebody_else__deposits_nothing_of_the_owner_s(
    payments: Any, controller: Any, owner: Any, permit: Any, roles: Any
) -> None:
    thief = roles.solver
    with reverts_with("ERC20InsufficientAllowance", spender=payments, allowance=0, needed=AMOUNT):
        payments.depositWithPermit(controller, AMOUNT, FAR, *permit(), sender=thief)


def test_deposit_with_permit__for_another_amount__reverts(
    payments: Any, controller: Any, owner: Any, permit: Any
) -> None:
    with reverts_with("ERC20InsufficientAllowance", spender=payments, allowance=0, needed=AMOUNT):
        payments.depositWithPermit(controller, AMOUNT, FAR, *permit(AMOUNT + 1), sender=owner)


def test_deposit_with_permit__expired__reverts(payments: Any, controller: Any, owner: Any, permit: Any) -> None:
    with reverts_with("ERC20InsufficientAllowance", spender=payments, allowance=0, needed=AMOUNT):
        payments.depositWithPermit(controller, AMOUNT, 1, *permit(deadline=1), sender=owner)


def test_deposit_with_permit__worthless_but_approved_before__is_deposited(
    payments: Any, token: Any, controller: Any, owner: Any, books: Any
) -> None:
    token.approve(payments, AMOUNT, sender=owner)
    payments.depositWithPermit(controller, AMOUNT, FAR, 27, bytes(32), bytes(32), sender=owner)
    assert books.of(owner) == Change(free=AMOUNT)
