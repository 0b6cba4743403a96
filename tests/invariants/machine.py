"""The machine under the rules: contracts and model side by side, and what must hold after every step (README.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from lilypad.protocol.deal import Claim, Deal, DealStatus
from lilypad.protocol.settlement import BURNED, Change
from lilypad.types import ZERO_ADDRESS, Address, DealId
from tests.contracts.makers import BOND, ETHER, MEDIATION_FEE
from tests.invariants.evm import Receipt, RevertError
from tests.invariants.log import fold
from tests.invariants.model import Model, RefusedError
from tests.invariants.network import ADDRESSES, deploy

ACTORS = ("creator", "provider", "rival", "author", "treasury")
"""Any of them may be creator, provider, solver or challenger of a deal."""
NAMES = {address: name for name, address in ADDRESSES.items()}
NONCES = range(64)
S = DealStatus
ARROWS = {
    S.NONE: {S.AGREED},
    S.AGREED: {S.SUBMITTED, S.ACCEPTED, S.DECLINED, S.LATE},
    S.SUBMITTED: {S.ACCEPTED, S.CHALLENGED},
    S.CHALLENGED: {S.ACCEPTED, S.REJECTED, S.UNDECIDED},
}


class Machine(RuleBasedStateMachine):
    broken = True
    """Something failed already, or nothing has begun: then there is nothing to say about the end."""

    @initialize(funds=st.sampled_from([30, 1_000, 10_000]))
    def start(self, funds: int) -> None:
        self.net = deploy()
        self.evm = self.net.evm
        self.maker = self.net.maker
        self.model = Model(
            domain=self.maker.domain,
            listing=self.net.listing,
            parameters=self.net.parameters,
            treasury=ADDRESSES["treasury"],
            fee=MEDIATION_FEE,
            bond=BOND,
        )
        self.logged: dict[DealId, Deal] = {}
        self.seen: dict[DealId, DealStatus] = {}
        self.netted: list[tuple[Address, int]] = []
        self.people = [*ADDRESSES.values(), self.net.mediation.address, BURNED, ZERO_ADDRESS]
        for actor in ACTORS:
            self.net.fund(actor, funds * ETHER)
            self.model.deposit(ADDRESSES[actor], funds * ETHER)
        self.broken = False

    # ------------------------------------------------------------ for the rules

    def both(self, model: Callable[[], Any], chain: Callable[[], Receipt]) -> Receipt | None:
        """The model and the contracts do the same, or refuse for the same reason: then there is no receipt."""
        self.broken = True
        expected = found = receipt = None
        try:
            model()
        except RefusedError as refusal:
            expected = refusal.name
        try:
            receipt = chain()
        except RevertError as revert:
            found = revert.name
        assert found == expected
        if receipt is not None:
            fold(self.maker.domain, self.logged, receipt.events, self.evm.now)
            for deal_id in {DealId(values["id"]) for _, values in receipt.events if "id" in values}:
                if deal_id not in self.model.instants:
                    self.moves_forward(deal_id)
        self.broken = False
        return receipt

    def call(self, who: str, function: str, *arguments: Any) -> Callable[[], Receipt]:
        return lambda: self.net.send(who, self.net.controller, function, *arguments)

    def vault(self, who: str, function: str, *arguments: Any) -> Callable[[], Receipt]:
        controller = self.net.controller.address
        return lambda: self.net.send(who, self.net.payments, function, controller, *arguments)

    def has_deals(self) -> bool:
        return bool(self.model.deals)

    def pick(self, number: int) -> Deal:
        """Open deals more often than those that have ended."""
        deals = list(self.model.deals.values())
        still_open = [deal for deal in deals if not deal.status.is_end]
        several = [*deals, *still_open, *still_open]
        return several[number % len(several)]

    def party(self, number: int, side: str, lie: bool, who: str) -> tuple[Deal, str]:
        """A deal and who acts on it: the one that may, or anybody."""
        deal = self.pick(number)
        return deal, who if lie else NAMES[getattr(deal.terms, side)]

    def claim(self, deal: Deal, claim: Claim, lie: bool) -> Claim:
        """The deal's own result where there is one, or another."""
        return claim if lie else deal.claim or claim

    def moves_forward(self, deal_id: DealId) -> None:
        """3."""
        status, *_ = self.evm.read(self.net.storage, "dealOf", self.net.controller.address, deal_id)
        assert status in ARROWS[self.seen.get(deal_id, S.NONE)]
        self.seen[deal_id] = S(status)

    # ------------------------------------------------------------ after every step

    def balance(self, account: str) -> Change:
        values = self.evm.read(self.net.payments, "balanceOf", self.net.controller.address, account)
        return Change(*values)

    @invariant()
    def balances_are_the_model_s(self) -> None:
        """1, 2, 5."""
        found = {account: self.balance(account) for account in self.people}
        assert found == {account: self.model.ledger.of(account) for account in self.people}
        tokens = self.evm.read(self.net.token, "balanceOf", self.net.payments.address)
        assert tokens == self.model.ledger.tokens == sum(b.free + b.locked for b in found.values())
        locked = self.model.locked_by_deals()
        assert {account: b.locked for account, b in found.items() if b.locked} == {
            account: amount for account, amount in locked.items() if amount
        }

    @invariant()
    def deals_move_forward_as_logged(self) -> None:
        """6."""
        assert self.logged == {**self.model.deals, **self.model.instants}
        for deal in self.model.deals.values():
            status, since, _ = self.evm.read(self.net.storage, "dealOf", self.net.controller.address, deal.id)
            assert (status, since) == (deal.status, deal.since)
            assert self.seen[deal.id] is deal.status
        for deal_id in self.model.instants:
            status, *_ = self.evm.read(self.net.storage, "dealOf", self.net.controller.address, deal_id)
            assert status == S.NONE

    # ------------------------------------------------------------ in the end

    def teardown(self) -> None:
        if self.broken:
            return
        self.nonces_are_used_once()
        self.anyone_ends_every_deal()
        self.everybody_goes_home()

    def way_out(self, deal: Deal) -> None:
        raise NotImplementedError

    def nonces_are_used_once(self) -> None:
        """7."""
        deals = self.logged.values()
        used = [(d.job.creator, d.job.nonce) for d in deals]
        used += [(d.resource.provider, d.resource.nonce) for d in deals]
        used += self.netted
        assert len(used) == len(set(used))
        for account in map(ADDRESSES.__getitem__, ACTORS):
            for nonce in NONCES:
                known = self.evm.read(self.net.controller, "isNonceUsed", account, nonce)
                assert known == ((account, nonce) in self.model.nonces)

    def anyone_ends_every_deal(self) -> None:
        """4."""
        for deal in list(self.model.deals.values()):
            if not deal.status.is_end:
                self.way_out(deal)
        self.balances_are_the_model_s()
        assert not any(self.balance(account).locked for account in self.people)

    def everybody_goes_home(self) -> None:
        """8."""
        for name, account in ADDRESSES.items():
            free = self.balance(account).free
            self.both(lambda a=account, f=free: self.model.withdraw(a, f), self.vault(name, "withdraw", free))
        left = [self.net.mediation.address, BURNED]  # have no key here
        tokens = self.evm.read(self.net.token, "balanceOf", self.net.payments.address)
        assert tokens == sum(self.balance(account).free for account in left)
