"""The network as a pure model: the rules of `lilypad.protocol`, a ledger, and the order in which a call is refused.

Each method is one entry point of the contracts. It either changes the model, or raises `RefusedError` with the name
of the contract's error and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lilypad.protocol import deal as life
from lilypad.protocol import settlement
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.matching import ModuleListing, Parameters, mismatch, shares_of
from lilypad.protocol.offers import Domain, JobOffer, Netting, ResourceOffer
from lilypad.protocol.settlement import Challenge, Change, Changes
from lilypad.protocol.terms import derive_terms
from lilypad.types import Address, DealId


class RefusedError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def require(condition: bool, error: str) -> None:
    if not condition:
        raise RefusedError(error)


@dataclass
class Ledger:
    """Everybody's balance in the controller's compartment, and the tokens behind them."""

    balances: dict[Address, Change] = field(default_factory=dict)
    tokens: int = 0

    def of(self, account: Address) -> Change:
        return self.balances.get(account, Change())

    def apply(self, changes: Changes) -> None:
        for account, change in changes.items():
            after = self.of(account) + change
            assert min(after.free, after.locked) >= 0, "the rules let a balance fall below zero"
            self.balances[account] = after

    def lock(self, changes: Iterable[tuple[Address, Change]]) -> None:
        """One account after the other, as the vault does it."""
        for account, change in changes:
            require(self.of(account).free >= -change.free, "Payments_InsufficientFree")
        self.apply(dict(changes))


@dataclass
class Model:
    domain: Domain
    listing: ModuleListing
    parameters: Parameters
    treasury: Address
    fee: int
    bond: int
    ledger: Ledger = field(default_factory=Ledger)
    deals: dict[DealId, Deal] = field(default_factory=dict)
    nonces: set[tuple[Address, int]] = field(default_factory=set)
    instants: dict[DealId, Deal] = field(default_factory=dict)
    """Finished in the transaction that made them: the log has them, storage never."""

    # ------------------------------------------------------------ the vault

    def deposit(self, account: Address, amount: int) -> None:
        self.ledger.apply({account: Change(amount)})
        self.ledger.tokens += amount

    def withdraw(self, account: Address, amount: int) -> None:
        require(self.ledger.of(account).free >= amount, "Payments_InsufficientFree")
        self.ledger.apply({account: Change(-amount)})
        self.ledger.tokens -= amount

    def move(self, account: Address, to: Address, amount: int) -> None:
        require(self.ledger.of(account).free >= amount, "Payments_InsufficientFree")
        self.ledger.apply({account: Change(-amount)})
        self.ledger.apply({to: Change(amount)})

    # ------------------------------------------------------------ agreement

    def cancel(self, account: Address, nonce: int) -> None:
        self.nonces.add((account, nonce))

    def set_parameters(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def agree(self, job: JobOffer, resource: ResourceOffer, signed: tuple[bool, bool], now: int) -> DealId:
        broken = mismatch(job, resource, self.listing, self.parameters, now)
        require(broken is None, f"Controller_{broken}")
        require(all(signed), "Controller_BadSignature")
        used = self._unused(job, resource)
        event = self.agreed(job, resource)
        self.ledger.lock(settlement.locked(event.terms).items())
        self.nonces |= used
        self.deals[event.terms.id] = life.open_deal(event, now)
        return event.terms.id

    def instant(
        self, job: JobOffer, resource: ResourceOffer, claim: Claim, signed: tuple[bool, bool], now: int
    ) -> None:
        broken = mismatch(job, resource, self.listing, self.parameters, now)
        require(broken is None, f"Controller_{broken}")
        require(all(signed), "Controller_BadSignature")
        used = self._unused(job, resource)
        event = self.agreed(job, resource)
        cost = settlement.cost(event.terms, claim.instruction_count)
        require(self.ledger.of(job.creator).free >= cost, "Payments_InsufficientFree")
        self.ledger.apply(settlement.direct(event.terms, cost, self.treasury))
        self.nonces |= used
        deal = life.apply(life.open_deal(event, now), life.Accepted(claim, cost), now)
        self.instants[deal.id] = deal

    def net(self, netting: Netting, is_signed: bool, now: int) -> None:
        require(now <= netting.expiry, "Controller_OfferExpired")
        require(is_signed, "Controller_BadSignature")
        require((netting.creator, netting.nonce) not in self.nonces, "Controller_NonceUsed")
        require(self.ledger.of(netting.creator).free >= netting.amount, "Payments_InsufficientFree")
        self.ledger.apply(settlement.netted(netting, self.parameters.protocol_bps, self.treasury))
        self.nonces.add((netting.creator, netting.nonce))

    def agreed(self, job: JobOffer, resource: ResourceOffer) -> life.Agreed:
        shares = shares_of(job, self.listing, self.parameters)
        terms = derive_terms(self.domain, job, resource, self.listing.author, shares)
        return life.Agreed(job, resource, terms)

    def _unused(self, job: JobOffer, resource: ResourceOffer) -> set[tuple[Address, int]]:
        used = {(job.creator, job.nonce), (resource.provider, resource.nonce)}
        require(not self.nonces & used, "Controller_NonceUsed")
        return used

    # ------------------------------------------------------------ the life of a deal

    def decline(self, deal: Deal, by: Address, now: int) -> None:
        require(by == deal.terms.provider, "Controller_NotParty")
        self._require_status(deal, DealStatus.AGREED)
        require(now <= deal.since + deal.terms.windows.decline, "Controller_TooLate")
        self._end(deal, life.Declined(), settlement.home(deal.terms), now)

    def submit(self, deal: Deal, by: Address, claim: Claim, now: int) -> None:
        require(by == deal.terms.provider, "Controller_NotParty")
        self._require_status(deal, DealStatus.AGREED)
        require(now <= deal.since + deal.terms.windows.submit, "Controller_TooLate")
        self.deals[deal.id] = life.apply(deal, life.Submitted(claim), now)

    def settle(self, deal: Deal, by: Address, claim: Claim, signed: tuple[bool, bool], now: int) -> None:
        """`signed`: whether the creator's and the provider's signature came along."""
        is_submitted = deal.status is DealStatus.SUBMITTED
        require(signed[0] or by == deal.terms.creator, "Controller_BadSignature")
        if not is_submitted:
            require(signed[1] or by == deal.terms.provider, "Controller_BadSignature")
            self._require_status(deal, DealStatus.AGREED)
        else:
            require(claim == deal.claim, "Controller_WrongResult")
        self._pay(deal, claim, now)

    def accept(self, deal: Deal, by: Address, claim: Claim, now: int) -> None:
        require(by == deal.terms.creator, "Controller_NotParty")
        self._require_submitted(deal, claim)
        self._pay(deal, claim, now)

    def finalize(self, deal: Deal, claim: Claim, now: int) -> None:
        self._require_submitted(deal, claim)
        require(now > deal.since + deal.terms.windows.judge, "Controller_TooEarly")
        self._pay(deal, claim, now)

    def late(self, deal: Deal, now: int) -> None:
        self._require_status(deal, DealStatus.AGREED)
        require(now > deal.since + deal.terms.windows.submit, "Controller_TooEarly")
        self._end(deal, life.Late(), settlement.late(deal.terms), now)

    # ------------------------------------------------------------ disputes

    def challenge(self, deal: Deal, by: Address, claim: Claim, now: int) -> None:
        self._require_submitted(deal, claim)
        require(now <= deal.since + deal.terms.windows.judge, "Controller_TooLate")
        dispute = Challenge(by, self.fee, self.bond)
        self.ledger.lock(settlement.locked_by_challenge(dispute).items())
        self.deals[deal.id] = life.apply(deal, life.Challenged(dispute), now)

    def verdict(self, deal: Deal, claim: Claim, dispute: Challenge, verdict: Verdict, now: int) -> None:
        self._require_challenged(deal, claim, dispute)
        cost = settlement.cost(deal.terms, claim.instruction_count)
        terms = deal.terms
        match verdict:
            case Verdict.RIGHT:
                changes = settlement.right(terms, dispute, cost, self.treasury)
            case Verdict.WITHHELD:
                changes = settlement.withheld(terms, dispute, cost, self.treasury)
            case Verdict.WRONG:
                cost, changes = 0, settlement.wrong(terms, dispute)
            case Verdict.UNDECIDED:
                cost, changes = 0, settlement.undecided(terms, dispute)
        self._end(deal, life.Decided(verdict, cost), changes, now)

    def expire(self, deal: Deal, claim: Claim, dispute: Challenge, now: int) -> None:
        require(now > deal.since + deal.terms.windows.mediate, "Controller_TooEarly")
        self._require_challenged(deal, claim, dispute)
        changes = settlement.undecided(deal.terms, dispute)
        self._end(deal, life.Decided(Verdict.UNDECIDED, 0), changes, now)

    # ------------------------------------------------------------ what several share

    def _pay(self, deal: Deal, claim: Claim, now: int) -> None:
        cost = settlement.cost(deal.terms, claim.instruction_count)
        changes = settlement.paid(deal.terms, cost, self.treasury)
        self._end(deal, life.Accepted(claim, cost), changes, now)

    def _end(self, deal: Deal, event: life.DealEvent, changes: Changes, now: int) -> None:
        self.deals[deal.id] = life.apply(deal, event, now)
        self.ledger.apply(changes)

    def _require_status(self, deal: Deal, expected: DealStatus) -> None:
        require(deal.status is expected, "Storage_WrongStatus")

    def _require_submitted(self, deal: Deal, claim: Claim) -> None:
        self._require_status(deal, DealStatus.SUBMITTED)
        require(claim == deal.claim, "Controller_WrongResult")

    def _require_challenged(self, deal: Deal, claim: Claim, dispute: Challenge) -> None:
        self._require_status(deal, DealStatus.CHALLENGED)
        require((claim, dispute) == (deal.claim, deal.dispute), "Controller_WrongResult")

    # ------------------------------------------------------------ what the deals say about the money

    def locked_by_deals(self) -> dict[Address, int]:
        """From the terms of the open deals and their disputes alone."""
        total: dict[Address, int] = {}
        for deal in self.deals.values():
            if deal.status.is_end:
                continue
            parts = [settlement.locked(deal.terms)]
            if deal.status is DealStatus.CHALLENGED and deal.dispute is not None:
                parts.append(settlement.locked_by_challenge(deal.dispute))
            for part in parts:
                for account, change in part.items():
                    total[account] = total.get(account, 0) + change.locked
        return total
