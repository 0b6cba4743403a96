"""One method for each thing that somebody may do, in the model and on the chain at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.offers import (
    Acceptance,
    InstantDeal,
    JobOffer,
    Netting,
    ResourceOffer,
    Signable,
    Submission,
)
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import Agreement
from lilypad.types import Address, DealId
from tests.contracts.makers import ANY_PRICE, BOND, MANIFEST, MEDIATION_FEE, words
from tests.invariants.evm import Receipt, error_name
from tests.invariants.log import nonces_of
from tests.invariants.machine import NAMES, Machine
from tests.invariants.model import RefusedError
from tests.invariants.network import ADDRESSES

Way = Literal["signed", "sent", "forged"]
"""How somebody agrees: with its signature, by sending the transaction, or not at all, with another's signature."""
Ways = tuple[Way, Way]
SIGNED: Ways = ("signed", "signed")


class Actions(Machine):
    def offers(
        self, pair: tuple[str, str], job_changes: dict[str, Any], resource_changes: dict[str, Any]
    ) -> tuple[JobOffer, ResourceOffer]:
        """In the creator's first lane that is free, unless the changes name one."""
        creator = ADDRESSES[pair[0]]
        job = self.maker.job(creator=creator, **{"lane": self.free_lane(creator), **job_changes})
        return job, self.maker.resource(provider=ADDRESSES[pair[1]], **resource_changes)

    def free_lane(self, creator: Address) -> int:
        taken = {d.terms.lane for d in self.model.deals.values() if d.terms.creator == creator and d.status.is_open}
        return next(lane for lane in count(1) if lane not in taken)

    def consent(self, account: Address, message: Signable, way: Way, by: str) -> tuple[bytes, bool]:
        """The signature that comes along, and whether the account has agreed."""
        if way == "sent":
            return b"", ADDRESSES[by] == account
        return self.net.sign(NAMES[account] if way == "signed" else "stranger", message), way == "signed"

    def entry(
        self, job: JobOffer, resource: ResourceOffer, ways: Ways, by: str
    ) -> tuple[tuple[Any, ...], tuple[bool, bool]]:
        """The arguments of agree, and who has agreed."""
        one, is_creator = self.consent(job.creator, job, ways[0], by)
        other, is_provider = self.consent(resource.provider, resource, ways[1], by)
        call = self.maker.pair(job, resource, job_signature=one, resource_signature=other)
        return call, (is_creator, is_provider)

    def agree_on(self, job: JobOffer, resource: ResourceOffer, by: str, ways: Ways = SIGNED) -> DealId | None:
        """The deal's id, unless it was refused."""
        call, consent = self.entry(job, resource, ways, by)
        before = set(self.model.deals)
        self.brought.append((job, resource))
        self.both(lambda: self.model.agree(job, resource, consent, self.evm.now), self.call(by, "agree", *call))
        return next(iter(set(self.model.deals) - before), None)

    def cancel_nonces(self, who: str, word: int, mask: int) -> None:
        self.both(
            lambda: self.model.cancel(ADDRESSES[who], nonces_of(word, mask)),
            self.vault(who, "cancelNonces", word, mask),
        )

    # ------------------------------------------------------------ without a deal on record, and many at once

    def finish(self, deal: InstantDeal, by: str, ways: Ways) -> None:
        one, is_creator = self.consent(deal.creator, deal, ways[0], by)
        other, is_provider = self.consent(deal.provider, deal, ways[1], by)
        self.both(
            lambda: self.model.instant(deal, (is_creator, is_provider), self.evm.now),
            self.call(by, "instant", deal.words(self.maker.author, MANIFEST), one, other),
        )

    def net_deals(self, netting: Netting, by: str, way: Way) -> None:
        signature, consent = self.consent(netting.creator, netting, way, by)
        self.both(
            lambda: self.model.net(netting, consent, self.evm.now),
            self.call(by, "net", netting.words(), signature),
        )

    def agree_batch(self, by: str, pairs: Sequence[tuple[JobOffer, ResourceOffer, Ways]]) -> None:
        entries = [(job, resource, *self.entry(job, resource, ways, by)) for job, resource, ways in pairs]
        self.brought += [(job, resource) for job, resource, _ in pairs]
        skipped = {}

        def model() -> None:
            for index, (job, resource, _, consent) in enumerate(entries):
                try:
                    self.model.agree(job, resource, consent, self.evm.now)
                except RefusedError as refusal:
                    skipped[index] = refusal.name

        receipt = self.both(model, self.call(by, "agreeBatch", [call for _, _, call, _ in entries]))
        assert skipped_in(receipt) == skipped

    def settle_batch(self, by: str, settlings: Sequence[tuple[Deal, Claim, Way]]) -> None:
        """A contract's word is none here: only keys have signatures of 64 bytes."""
        entries, calls = [], []
        for deal, claim, way in settlings:
            signature, consent = self.consent(deal.terms.creator, acceptance(deal, claim), way, by)
            compact = signature[:64].ljust(64, b"\0")
            entries.append((deal, claim, consent and way == "signed" and NAMES[deal.terms.creator] != "wallet"))
            calls.append((deal.terms.words(), words(claim), compact[:32], compact[32:]))
        skipped = {}
        receipt = self.both(
            lambda: skipped.update(self.model.settle_batch(ADDRESSES[by], entries, self.evm.now)),
            self.call(by, "settleBatch", calls),
        )
        assert skipped_in(receipt) == skipped

    # ------------------------------------------------------------ the life of a deal

    def decline(self, deal: Deal, by: str) -> None:
        self.both(
            lambda: self.model.decline(deal, ADDRESSES[by], self.evm.now),
            self.call(by, "decline", deal.terms.words()),
        )

    def submit(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.submit(deal, ADDRESSES[by], claim, self.evm.now),
            self.call(by, "submitResult", deal.terms.words(), words(claim)),
        )

    def settle(self, deal: Deal, by: str, claim: Claim, ways: Ways = SIGNED) -> None:
        one, is_creator = self.consent(deal.terms.creator, acceptance(deal, claim), ways[0], by)
        submission = Submission(deal.id, *words(claim))
        other, is_provider = self.consent(deal.terms.provider, submission, ways[1], by)
        self.both(
            lambda: self.model.settle(deal, claim, (is_creator, is_provider), self.evm.now),
            self.call(by, "settle", deal.terms.words(), words(claim), one, other),
        )

    def accept(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.accept(deal, ADDRESSES[by], claim, self.evm.now),
            self.call(by, "accept", deal.terms.words(), words(claim)),
        )

    def accept_signed(self, deal: Deal, by: str, claim: Claim, way: Way) -> None:
        signature, consent = self.consent(deal.terms.creator, acceptance(deal, claim), way, by)
        self.both(
            lambda: self.model.accept_signed(deal, claim, consent, self.evm.now),
            self.call(by, "acceptSigned", deal.terms.words(), words(claim), signature),
        )

    def finalize(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.finalize(deal, claim, self.evm.now),
            self.call(by, "finalize", deal.terms.words(), words(claim)),
        )

    def late(self, deal: Deal, by: str) -> None:
        self.both(lambda: self.model.late(deal, self.evm.now), self.call(by, "late", deal.terms.words()))

    def challenge(
        self, deal: Deal, by: str, claim: Claim, agreement: Agreement | None = None, most: int = ANY_PRICE
    ) -> None:
        told = agreement or deal.agreement
        self.both(
            lambda: self.model.challenge(deal, ADDRESSES[by], told, claim, most, self.evm.now),
            self.call(by, "challenge", deal.terms.words(), told.words(), words(claim), most),
        )

    def decide(self, deal: Deal, claim: Claim, dispute: Challenge, verdict: Verdict) -> None:
        call = (self.net.controller.address, *case(deal, claim, dispute), verdict)
        self.both(
            lambda: self.model.verdict(deal, claim, dispute, verdict, self.evm.now),
            lambda: self.net.send("judge", self.net.mediation, "decide", *call),
        )

    def decide_without_right(self, deal: Deal, by: str, claim: Claim, dispute: Challenge, verdict: Verdict) -> None:
        def refuse() -> None:
            raise RefusedError("Controller_NotParty")

        self.both(refuse, self.call(by, "verdict", *case(deal, claim, dispute), verdict))

    def expire(self, deal: Deal, by: str, claim: Claim, dispute: Challenge) -> None:
        self.both(
            lambda: self.model.expire(deal, claim, dispute, self.evm.now),
            self.call(by, "expire", *case(deal, claim, dispute)),
        )

    # ------------------------------------------------------------ after the last step

    def way_out(self, deal: Deal) -> None:
        """The permissionless call of a deal whose deadline has passed, by somebody who has no part in it."""
        self.evm.now = max(self.evm.now, (life.deadline(deal) or 0) + 1)
        way = life.way_out(deal, self.evm.now)
        if deal.claim is None:
            assert way is life.WayOut.LATE
            self.late(deal, "stranger")
        elif deal.dispute is None:
            assert way is life.WayOut.FINALIZE
            self.finalize(deal, "stranger", deal.claim)
        else:
            assert way is life.WayOut.EXPIRE
            self.expire(deal, "stranger", deal.claim, deal.dispute)
        assert self.model.deals[deal.id].status.is_end

    def own_dispute(self, deal: Deal, claim: Claim) -> tuple[Claim, Challenge]:
        """The deal's own result and dispute, or some where it has none."""
        nobody_s = Challenge(ADDRESSES["stranger"], BOND, self.net.mediation.address, MEDIATION_FEE)
        return deal.claim or claim, deal.dispute or nobody_s

    def is_in(self, deal_id: DealId, status: DealStatus) -> bool:
        return self.model.deals[deal_id].status is status


def case(deal: Deal, claim: Claim, dispute: Challenge) -> tuple[Any, ...]:
    return deal.terms.words(), words(claim), dispute.words()


def acceptance(deal: Deal, claim: Claim) -> Acceptance:
    return Acceptance(deal.id, *words(claim))


def with_other_terms(deal: Deal, **changes: Any) -> Deal:
    """What somebody claims to have been agreed."""
    terms = replace(deal.terms, **changes)
    return replace(deal, id=terms.id, terms=terms)


def skipped_in(receipt: Receipt | None) -> dict[int, str]:
    """The entries of a batch that were skipped, and why. A batch itself is never refused."""
    assert receipt is not None
    return {args["index"]: error_name(args["reason"]) for name, args in receipt.events if name == "EntrySkipped"}
