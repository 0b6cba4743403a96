"""The vault beside plain numbers, with controllers that mean no good.

Whatever they lock, settle and pay, in words of any bits: every token is somebody's, no compartment reaches into
another, and nothing comes out of nothing.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lilypad.protocol.words import pack_funds
from lilypad.types import ZERO_ADDRESS, Address
from tests.invariants.evm import Evm, RevertError
from tests.invariants.network import ADDRESSES, START

EXAMPLES = int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "80"))
STEPS = 40
MOST, WRAP = 2**96 - 1, 2**256
HOLDER = ADDRESSES["governor"]
TOKEN_BALANCES = 0
"""Their slot."""
CONTROLLERS = (ADDRESSES["rival"], ADDRESSES["stranger"])
PEOPLE = (*CONTROLLERS, ADDRESSES["creator"], ADDRESSES["provider"], ZERO_ADDRESS)
"""Controllers have balances as well, in their own compartment and in the other."""

controllers, people = st.sampled_from(CONTROLLERS), st.sampled_from(PEOPLE)
depositors = st.sampled_from(PEOPLE[:-1])
portions = st.sampled_from(["none", "one", "half", "all"] * 4 + ["one more", "most"])
"""Of whatever there is."""
tricks = st.sampled_from(["honest"] * 3 + ["off by one", "lane above", "lanes above", "wrap around", "all bits"])
"""What is credited instead of what was unlocked."""
parts = st.lists(st.tuples(people, portions, st.integers(0, 4)), min_size=1, max_size=3)


def portion(of: int, which: str) -> int:
    amounts = {"none": 0, "one": min(1, of), "half": of // 2, "all": of, "one more": of + 1, "most": MOST}
    return min(MOST, amounts[which])


def credited(unlocked: int, weights: Sequence[int], trick: str) -> list[int]:
    """A sum in as many credits as there are weights; the trick is in the first, or in first and last."""
    total = sum(weights) or 1
    credits = [unlocked * weight // total for weight in weights]
    credits[-1] += unlocked - sum(credits)
    more = {"off by one": 1, "lane above": 1 << 96, "lanes above": (unlocked << 96) + (1 << 192), "all bits": WRAP - 1}
    credits[0] = (credits[0] + more.get(trick, 0)) % WRAP
    if trick == "wrap around" and len(credits) > 1:  # to the right sum, in 256 bits
        credits[0] += unlocked + 1
        credits[-1] = (credits[-1] - unlocked - 1) % WRAP
    return credits


class Vault(RuleBasedStateMachine):
    @initialize(tokens=st.sampled_from([1_000, 10**24, MOST - 1]))
    def start(self, tokens: int) -> None:
        """As good as full, at most: there is nothing above that a lane could run over into."""
        self.evm = Evm(START)
        self.token = self.evm.deploy("LilypadToken", HOLDER)
        self.vault = self.evm.deploy("LilypadPayments", self.token.address)
        place = keccak(encode(["address", "uint256"], [HOLDER, TOKEN_BALANCES]))
        self.evm.store(self.token, int.from_bytes(place, "big"), tokens)  # more than were ever issued, or fewer
        self.free: dict[tuple[Address, Address], int] = defaultdict(int)
        self.locked: dict[tuple[Address, Address], int] = defaultdict(int)
        self.outside = tokens
        self.nonce = 0
        self.evm.call(HOLDER, self.token, "approve", self.vault.address, WRAP - 1)
        for controller in CONTROLLERS:
            for account in PEOPLE[:-1]:
                self._deposit(controller, account, tokens // 10)

    def _next_nonce(self) -> int:
        self.nonce += 40  # now and then beside the balance, now and then not
        return self.nonce if self.nonce % 3 else 2**31 + self.nonce

    def _deposit(self, controller: Address, account: Address, amount: int) -> None:
        self.evm.call(HOLDER, self.vault, "deposit", controller, account, amount)
        self.free[controller, account] += amount
        self.outside -= amount

    def _try(self, is_allowed: bool, refusals: str, sender: Address, function: str, *arguments: Any) -> bool:
        """It must go through exactly when it is allowed, and be refused with one of these errors otherwise."""
        name = ""
        try:
            self.evm.call(sender, self.vault, function, *arguments)
        except RevertError as error:
            name = error.name
        if is_allowed:
            assert not name, name
        else:
            assert name in refusals.split(), name or "nothing was refused"
        return is_allowed

    # ------------------------------------------------------------ account holders

    @rule(controller=controllers, account=depositors, which=portions)
    def deposit(self, controller: Address, account: Address, which: str) -> None:
        self._deposit(controller, account, min(self.outside, portion(self.outside, which)))

    @rule(controller=controllers, account=depositors, which=portions)
    def withdraw(self, controller: Address, account: Address, which: str) -> None:
        free = self.free[controller, account]
        amount = portion(free, which)
        if self._try(amount <= free, "Payments_InsufficientFree", account, "withdraw", controller, amount):
            self.free[controller, account] -= amount
            self.evm.call(account, self.token, "transfer", HOLDER, amount)
            self.outside += amount

    @rule(controller=controllers, account=depositors, to=depositors, which=portions)
    def move(self, controller: Address, account: Address, to: Address, which: str) -> None:
        free = self.free[controller, account]
        amount = portion(free, which)
        if self._try(amount <= free, "Payments_InsufficientFree", account, "move", controller, to, amount):
            self.free[controller, account] -= amount
            self.free[controller, to] += amount

    @rule(controller=controllers, account=depositors, word=st.integers(0, 2**24), mask=st.integers(0, WRAP - 1))
    def cancel(self, controller: Address, account: Address, word: int, mask: int) -> None:
        """Of nonces that are not needed here."""
        self.evm.call(account, self.vault, "cancelNonces", controller, word | 1 << 24, mask)

    # ------------------------------------------------------------ controllers

    @rule(controller=controllers, first=people, second=people, one=portions, other=portions)
    def lock(self, controller: Address, first: Address, second: Address, one: str, other: str) -> None:
        free = dict(self.free)
        amounts = [portion(self.free[controller, first], one), portion(self.free[controller, second], other)]
        for account, amount in zip((first, second), amounts, strict=True):
            free[controller, account] = free.get((controller, account), 0) - amount
        words = [pack_funds(first, amounts[0]), self._next_nonce(), pack_funds(second, amounts[1]), self._next_nonce()]
        if self._try(min(free.values()) >= 0, "Payments_InsufficientFree", controller, "lock", *words):
            self.free.update(free)
            for account, amount in zip((first, second), amounts, strict=True):
                self.locked[controller, account] += amount

    @rule(controller=controllers, account=people, which=portions)
    def bond(self, controller: Address, account: Address, which: str) -> None:
        free = self.free[controller, account]
        amount = portion(free, which)
        if self._try(amount <= free, "Payments_InsufficientFree", controller, "bond", pack_funds(account, amount)):
            self.free[controller, account] -= amount
            self.locked[controller, account] += amount

    @rule(controller=controllers, parts=parts, trick=tricks, in_pairs=st.booleans())
    def settle(self, controller: Address, parts: list[tuple[Address, str, int]], trick: str, in_pairs: bool) -> None:
        """Any number of legs, an account in several of them, or exactly two by the other function."""
        parts = (parts * 2)[:2] if in_pairs else parts
        accounts = [account for account, *_ in parts]
        unlocks = [portion(self.locked[controller, account], which) for account, which, _ in parts]
        credits = credited(sum(unlocks), [weight for *_, weight in parts], trick)
        locked = dict(self.locked)
        for account, unlock in zip(accounts, unlocks, strict=True):
            locked[controller, account] -= unlock
        words = [pack_funds(account, unlock) for account, unlock in zip(accounts, unlocks, strict=True)]
        arguments = [words[0], credits[0], words[1], credits[1]] if in_pairs else [words, credits]
        function = "settle" if in_pairs else "settleAll"
        is_allowed = min(locked.values()) >= 0 and sum(credits) == sum(unlocks)
        refusals = "Payments_InsufficientLocked Payments_NotConserved Panic"
        if self._try(is_allowed, refusals, controller, function, *arguments):
            self.locked.update(locked)
            for account, credit in zip(accounts, credits, strict=True):
                self.free[controller, account] += credit

    @rule(controller=controllers, payer=people, which=portions, parts=parts, trick=tricks)
    def pay(
        self, controller: Address, payer: Address, which: str, parts: list[tuple[Address, str, int]], trick: str
    ) -> None:
        amount = portion(self.free[controller, payer], which)
        credits = [min(MOST, credit) for credit in credited(amount, [weight for *_, weight in parts], trick)]
        payees = [pack_funds(account, credit) for (account, *_), credit in zip(parts, credits, strict=True)]
        arguments = pack_funds(payer, amount), self._next_nonce(), payees
        is_paid_to_somebody = all(account != ZERO_ADDRESS for account, *_ in parts)
        is_allowed = amount <= self.free[controller, payer] and sum(credits) == amount and is_paid_to_somebody
        refusals = "Payments_InsufficientFree Payments_NotConserved Payments_ZeroAddress"
        if self._try(is_allowed, refusals, controller, "pay", *arguments):
            self.free[controller, payer] -= amount
            for (account, *_), credit in zip(parts, credits, strict=True):
                self.free[controller, account] += credit

    # ------------------------------------------------------------ what always holds

    @invariant()
    def everybody_has_what_plain_numbers_say(self) -> None:
        for key in ((controller, account) for controller in CONTROLLERS for account in PEOPLE):
            assert self.evm.read(self.vault, "balanceOf", *key) == (self.free[key], self.locked[key]), key

    @invariant()
    def all_balances_together_are_the_vault_s_tokens(self) -> None:
        tokens = self.evm.read(self.token, "balanceOf", self.vault.address)
        assert tokens == sum(self.free.values()) + sum(self.locked.values()) <= MOST

    def teardown(self) -> None:
        """Whatever was done, all that is free can be withdrawn, to the last token."""
        if not hasattr(self, "vault"):
            return
        for controller in CONTROLLERS:
            for account in PEOPLE[:-1]:
                self.evm.call(account, self.vault, "withdraw", controller, self.free[controller, account])


TestVault = Vault.TestCase
TestVault.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # takes minutes here
    suppress_health_check=list(HealthCheck),
)
