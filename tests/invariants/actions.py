"""One method for each thing that somebody may do to a deal, in the model and on the chain at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.offers import Acceptance, JobOffer, Netting, ResourceOffer, Signable, Submission
from lilypad.protocol.settlement import Challenge
from lilypad.types import Address, DealId
from tests.contracts.makers import ANY_PRICE, BOND, MEDIATION_FEE, words
from tests.invariants.evm import error_name
from tests.invariants.machine import NAMES, Machine
from tests.invariants.model import RefusedError
from tests.invariants.network import ADDRESSES, KEYS


class Actions(Machine):
    def offers(
        self, pair: tuple[str, str], job_changes: dict[str, Any], resource_changes: dict[str, Any]
    ) -> tuple[JobOffer, ResourceOffer]:
        job = self.maker.job(creator=ADDRESSES[pair[0]], **job_changes)
        return job, self.maker.resource(provider=ADDRESSES[pair[1]], **resource_changes)

    def signed_by(self, account: Address, message: Signable, truly: bool = True) -> bytes:
        return self.maker.sign(KEYS[NAMES[account]] if truly else KEYS["stranger"], message)

    def signed(self, job: JobOffer, resource: ResourceOffer, good: tuple[bool, bool]) -> tuple[Any, ...]:
        """An OfferPair; `good`: whether each offer is signed by its maker."""
        signatures = self.signed_by(job.creator, job, good[0]), self.signed_by(resource.provider, resource, good[1])
        return job.words(), resource.words(), *signatures, []

    def bring(
        self,
        pair: tuple[str, str],
        job_changes: dict[str, Any],
        resource_changes: dict[str, Any],
        by: str,
        good: tuple[bool, bool] = (True, True),
    ) -> DealId | None:
        """The deal's id, unless it was refused."""
        job, resource = self.offers(pair, job_changes, resource_changes)
        before = set(self.model.deals)
        self.both(
            lambda: self.model.agree(job, resource, good, self.evm.now),
            self.call(by, "agree", self.signed(job, resource, good)),
        )
        return next(iter(set(self.model.deals) - before), None)

    def instant(self, job: JobOffer, resource: ResourceOffer, by: str, claim: Claim, good: tuple[bool, bool]) -> None:
        terms = self.model.agreed(job, resource).terms
        signatures = (
            self.signed_by(job.creator, Acceptance(terms.id, *words(claim)), good[0]),
            self.signed_by(resource.provider, Submission(terms.id, *words(claim)), good[1]),
        )
        pair = (job.words(), resource.words(), *signatures, [])
        self.both(
            lambda: self.model.instant(job, resource, claim, good, self.evm.now),
            self.call(by, "instant", pair, words(claim)),
        )

    def net_deals(self, netting: Netting, by: str, is_signed: bool) -> None:
        signature = self.signed_by(netting.creator, netting, is_signed)
        receipt = self.both(
            lambda: self.model.net(netting, is_signed, self.evm.now),
            self.call(by, "net", netting.words(), signature),
        )
        if receipt is not None:
            self.netted.append((netting.creator, netting.nonce))

    def batch(self, by: str, function: str, entries: Sequence[tuple[Callable[[], Any], Any]]) -> None:
        """Each entry as it goes in the model, and as it goes on the chain; what is refused is skipped by both."""
        skipped: dict[int, str] = {}

        def model() -> None:
            for index, (entry, _) in enumerate(entries):
                try:
                    entry()
                except RefusedError as refusal:
                    skipped[index] = refusal.name

        receipt = self.both(model, self.call(by, function, [words for _, words in entries]))
        assert receipt is not None
        found = {e["index"]: error_name(e["reason"]) for name, e in receipt.events if name == "EntrySkipped"}
        assert found == skipped

    def agree_batch(self, by: str, pairs: Sequence[tuple[JobOffer, ResourceOffer, tuple[bool, bool]]]) -> None:
        entries = [
            (
                lambda j=job, r=resource, g=good: self.model.agree(j, r, g, self.evm.now),
                self.signed(job, resource, good),
            )
            for job, resource, good in pairs
        ]
        self.batch(by, "agreeBatch", entries)

    def settle_batch(self, by: str, settlings: Sequence[tuple[DealId, Claim, tuple[bool, bool]]]) -> None:
        def entry(deal_id: DealId, claim: Claim, signed: tuple[bool, bool]) -> tuple[Callable[[], Any], Any]:
            deal = self.model.deals[deal_id]
            signatures = self.settling(deal, claim, signed)
            # The deal as an earlier entry of the same batch may have left it.
            return (
                lambda: self.model.settle(self.model.deals[deal_id], ADDRESSES[by], claim, signed, self.evm.now),
                (deal.terms.words(), words(claim), *signatures),
            )

        self.batch(by, "settleBatch", [entry(*settling) for settling in settlings])

    def settling(self, deal: Deal, claim: Claim, signed: tuple[bool, bool]) -> list[bytes]:
        """The creator's and the provider's signature, each empty where it does not come along."""
        parties = ((deal.terms.creator, Acceptance), (deal.terms.provider, Submission))
        return [
            self.signed_by(account, kind(deal.id, *words(claim))) if is_signed else b""
            for (account, kind), is_signed in zip(parties, signed, strict=True)
        ]

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

    def settle(self, deal: Deal, by: str, claim: Claim, signed: tuple[bool, bool]) -> None:
        """`signed`: whose signatures come along, the creator's and the provider's."""
        signatures = self.settling(deal, claim, signed)
        self.both(
            lambda: self.model.settle(deal, ADDRESSES[by], claim, signed, self.evm.now),
            self.call(by, "settle", deal.terms.words(), words(claim), *signatures),
        )

    def accept(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.accept(deal, ADDRESSES[by], claim, self.evm.now),
            self.call(by, "accept", deal.terms.words(), words(claim)),
        )

    def finalize(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.finalize(deal, claim, self.evm.now),
            self.call(by, "finalize", deal.terms.words(), words(claim)),
        )

    def late(self, deal: Deal, by: str) -> None:
        self.both(lambda: self.model.late(deal, self.evm.now), self.call(by, "late", deal.terms.words()))

    def challenge(self, deal: Deal, by: str, claim: Claim) -> None:
        self.both(
            lambda: self.model.challenge(deal, ADDRESSES[by], claim, self.evm.now),
            self.call(by, "challenge", deal.terms.words(), words(claim), ANY_PRICE),
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
        return deal.claim or claim, deal.dispute or Challenge(ADDRESSES["stranger"], MEDIATION_FEE, BOND)

    def is_in(self, deal_id: DealId, status: DealStatus) -> bool:
        return self.model.deals[deal_id].status is status


def case(deal: Deal, claim: Claim, dispute: Challenge) -> tuple[Any, ...]:
    return deal.terms.words(), words(claim), (dispute.challenger, dispute.fee, dispute.bond)
