"""One method for each thing that somebody may do to a deal, in the model and on the chain at once."""

from __future__ import annotations

from typing import Any

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from lilypad.protocol.offers import Acceptance, Submission
from lilypad.protocol.settlement import Challenge
from lilypad.types import DealId
from tests.contracts.makers import BOND, MEDIATION_FEE, words
from tests.invariants.machine import NAMES, Machine
from tests.invariants.model import RefusedError
from tests.invariants.network import ADDRESSES, KEYS


class Actions(Machine):
    def bring(
        self,
        pair: tuple[str, str],
        job_changes: dict[str, Any],
        resource_changes: dict[str, Any],
        by: str,
        good: tuple[bool, bool] = (True, True),
    ) -> DealId | None:
        """A pair of offers; `good`: whether each is signed by its maker. The deal's id, unless it was refused."""
        creator, provider = pair
        job = self.maker.job(creator=ADDRESSES[creator], **job_changes)
        resource = self.maker.resource(provider=ADDRESSES[provider], **resource_changes)
        signers = [KEYS[name] if ok else KEYS["stranger"] for name, ok in zip(pair, good, strict=True)]
        signatures = [self.maker.sign(key, offer) for key, offer in zip(signers, (job, resource), strict=True)]
        offers = job.words(), resource.words(), *signatures, []
        before = set(self.model.deals)
        self.both(lambda: self.model.agree(job, resource, good, self.evm.now), self.call(by, "agree", offers))
        return next(iter(set(self.model.deals) - before), None)

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
        signatures = [
            self.maker.sign(KEYS[NAMES[signer]], kind(deal.id, *words(claim))) if is_signed else b""
            for signer, kind, is_signed in zip(
                (deal.terms.creator, deal.terms.provider), (Acceptance, Submission), signed, strict=True
            )
        ]
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
            self.call(by, "challenge", deal.terms.words(), words(claim)),
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
