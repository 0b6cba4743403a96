"""The life of a deal as a pure machine: chain events in, the deal's next state out.

The diagram, with who may do what until when, is on the enum in contracts/types/Deal.sol. An agent folds the events
of a deal through `apply` and asks `way_out` which permissionless call moves the deal on once a deadline has passed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from lilypad.errors import FaultError
from lilypad.protocol.settlement import Challenge, cost
from lilypad.protocol.terms import Agreement, DealTerms
from lilypad.types import DealId, Digest, ModuleId, Resources


class DealStatus(enum.IntEnum):
    """As on chain."""

    NONE = 0
    AGREED = 1
    SUBMITTED = 2
    CHALLENGED = 3
    ACCEPTED = 4
    REJECTED = 5
    DECLINED = 6
    LATE = 7
    UNDECIDED = 8

    @property
    def is_end(self) -> bool:
        return self >= DealStatus.ACCEPTED

    @property
    def is_open(self) -> bool:
        """Whether such a deal binds anybody's money."""
        return DealStatus.NONE < self < DealStatus.ACCEPTED


class Verdict(enum.IntEnum):
    """As on chain."""

    RIGHT = 0
    WITHHELD = 1
    WRONG = 2
    UNDECIDED = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """A result as the chain knows it."""

    commitment: bytes
    instruction_count: int


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run."""

    module: ModuleId
    inputs: Digest
    resources: Resources


@dataclass(frozen=True, slots=True)
class Agreed:
    terms: DealTerms
    agreement: Agreement
    job: Job
    job_nonce: int
    resource_nonce: int


@dataclass(frozen=True, slots=True)
class Submitted:
    claim: Claim


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submitted result is final."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A result that was not submitted before is final."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Challenged:
    dispute: Challenge


@dataclass(frozen=True, slots=True)
class Decided:
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Declined:
    pass


@dataclass(frozen=True, slots=True)
class Late:
    pass


DealEvent = Agreed | Submitted | Accepted | Settled | Challenged | Decided | Declined | Late


@dataclass(frozen=True, slots=True)
class Deal:
    """Everything about one deal that the chain's log tells."""

    id: DealId
    terms: DealTerms
    agreement: Agreement
    job: Job
    status: DealStatus
    since: int
    """Unix time of the block that brought it into this status."""
    claim: Claim | None = None
    dispute: Challenge | None = None
    verdict: Verdict | None = None
    cost: int | None = None
    """What the creator paid, once the deal has ended."""


class WayOut(enum.StrEnum):
    """The controller's permissionless functions that end an overdue deal."""

    LATE = "late"
    FINALIZE = "finalize"
    EXPIRE = "expire"


ENDS_OF_VERDICTS = {
    Verdict.RIGHT: DealStatus.ACCEPTED,
    Verdict.WITHHELD: DealStatus.ACCEPTED,
    Verdict.WRONG: DealStatus.REJECTED,
    Verdict.UNDECIDED: DealStatus.UNDECIDED,
}


def open_deal(event: Agreed, now: int) -> Deal:
    return Deal(event.terms.id, event.terms, event.agreement, event.job, DealStatus.AGREED, now)


def apply(deal: Deal, event: DealEvent, now: int) -> Deal:
    """The deal after an event in a block of time `now`.

    Raises:
        FaultError: the event cannot follow this status, so the log was not read in order.
    """
    status = deal.status
    match event:
        case Submitted(claim) if status is DealStatus.AGREED:
            return replace(deal, status=DealStatus.SUBMITTED, since=now, claim=claim)
        case Accepted() if status is DealStatus.SUBMITTED and deal.claim is not None:
            price = cost(deal.terms, deal.claim.instruction_count)
            return replace(deal, status=DealStatus.ACCEPTED, since=now, cost=price)
        case Settled(claim) if status is DealStatus.AGREED:
            price = cost(deal.terms, claim.instruction_count)
            return replace(deal, status=DealStatus.ACCEPTED, since=now, claim=claim, cost=price)
        case Challenged(dispute) if status is DealStatus.SUBMITTED:
            return replace(deal, status=DealStatus.CHALLENGED, since=now, dispute=dispute)
        case Decided(verdict) if status is DealStatus.CHALLENGED and deal.claim is not None:
            end = ENDS_OF_VERDICTS[verdict]
            price = cost(deal.terms, deal.claim.instruction_count) if end is DealStatus.ACCEPTED else 0
            return replace(deal, status=end, since=now, verdict=verdict, cost=price)
        case Declined() if status is DealStatus.AGREED:
            return replace(deal, status=DealStatus.DECLINED, since=now, cost=0)
        case Late() if status is DealStatus.AGREED:
            return replace(deal, status=DealStatus.LATE, since=now, cost=0)
    raise FaultError(
        f"{type(event).__name__} cannot follow {status.name}: the chain's log was not read in order",
        deal=deal.id,
    )


def deadline(deal: Deal) -> int | None:
    """The last second at which the deal may still go its ordinary way; None once it has ended."""
    windows = deal.terms.windows
    length = {
        DealStatus.AGREED: windows.submit,
        DealStatus.SUBMITTED: windows.judge,
        DealStatus.CHALLENGED: windows.mediate,
    }.get(deal.status)
    return None if length is None else deal.since + length


def way_out(deal: Deal, now: int) -> WayOut | None:
    """The call that anyone may make at `now` to end the deal, if its deadline has passed."""
    until = deadline(deal)
    if until is None or now <= until:
        return None
    return {
        DealStatus.AGREED: WayOut.LATE,
        DealStatus.SUBMITTED: WayOut.FINALIZE,
        DealStatus.CHALLENGED: WayOut.EXPIRE,
    }[deal.status]
