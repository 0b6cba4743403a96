"""The machine under the rules: contracts and model side by side, and what must hold after every step (README.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_utils.crypto import keccak
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from lilypad.protocol.deal import Claim, Deal, DealStatus
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.settlement import BURNED, Change
from lilypad.types import ZERO_ADDRESS, Address, DealId
from tests.contracts.makers import BOND, ETHER, MEDIATION_FEE
from tests.invariants.evm import Receipt, RevertError
from tests.invariants.log import NONCE_BITS, Log
from tests.invariants.model import Model, RefusedError
from tests.invariants.network import ADDRESSES, deploy

ACTORS = ("creator", "provider", "rival", "author", "treasury", "wallet")
"""Any of them may be creator, provider, solver or challenger of a deal; the wallet is a contract."""
NAMES = {address: name for name, address in ADDRESSES.items()}
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
            mediation=self.net.mediation.address,
        )
        self.log = Log(ADDRESSES["treasury"])
        self.seen: dict[DealId, DealStatus] = {}
        self.brought: list[tuple[JobOffer, ResourceOffer]] = []
        self.people = [*ADDRESSES.values(), self.net.mediation.address, BURNED, ZERO_ADDRESS]
        for actor in ACTORS:
            receipt = self.net.fund(actor, funds * ETHER)
            self.model.deposit(ADDRESSES[actor], funds * ETHER)
            self.log.read(receipt.events, self.evm.now)
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
            for deal_id in self.log.read(receipt.events, self.evm.now):
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

    def has_brought(self) -> bool:
        return bool(self.brought)

    def pick(self, number: int, status: DealStatus | None = None) -> Deal:
        """One in this status, or any open one, more often than another."""
        deals = list(self.model.deals.values())
        fitting = [deal for deal in deals if (deal.status is status if status else deal.status.is_open)]
        several = fitting if fitting and number % 5 else deals
        return several[number % len(several)]

    def party(self, number: int, status: DealStatus, side: str, lie: bool, who: str) -> tuple[Deal, str]:
        """A deal and who acts on it: the one that may, or anybody."""
        deal = self.pick(number, status)
        return deal, who if lie else NAMES[getattr(deal.terms, side)]

    def claim(self, deal: Deal, claim: Claim, lie: bool) -> Claim:
        """The deal's own result where there is one, or another."""
        return claim if lie else deal.claim or claim

    def record(self, creator: Address, lane: int) -> tuple[int, int, bytes]:
        return self.evm.read(self.net.storage, "dealOf", self.net.controller.address, creator, lane)

    def moves_forward(self, deal_id: DealId) -> None:
        """3."""
        terms = self.log.deals[deal_id].terms
        status, *_ = self.record(terms.creator, terms.lane)
        assert status in ARROWS[self.seen.get(deal_id, S.NONE)]
        self.seen[deal_id] = S(status)

    # ------------------------------------------------------------ after every step

    def balance(self, account: str) -> Change:
        values = self.evm.read(self.net.payments, "balanceOf", self.net.controller.address, account)
        return Change(*values)

    @invariant()
    def balances_are_the_model_s(self) -> None:
        """1, 2, 6."""
        found = {account: self.balance(account) for account in self.people}
        assert found == {account: self.model.ledger.of(account) for account in self.people}
        tokens = self.evm.read(self.net.token, "balanceOf", self.net.payments.address)
        assert tokens == self.model.ledger.tokens == sum(b.free + b.locked for b in found.values())
        locked = self.model.locked_by_deals()
        assert {account: b.locked for account, b in found.items() if b.locked} == {
            account: amount for account, amount in locked.items() if amount
        }

    @invariant()
    def lanes_hold_the_model_s_deals(self) -> None:
        """3, 4."""
        for (creator, lane), deal_id in self.model.lanes.items():
            deal = self.model.deals[deal_id]
            assert self.record(creator, lane) == (deal.status, deal.since, digest_of(deal))
            assert self.seen[deal.id] is deal.status
        lanes = [(d.terms.creator, d.terms.lane) for d in self.model.deals.values() if d.status.is_open]
        assert len(lanes) == len(set(lanes))

    @invariant()
    def log_tells_everything(self) -> None:
        """7."""
        assert self.log.deals == self.model.deals
        assert self.log.nonces == self.model.nonces
        assert {a: b for a, b in self.log.balances.items() if b != Change()} == {
            a: b for a, b in self.model.ledger.balances.items() if b != Change()
        }

    # ------------------------------------------------------------ in the end

    def teardown(self) -> None:
        if self.broken:
            return
        self.nonces_are_the_model_s()
        self.anyone_ends_every_deal()
        self.everybody_goes_home()

    def way_out(self, deal: Deal) -> None:
        raise NotImplementedError

    def nonces_are_the_model_s(self) -> None:
        """8. Every nonce that was used, and those around it: its neighbours, and its place in other segments."""
        for account in map(ADDRESSES.__getitem__, ACTORS):
            used = {nonce for who, nonce in self.model.nonces if who == account}
            around = {nonce + by for nonce in used for by in (-256, -32, -1, 1, 32)} | {0, (1 << NONCE_BITS) - 1}
            for nonce in used | {n for n in around if 0 <= n < 1 << NONCE_BITS}:
                known = self.evm.read(self.net.payments, "isNonceUsed", self.net.controller.address, account, nonce)
                assert known == (nonce in used), (NAMES[account], nonce)

    def anyone_ends_every_deal(self) -> None:
        """5."""
        for deal in list(self.model.deals.values()):
            if not deal.status.is_end:
                self.way_out(deal)
        self.balances_are_the_model_s()
        assert not any(self.balance(account).locked for account in self.people)

    def everybody_goes_home(self) -> None:
        """9."""
        for name, account in ADDRESSES.items():
            free = self.balance(account).free
            self.both(lambda a=account, f=free: self.model.withdraw(a, f), self.vault(name, "withdraw", free))
        left = [self.net.mediation.address, BURNED]  # have no key here
        tokens = self.evm.read(self.net.token, "balanceOf", self.net.payments.address)
        assert tokens == sum(self.balance(account).free for account in left)


def digest_of(deal: Deal) -> bytes:
    """What the record holds of a deal: what is told of it so far, in 26 bytes."""
    if deal.claim is None:
        return deal.id[:26]
    told = [deal.id, deal.claim.commitment, deal.claim.instruction_count.to_bytes(32, "big")]
    if deal.status is DealStatus.CHALLENGED and deal.dispute is not None:
        told += deal.dispute.words()
    return keccak(b"".join(told))[:26]
