"""Everybody's balances in the vault, before and after, against the model's prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ape.contracts import ContractInstance

from lilypad.protocol.settlement import BURNED, Change, Changes
from lilypad.types import ZERO_ADDRESS, Address

Balances = Mapping[Address, Change]


class Books:
    def __init__(
        self,
        token: ContractInstance,
        payments: ContractInstance,
        controller: ContractInstance,
        people: Mapping[str, Address],
    ) -> None:
        self.token = token
        self.payments = payments
        self.controller = controller
        self.people = {**people, "burned": BURNED, "zero": ZERO_ADDRESS}

    def of(self, account: object) -> Change:
        free, locked = self.payments.balanceOf(self.controller, account)
        return Change(free, locked)

    def all(self) -> Balances:
        return {account: self.of(account) for account in self.people.values()}

    @contextmanager
    def changed_by(self, changes: Changes) -> Iterator[None]:
        """The block changes the balances of the model's accounts exactly so, and nobody else's; no token moves."""
        assert set(changes) <= set(self.people.values())
        before, tokens = self.all(), self.token.balanceOf(self.payments)
        yield
        after = self.all()
        expected = {account: old + changes.get(account, Change()) for account, old in before.items()}
        assert self.named(after) == self.named(expected)
        assert self.token.balanceOf(self.payments) == tokens == self.total(after)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        with self.changed_by({}):
            yield

    def total(self, balances: Balances) -> int:
        return sum(balance.free + balance.locked for balance in balances.values())

    def named(self, balances: Balances) -> dict[str, Change]:
        """By role, so that a failing test can be read."""
        return {name: balances[account] for name, account in self.people.items()}
