"""Takes deals to any status, through the controller's own functions, and keeps what the next call needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, DealStatus, Verdict
from lilypad.protocol.offers import Acceptance, JobOffer, ResourceOffer, Submission
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import Agreement, DealTerms, agreement_of, derive_terms
from lilypad.protocol.words import Shares, pack_funds, unpack_funds
from lilypad.types import Address
from tests.contracts.errors import name_of, reverts_with
from tests.contracts.makers import (
    ANY_PRICE,
    BOND,
    MEDIATION_FEE,
    PROTOCOL_BPS,
    RIGHT,
    ROYALTY_BPS,
    Maker,
    words,
)


class Entry(NamedTuple):
    """What the record says of a lane."""

    status: int
    since: int
    digest: bytes


@dataclass(frozen=True)
class Case:
    """A deal of a test, with all that the next call has to repeat."""

    job: JobOffer
    resource: ResourceOffer
    terms: DealTerms
    agreement: Agreement
    since: int
    claim: Claim = RIGHT
    dispute: Challenge | None = None

    @property
    def id(self) -> bytes:
        return self.terms.id

    @property
    def lane(self) -> bytes:
        """Where it is recorded: contracts/types/Lane.sol."""
        return pack_funds(self.terms.creator, self.terms.lane)

    @property
    def submitted(self) -> tuple[Any, Any]:
        """Terms and result, as most calls want them."""
        return self.terms.words(), words(self.claim)

    @property
    def disputable(self) -> tuple[Any, Any, Any]:
        """Terms, agreement and result, as challenge wants them."""
        return self.terms.words(), self.agreement.words(), words(self.claim)

    @property
    def disputed(self) -> tuple[Any, Any, Any]:
        """Terms, result and challenge, as verdict and expire want them."""
        assert self.dispute is not None
        return self.terms.words(), words(self.claim), self.dispute.words()

    # ------------------------------------------------------------ what is on record

    @property
    def digest_agreed(self) -> bytes:
        """Also when it was declined or is late."""
        return self.id[:26]

    @property
    def digest_submitted(self) -> bytes:
        """Also when the result is final, or rejected."""
        return keccak(encode(["bytes32", "bytes32", "uint64"], [self.id, *words(self.claim)]))[:26]

    @property
    def digest_challenged(self) -> bytes:
        assert self.dispute is not None
        parts = [self.id, *words(self.claim), *self.dispute.words()]
        return keccak(encode(["bytes32", "bytes32", "uint64", "bytes32", "bytes32"], parts))[:26]


def stands_at(case: Case, actual: DealStatus, *, not_at: DealStatus) -> AbstractContextManager[None]:
    """The call must revert, since the deal's lane is not where it starts from."""
    return reverts_with("Storage_WrongStatus", lane=case.lane, actual=actual, expected=not_at)


def holds(case: Case, actual: bytes, *, not_: bytes) -> AbstractContextManager[None]:
    """The call must revert, since the deal's lane holds something else than it repeats."""
    return reverts_with("Storage_WrongDigest", lane=case.lane, actual=actual, expected=not_)


