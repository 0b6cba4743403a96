from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from lilypad.protocol.settlement import Change
from tests.contracts.makers import ETHER

from .legs import funds


@pytest.fixture
def saver(protocol: Any, roles: Any) -> Any:
    """Has tokens and has approved the vault."""
    protocol.token.transfer(roles.stranger, 100 * ETHER, sender=roles.holder)
    protocol.token.approve(protocol.payments, 2**256 - 1, sender=roles.stranger)
    return roles.stranger


@pytest.fixture
def other(roles: Any) -> Any:
    """Calls the vault as if it were a controller."""
    return roles.solver


@dataclass
class Compartment:
    """What a controller of one's own can do, and what is in it."""

    payments: ContractInstance
    controller: AccountAPI
    _nonces: count = field(default_factory=lambda: count(1))

    def of(self, account: Any) -> Change:
        return Change(*self.payments.balanceOf(self.controller, account))

    def bond(self, account: Any, amount: int) -> ReceiptAPI:
        return self.payments.bond(funds(account, amount), sender=self.controller)

    def settle(self, *arguments: Any) -> ReceiptAPI:
        return self.payments.settle(*arguments, sender=self.controller)

    def settle_all(self, unlocks: list[bytes], credits: list[int]) -> ReceiptAPI:
        return self.payments.settleAll(unlocks, credits, sender=self.controller)

    def lock(self, first: Any, amount: int, second: Any, other_amount: int) -> ReceiptAPI:
        """With nonces that were never used."""
        words = funds(first, amount), next(self._nonces), funds(second, other_amount), next(self._nonces)
        return self.payments.lock(*words, sender=self.controller)

    def pay(self, payer: Any, amount: int, payees: list[bytes]) -> ReceiptAPI:
        return self.payments.pay(funds(payer, amount), next(self._nonces), payees, sender=self.controller)


@pytest.fixture
def own(payments: Any, other: Any) -> Compartment:
    """The compartment of a controller that means no good."""
    return Compartment(payments, other)


@pytest.fixture
def entrust(payments: Any, other: Any, saver: Any) -> Callable[[Any, int], None]:
    """Puts some of the saver's tokens into that compartment, for anybody."""
    return lambda account, amount: payments.deposit(other, account, amount, sender=saver)
