"""The network as a pure model: the rules of `lilypad.protocol`, a ledger, and the order in which a call is refused.

Each method is one entry point of the contracts. It either changes the model, or raises `RefusedError` with the name
of the contract's error and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lilypad.protocol import deal as life
from lilypad.protocol import settlement
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.matching import ModuleListing, Parameters, mismatch, shares_of
from lilypad.protocol.offers import Domain, InstantDeal, JobOffer, Netting, ResourceOffer
from lilypad.protocol.settlement import Challenge, Change, Changes
from lilypad.protocol.terms import Agreement, DealTerms, agreement_of, derive_terms
from lilypad.protocol.words import BPS
from lilypad.types import Address, DealId
from tests.invariants.log import decided


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

    def require_free(self, account: Address, amount: int) -> None:
        require(self.of(account).free >= amount, "Payments_InsufficientFree")


Lane = tuple[Address, int]
"""Creator and number."""


def lane_of(terms: DealTerms) -> Lane:
    return terms.creator, terms.lane


@dataclass
class Model:
    domain: Domain
    listing: ModuleListing
    parameters: Parameters
    treasury: Address
    fee: int
    bond: int
    mediation: Address
    ledger: Ledger = field(default_factory=Ledger)
    deals: dict[DealId, Deal] = field(default_factory=dict)
    lanes: dict[Lane, DealId] = field(default_factory=dict)
    """The deal that each lane holds or held last."""
    nonces: set[tuple[Address, int]] = field(default_factory=set)

    # ------------------------------------------------------------ the vault

    def deposit(self, account: Address, amount: int) -> None:
        self.ledger.apply({account: Change(amount)})
        self.ledger.tokens += amount

    def withdraw(self, account: Address, amount: int) -> None:
        self.ledger.require_free(account, amount)
        self.ledger.apply({account: Change(-amount)})
        self.ledger.tokens -= amount

    def move(self, account: Address, to: Address, amount: int) -> None:
        self.ledger.require_free(account, amount)
        self.ledger.apply({account: Change(-amount)})
        self.ledger.apply({to: Change(amount)})

    # ------------------------------------------------------------ agreement

    def cancel(self, account: Address, nonces: Iterable[int]) -> None:
        self.nonces |= {(account, nonce) for nonce in nonces}

    def set_parameters(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def agree(self, job: JobOffer, resource: ResourceOffer, consent: tuple[bool, bool], now: int) -> DealId:
        """`consent`: whether each maker has signed, or is the sender."""
        broken = mismatch(job, resource, self.listing, self.parameters, now)
        require(broken is None, f"Controller_{broken}")
        require(all(consent), "Controller_BadSignature")
        event = self.agreed(job, resource)
        holder = self.holder(event.terms)
        require(holder is None or not holder.status.is_open, "Storage_LaneBusy")
        for account, nonce, amount in (
            (job.creator, job.nonce, job.payment_ceiling),
            (resource.provider, resource.nonce, resource.collateral),
        ):
            self._require_fresh(account, nonce)
            self.ledger.require_free(account, amount)
        self.nonces |= {(job.creator, job.nonce), (resource.provider, resource.nonce)}
        self.ledger.apply(settlement.locked(event.terms))
        deal = self.deals[event.terms.id] = life.open_deal(event, now)
        self.lanes[lane_of(deal.terms)] = deal.id
        return deal.id

    def instant(self, deal: InstantDeal, consent: tuple[bool, bool], now: int) -> None:
        self._require_share(deal.protocol_bps)
        require(now <= deal.expiry, "Controller_OfferExpired")
        require(deal.solver_bps + deal.royalty_bps + deal.protocol_bps <= BPS, "Controller_SharesTooHigh")
        require(all(consent), "Controller_BadSignature")
        self._require_fresh(deal.creator, deal.nonce)
        self.ledger.require_free(deal.creator, deal.cost)
        share = self.parameters.protocol_bps
        self.ledger.apply(settlement.instant(deal, self.listing.author, share, self.treasury))
        self.nonces.add((deal.creator, deal.nonce))

    def net(self, netting: Netting, consent: bool, now: int) -> None:
        self._require_share(netting.protocol_bps)
        require(now <= netting.expiry, "Controller_OfferExpired")
        require(consent, "Controller_BadSignature")
        self._require_fresh(netting.creator, netting.nonce)
        self.ledger.require_free(netting.creator, netting.amount)
        self.ledger.apply(settlement.netted(netting, self.parameters.protocol_bps, self.treasury))
        self.nonces.add((netting.creator, netting.nonce))

    def agreed(self, job: JobOffer, resource: ResourceOffer) -> life.Agreed:
        shares = shares_of(job, self.listing, self.parameters)
        terms = derive_terms(self.domain, job, resource, self.listing.author, shares)
        what = life.Job(job.module, job.inputs, job.resources)
        return life.Agreed(terms, agreement_of(self.domain, job, resource), what, job.nonce, resource.nonce)

    def _require_fresh(self, account: Address, nonce: int) -> None:
        require((account, nonce) not in self.nonces, "Payments_NonceUsed")

    def _require_share(self, signed: int) -> None:
        require(self.parameters.protocol_bps <= signed, "Controller_SharesTooHigh")

    # ------------------------------------------------------------ the life of a deal

    def decline(self, deal: Deal, by: Address, now: int) -> None:
        require(by == deal.terms.provider, "Controller_NotParty")
        self._require_agreed(deal)
        require(now <= deal.since + deal.terms.windows.decline, "Controller_TooLate")
        self._go_on(deal, life.Declined(), settlement.declined(deal.terms), now)

    def submit(self, deal: Deal, by: Address, claim: Claim, now: int) -> None:
        require(by == deal.terms.provider, "Controller_NotParty")
        self._require_agreed(deal)
        require(now <= deal.since + deal.terms.windows.submit, "Controller_TooLate")
        self._go_on(deal, life.Submitted(claim), {}, now)

    def settle(self, deal: Deal, claim: Claim, consent: tuple[bool, bool], now: int) -> None:
        require(all(consent), "Controller_BadSignature")
        self._require_agreed(deal)
        self._pay(deal, life.Settled(claim), claim, now)

    def settle_batch(self, by: Address, entries: Sequence[tuple[Deal, Claim, bool]], now: int) -> dict[int, str]:
        """Which entries are skipped, and why; each with the creator's signature or a false one."""
        skipped = {}
        for index, (deal, claim, is_signed) in enumerate(entries):
            try:
                require(by == deal.terms.provider, "Controller_NotParty")
                require(is_signed, "Controller_BadSignature")
                holder = self.holder(deal.terms)
                is_there = holder is not None and holder.id == deal.id and holder.status is DealStatus.AGREED
                require(is_there, "Storage_WrongDigest")
                self.settle(self.deals[deal.id], claim, (True, True), now)
            except RefusedError as refusal:
                skipped[index] = refusal.name
        return skipped

    def accept(self, deal: Deal, by: Address, claim: Claim, now: int) -> None:
        require(by == deal.terms.creator, "Controller_NotParty")
        self._accept(deal, claim, now)

    def accept_signed(self, deal: Deal, claim: Claim, consent: bool, now: int) -> None:
        require(consent, "Controller_BadSignature")
        self._accept(deal, claim, now)

    def finalize(self, deal: Deal, claim: Claim, now: int) -> None:
        self._require_submitted(deal, claim)
        require(now > deal.since + deal.terms.windows.judge, "Controller_TooEarly")
        self._accept(deal, claim, now)

    def late(self, deal: Deal, now: int) -> None:
        self._require_agreed(deal)
        require(now > deal.since + deal.terms.windows.submit, "Controller_TooEarly")
        self._go_on(deal, life.Late(), settlement.late(deal.terms), now)

    # ------------------------------------------------------------ disputes

    def challenge(self, deal: Deal, by: Address, agreement: Agreement, claim: Claim, most: int, now: int) -> None:
        require(agreement == deal.agreement, "Controller_WrongAgreement")
        require(self.fee + self.bond <= most, "Controller_MediationTooDear")
        self._require_submitted(deal, claim)
        require(now <= deal.since + deal.terms.windows.judge, "Controller_TooLate")
        self.ledger.require_free(by, self.fee + self.bond)
        dispute = Challenge(by, self.bond, self.mediation, self.fee)
        self._go_on(deal, life.Challenged(dispute), settlement.locked_by_challenge(dispute), now)

    def verdict(self, deal: Deal, claim: Claim, dispute: Challenge, verdict: Verdict, now: int) -> None:
        self._require_challenged(deal, claim, dispute)
        self._go_on(deal, life.Decided(verdict), decided(deal, verdict, self.treasury), now)

    def expire(self, deal: Deal, claim: Claim, dispute: Challenge, now: int) -> None:
        self._require_challenged(deal, claim, dispute)
        require(now > deal.since + deal.terms.windows.mediate, "Controller_TooEarly")
        self.verdict(deal, claim, dispute, Verdict.UNDECIDED, now)

    # ------------------------------------------------------------ what several share

    def holder(self, terms: DealTerms) -> Deal | None:
        """The deal that is on record where one with these terms would be."""
        deal_id = self.lanes.get(lane_of(terms))
        return None if deal_id is None else self.deals[deal_id]

    def _accept(self, deal: Deal, claim: Claim, now: int) -> None:
        self._require_submitted(deal, claim)
        self._pay(deal, life.Accepted(), claim, now)

    def _pay(self, deal: Deal, event: life.DealEvent, claim: Claim, now: int) -> None:
        cost = settlement.cost(deal.terms, claim.instruction_count)
        self._go_on(deal, event, settlement.paid(deal.terms, cost, self.treasury), now)

    def _go_on(self, deal: Deal, event: life.DealEvent, changes: Changes, now: int) -> None:
        self.deals[deal.id] = life.apply(deal, event, now)
        self.ledger.apply(changes)

    def _require(self, deal: Deal, status: DealStatus, is_repeated: bool = True) -> None:
        """The record knows where a lane stands, and then by one digest what it holds."""
        holder = self.holder(deal.terms)
        require((holder.status if holder else DealStatus.NONE) is status, "Storage_WrongStatus")
        require(holder is not None and holder.id == deal.id and is_repeated, "Storage_WrongDigest")

    def _require_agreed(self, deal: Deal) -> None:
        self._require(deal, DealStatus.AGREED)

    def _require_submitted(self, deal: Deal, claim: Claim) -> None:
        self._require(deal, DealStatus.SUBMITTED, claim == deal.claim)

    def _require_challenged(self, deal: Deal, claim: Claim, dispute: Challenge) -> None:
        self._require(deal, DealStatus.CHALLENGED, (claim, dispute) == (deal.claim, deal.dispute))

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
