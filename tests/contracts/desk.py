"""Takes deals to any status, through the controller's own functions, and keeps what the next call needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from lilypad.protocol.deal import Claim, DealStatus, Verdict
from lilypad.protocol.offers import Acceptance, JobOffer, ResourceOffer, Submission
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import DealTerms, derive_terms
from lilypad.protocol.words import Shares
from lilypad.types import Address
from tests.contracts.errors import name_of
from tests.contracts.makers import (
    ANY_PRICE,
    BOND,
    MEDIATION_FEE,
    PROTOCOL_BPS,
    RIGHT,
    ROYALTY_BPS,
    Maker,
    Pair,
    words,
)


@dataclass(frozen=True)
class Case:
    """A deal of a test, with all that the next call has to repeat."""

    job: JobOffer
    resource: ResourceOffer
    terms: DealTerms
    since: int
    claim: Claim = RIGHT
    dispute: Challenge | None = None

    @property
    def id(self) -> bytes:
        return self.terms.id

    @property
    def disputed(self) -> tuple[Any, Any, Any]:
        """Terms, result and challenge, as verdict and expire want them."""
        assert self.dispute is not None
        dispute = (self.dispute.challenger, self.dispute.fee, self.dispute.bond)
        return self.terms.words(), words(self.claim), dispute

    @property
    def submitted(self) -> tuple[Any, Any]:
        return self.terms.words(), words(self.claim)


class Desk:
    def __init__(self, controller: ContractInstance, mediation: ContractInstance, maker: Maker, roles: Any) -> None:
        self.controller = controller
        self.mediation = mediation
        self.maker = maker
        self.roles = roles

    # ------------------------------------------------------------ agreement

    def agree(
        self,
        job: JobOffer | None = None,
        resource: ResourceOffer | None = None,
        *,
        sender: AccountAPI | None = None,
        **signatures: Any,
    ) -> Case:
        """A deal from these offers, and a check that everybody can derive its terms from the log."""
        job = self.maker.job() if job is None else job
        resource = self.maker.resource() if resource is None else resource
        pair = self.maker.pair(job, resource, **signatures)
        receipt = self.controller.agree(pair, sender=sender or self.roles.stranger)
        return self.case_of(receipt, job, resource)

    def case_of(self, receipt: ReceiptAPI, job: JobOffer, resource: ResourceOffer) -> Case:
        (event,) = self.controller.DealAgreed.from_receipt(receipt)
        shares = Shares.unpack(event.shares)
        terms = derive_terms(self.maker.domain, job, resource, Address(event.author), shares)
        assert bytes(event.id) == terms.id
        return Case(job, resource, terms, receipt.timestamp)

    def on_paper(self, job: JobOffer | None = None, resource: ResourceOffer | None = None) -> Case:
        """A deal that was not brought to the chain: for an instant one, which both sides know before."""
        job = self.maker.job() if job is None else job
        resource = self.maker.resource() if resource is None else resource
        shares = Shares(job.solver_bps, ROYALTY_BPS, PROTOCOL_BPS)
        terms = derive_terms(self.maker.domain, job, resource, Address(self.roles.author.address), shares)
        return Case(job, resource, terms, since=0)

    def done(self, case: Case, claim: Claim = RIGHT, **signatures: Any) -> Pair:
        """The pair of an instant deal: both makers' signatures are under the result."""
        signatures.setdefault("job_signature", self.acceptance(case, claim))
        signatures.setdefault("resource_signature", self.submission(case, claim))
        return self.maker.pair(case.job, case.resource, **signatures)

    # ------------------------------------------------------------ batches

    def settling(self, case: Case, claim: Claim = RIGHT, **signatures: bytes) -> Any:
        """One entry of settleBatch, with both signatures unless others are given."""
        accepted = signatures.get("accepted", self.acceptance(case, claim))
        submitted = signatures.get("submitted", self.submission(case, claim))
        return case.terms.words(), words(claim), accepted, submitted

    def skipped(self, receipt: ReceiptAPI) -> dict[int, str]:
        """The entries of a batch that were skipped, each with the name of its error."""
        events = [event.event_arguments for event in self.controller.EntrySkipped.from_receipt(receipt)]
        return {event["index"]: name_of(bytes(event["reason"])) for event in events}

    def agreed(self, receipt: ReceiptAPI) -> list[bytes]:
        return [bytes(event.id) for event in self.controller.DealAgreed.from_receipt(receipt)]

    def accepted(self, receipt: ReceiptAPI) -> list[bytes]:
        return [bytes(event.id) for event in self.controller.DealAccepted.from_receipt(receipt)]

    # ------------------------------------------------------------ the next steps

    def submit(self, case: Case, claim: Claim = RIGHT) -> Case:
        receipt = self.controller.submitResult(case.terms.words(), words(claim), sender=self.roles.provider)
        return replace(case, claim=claim, since=receipt.timestamp)

    def challenge(self, case: Case, by: AccountAPI | None = None) -> Case:
        by = by or self.roles.challenger
        receipt = self.controller.challenge(*case.submitted, ANY_PRICE, sender=by)
        dispute = Challenge(Address(by.address), MEDIATION_FEE, BOND)
        return replace(case, dispute=dispute, since=receipt.timestamp)

    def decide(self, case: Case, verdict: Verdict) -> ReceiptAPI:
        return self.mediation.decide(self.controller, *case.disputed, verdict, sender=self.roles.judge)

    def acceptance(self, case: Case, claim: Claim = RIGHT) -> bytes:
        """The creator's signature under this result."""
        message = Acceptance(case.id, claim.commitment, claim.instruction_count)
        return self.maker.sign(self.maker.creator, message)

    def submission(self, case: Case, claim: Claim = RIGHT) -> bytes:
        """The provider's signature under this result."""
        message = Submission(case.id, claim.commitment, claim.instruction_count)
        return self.maker.sign(self.maker.provider, message)

    # ------------------------------------------------------------ whole lives

    def submitted(self, **changes: Any) -> Case:
        return self.submit(self.agree(self.maker.job(**changes)))

    def challenged(self, by: AccountAPI | None = None) -> Case:
        return self.challenge(self.submitted(), by)

    def reach(self, status: DealStatus, at: Callable[[int], None]) -> Case:
        """A deal in this status, by the shortest way; one that was never agreed for NONE."""
        if status is DealStatus.NONE:
            agreed = self.agree()
            return self.challenged_on_paper(replace(agreed, terms=replace(agreed.terms, offers=bytes(32))))
        if status in (DealStatus.AGREED, DealStatus.DECLINED, DealStatus.LATE):
            case = self.agree()
            if status is DealStatus.DECLINED:
                self.controller.decline(case.terms.words(), sender=self.roles.provider)
            if status is DealStatus.LATE:
                at(case.since + case.terms.windows.submit + 1)
                self.controller.late(case.terms.words(), sender=self.roles.stranger)
            return self.challenged_on_paper(case)
        case = self.submitted()
        if status is DealStatus.SUBMITTED:
            return self.challenged_on_paper(case)
        if status is DealStatus.ACCEPTED:
            self.controller.accept(*case.submitted, sender=self.roles.creator)
            return self.challenged_on_paper(case)
        case = self.challenge(case)
        if status is DealStatus.REJECTED:
            self.decide(case, Verdict.WRONG)
        if status is DealStatus.UNDECIDED:
            self.decide(case, Verdict.UNDECIDED)
        return case

    def challenged_on_paper(self, case: Case) -> Case:
        """With a dispute that never was, for calls that must be refused."""
        challenger = Address(self.roles.challenger.address)
        return replace(case, dispute=Challenge(challenger, MEDIATION_FEE, BOND))