class Desk:
    def __init__(
        self,
        controller: ContractInstance,
        storage: ContractInstance,
        mediation: ContractInstance,
        maker: Maker,
        roles: Any,
    ) -> None:
        self.controller = controller
        self.storage = storage
        self.mediation = mediation
        self.maker = maker
        self.roles = roles

    def record(self, case: Case) -> Entry:
        """What is recorded in the deal's lane."""
        status, since, digest = self.storage.dealOf(self.controller, case.terms.creator, case.terms.lane)
        return Entry(status, since, bytes(digest))

    def nonce_used(self, account: Any, nonce: int) -> AbstractContextManager[None]:
        """The call must revert, since this account's nonce was used or cancelled before."""
        return reverts_with("Payments_NonceUsed", controller=self.controller, account=account, nonce=nonce)

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
        receipt = self.controller.agree(*pair, sender=sender or self.roles.stranger)
        return self.case_of(receipt, job, resource)

    def case_of(self, receipt: ReceiptAPI, job: JobOffer, resource: ResourceOffer) -> Case:
        (event,) = self.controller.DealAgreed.from_receipt(receipt)
        told = event.event_arguments
        author, _ = unpack_funds(bytes(told["author"]))
        shares = Shares.unpack(int.from_bytes(bytes(told["conditions"]), "big"))
        terms = derive_terms(self.maker.domain, job, resource, author, shares)
        assert bytes(told["id"]) == terms.id
        return Case(job, resource, terms, agreement_of(self.maker.domain, job, resource), receipt.timestamp)

    def on_paper(self, job: JobOffer | None = None, resource: ResourceOffer | None = None) -> Case:
        """A deal that is not on the chain yet; both sides know before what it will be."""
        job = self.maker.job() if job is None else job
        resource = self.maker.resource() if resource is None else resource
        shares = Shares(job.solver_bps, ROYALTY_BPS, PROTOCOL_BPS)
        terms = derive_terms(self.maker.domain, job, resource, Address(self.roles.author.address), shares)
        return Case(job, resource, terms, agreement_of(self.maker.domain, job, resource), since=0)

    # ------------------------------------------------------------ batches

    def settling(self, case: Case, claim: Claim = RIGHT, accepted: bytes | None = None) -> Any:
        """One entry of settleBatch, with the creator's signature unless 64 other bytes are given."""
        accepted = self.acceptance(case, claim) if accepted is None else accepted
        return case.terms.words(), words(claim), accepted[:32], accepted[32:]

    def skipped(self, receipt: ReceiptAPI) -> dict[int, str]:
        """The entries of a batch that were skipped, each with the name of its error."""
        events = [event.event_arguments for event in self.controller.EntrySkipped.from_receipt(receipt)]
        return {event["index"]: name_of(bytes(event["reason"])) for event in events}

    def agreed(self, receipt: ReceiptAPI) -> list[bytes]:
        return [bytes(event.id) for event in self.controller.DealAgreed.from_receipt(receipt)]

    def settled(self, receipt: ReceiptAPI) -> list[bytes]:
        return [bytes(event.id) for event in self.controller.DealSettled.from_receipt(receipt)]

    # ------------------------------------------------------------ the next steps

    def submit(self, case: Case, claim: Claim = RIGHT) -> Case:
        receipt = self.controller.submitResult(case.terms.words(), words(claim), sender=self.roles.provider)
        return replace(case, claim=claim, since=receipt.timestamp)

    def challenge(self, case: Case, by: AccountAPI | None = None) -> Case:
        by = by or self.roles.challenger
        receipt = self.controller.challenge(*case.disputable, ANY_PRICE, sender=by)
        return replace(case, dispute=self.dispute(case, by), since=receipt.timestamp)

    def dispute(self, case: Case, by: AccountAPI, fee: int = MEDIATION_FEE, bond: int = BOND) -> Challenge:
        """Before the mediation that the deal names; MockMediation's prices unless others are given."""
        return Challenge(Address(by.address), bond, case.agreement.verification.mediation, fee)

    def decide(self, case: Case, verdict: Verdict) -> ReceiptAPI:
        return self.mediation.decide(self.controller, *case.disputed, verdict, sender=self.roles.judge)

    def acceptance(self, case: Case, claim: Claim = RIGHT, *, long: bool = False) -> bytes:
        """The creator's signature under this result, in 64 bytes or in 65."""
        message = Acceptance(case.id, claim.commitment, claim.instruction_count)
        sign = self.maker.sign_long if long else self.maker.sign
        return sign(self.maker.creator, message)

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
            return self.challenged_on_paper(self.on_paper())
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
        return replace(case, dispute=self.dispute(case, self.roles.challenger))
