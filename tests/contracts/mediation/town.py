"""The whole network with a real court, on revm; whoever takes part; and what a model says everybody weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim
from lilypad.protocol.docket import UNIT, Settings
from lilypad.protocol.offers import module_id
from lilypad.types import Address, Digest
from tests.invariants.evm import Contract, Evm, Receipt

ETHER = 10**18
HOUR = 3600
EPOCH = 2 * HOUR
DELAY = 600
START = EPOCH * 250_000
"""An epoch begins."""
PATIENCE = DELAY + EPOCH + 600
"""What a round may take besides its voting windows."""
SETTINGS = Settings(
    fee=1_000, bond=2_000, min_stake=100_000, penalty=20_000, commit=HOUR, reveal=HOUR, appeal=0,
    silent_percent=50, burn_percent=50, redraws=2, appeals=0,
)  # fmt: skip
WITH_APPEALS = replace(SETTINGS, appeal=2 * HOUR, appeals=2)
MEDIATE = 20 * 24 * HOUR
RIGHT = Claim(keccak(text="the right output"), 5_000_001)
OTHER = Claim(keccak(text="another output"), 5_000_001)
ANY_PRICE = (1 << 96) - 1


def key_of(name: str) -> LocalAccount:
    return Account.from_key(keccak(text=name))


def address_of(name: str) -> Address:
    return Address(key_of(name).address)


class Town:
    def __init__(self, settings: Settings = SETTINGS, stakes: Sequence[int] = (200_000,) * 9) -> None:
        self.evm = evm = Evm(START)
        self.settings = settings
        self.keys: dict[Address, LocalAccount] = {}
        self.names: dict[Address, str] = {}
        self.weights: dict[Address, list[tuple[int, int]]] = {}
        """Of each mediator in the order in which they came: from which epoch, how much."""
        self.lane = 0
        self.other = OTHER
        holder = self.address("governor")
        self.token = evm.deploy("LilypadToken", holder)
        self.payments = evm.deploy("LilypadPayments", self.token.address)
        self.storage = evm.deploy("LilypadStorage")
        self.modules = evm.deploy("LilypadModules", holder)
        parts = (self.payments.address, self.storage.address, self.modules.address, self.address("treasury"), holder)
        self.controller = evm.deploy("LilypadController", *parts)
        self.randomness = evm.deploy("MockRandomness", DELAY)
        court = (self.payments.address, self.controller.address, self.randomness.address, EPOCH)
        self.mediation = evm.deploy("LilypadMediation", *court, settings.word(), holder)
        self.mediators = Contract("LilypadMediators", Address(evm.read(self.mediation, "MEDIATORS")))
        self.module = self._publish()
        self.send("governor", self.token, "approve", self.payments.address, 2**256 - 1)
        for who in ("creator", "provider", "challenger"):
            self.deposit(self.controller, self.address(who), 1_000_000 * ETHER)
        for number, units in enumerate(stakes):
            self.join(f"mediator {number}", units)
        self.pass_epoch()

    def _publish(self) -> bytes:
        manifest = Digest(keccak(text="manifest"))
        self.send("author", self.modules, "publish", manifest, "cowsay", "1.0.0", 0)
        module = module_id(self.address("author"), 0, manifest)
        self.send("governor", self.modules, "curate", module, 2)
        return module

    # ------------------------------------------------------------ accounts

    def address(self, name: str) -> Address:
        key = key_of(name)
        account = Address(key.address)
        self.keys[account], self.names[account] = key, name
        return account

    def send(self, who: str, contract: Contract, function: str, *arguments: Any) -> Receipt:
        receipt = self.evm.call(self.address(who), contract, function, *arguments)
        for event, fields in receipt.events:
            if event == "MediatorSlashed":
                self.reweigh(Address(to_checksum_address(fields["mediator"])))
        return receipt

    def name_of(self, account: Address) -> str:
        return self.names[account]

    def deposit(self, compartment: Contract, account: Address, amount: int) -> None:
        self.send("governor", self.payments, "deposit", compartment.address, account, amount)

    def balance(self, compartment: Contract, account: Address) -> tuple[int, int]:
        free, locked = self.evm.read(self.payments, "balanceOf", compartment.address, account)
        return free, locked

    def mediator(self, account: Address) -> tuple[int, int, int, int, int]:
        """Stake, at risk, leaving (in units), when, and what it is owed."""
        return self.evm.read(self.mediators, "mediatorOf", account)

    # ------------------------------------------------------------ stakes

    @property
    def epoch(self) -> int:
        return self.evm.now // EPOCH

    def pass_epoch(self) -> None:
        self.evm.now = (self.epoch + 1) * EPOCH

    def join(self, name: str, units: int) -> Address:
        account = self.address(name)
        self.deposit(self.mediators, account, units * UNIT)
        self.send(name, self.mediators, "stake", units)
        self.reweigh(account)
        return account

    def reweigh(self, account: Address) -> None:
        """The model of what counts from the next epoch on."""
        stake, _, leaving, _, _ = self.mediator(account)
        weight = stake - leaving if stake - leaving >= self.settings.min_stake else 0
        history = self.weights.setdefault(account, [])
        history[:] = [entry for entry in history if entry[0] <= self.epoch]
        history.append((self.epoch + 1, weight))

    def leaves(self) -> list[tuple[Address, int]]:
        """Of the set of all, as the draws of this epoch see it."""
        return [(account, self.weight(account)) for account in self.weights]

    def weight(self, account: Address) -> int:
        return next((w for since, w in reversed(self.weights[account]) if since <= self.epoch), 0)
