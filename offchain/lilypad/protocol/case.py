"""The life of a mediation case as a pure machine: the court's events in, the case's next state out.

The diagram, with who may do what until when, is on the enum in contracts/types/Docket.sol. An agent folds the events of
a case through `apply` and asks `due` which permissionless call moves it on.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lilypad.errors import FaultError
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import Ballot, Docket, Settings, Stage
from lilypad.protocol.mediation import winner_of
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from lilypad.types import Address, DealId


class CasePhase(enum.IntEnum):
    """Where a case stands. As on chain, but that a case which has ended is always CLOSED here."""

    NONE = 0
    ARMED = 1
    VOTING = 2
    SEALED = 3
    RULED = 4
    CLOSED = 5


@dataclass(frozen=True, slots=True)
class Opened:
    verification: Verification
    settings: Settings
    deadline: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Armed:
    round: int
    redrawn: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Drawn:
    seats: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    mediator: Address
    seal: bytes


@dataclass(frozen=True, slots=True)
class SealedAll:
    seals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Revealed:
    mediator: Address
    ballot: Ballot


@dataclass(frozen=True, slots=True)
class Tallied:
    verdict: Verdict
    votes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Appealed:
    appellant: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    verdict: Verdict
    winner: bytes


@dataclass(frozen=True, slots=True)
class RoundSettled:
    round: int


CaseEvent = (
    Opened | Armed | Drawn | Committed | SealedAll | Revealed | Tallied | Appealed | Closed | RoundSettled
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormerRound:
    """A round that was appealed, until it is settled by the final ruling."""

    docket: Docket
    votes: tuple[bytes, ...]
    verdict: Verdict
    appellant: bytes
    """Who appealed it, and what it locked."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the log tells of one case."""

    docket: Docket
    phase: CasePhase
    since: int
    """Unix time of the block that brought it into this phase."""
    ticket: int
    """Of the randomness that it waits for, or waited for last."""
    seals: tuple[bytes, ...] = ()
    """Of all seats, where they came with the draw."""
    committed: Mapping[int, bytes] = field(default_factory=dict)
    """By seat."""
    revealed: Mapping[int, Ballot] = field(default_factory=dict)
    """By seat, without salts."""
    votes: tuple[bytes, ...] = ()
    verdict: Verdict | None = None
    """What the round ruled, or, of a closed case, how it ended."""
    winner: bytes = bytes(32)
    former: tuple[FormerRound, ...] = ()

    @property
    def id(self) -> DealId:
        return self.docket.id

    @property
    def is_over(self) -> bool:
        """Ruled, with every round that was appealed settled."""
        return self.phase is CasePhase.CLOSED and not self.former

    @property
    def appeal_until(self) -> int | None:
        """Unix time of the last block in which its ruling can be appealed; None if it cannot."""
        return self.since + self.docket.settings.appeal if self.phase is CasePhase.RULED else None

    @property
    def has_all_sealed(self) -> bool:
        seats = len(self.docket.seats)
        return len(self.seals) == seats or len(self.committed) == seats

    @property
    def has_all_revealed(self) -> bool:
        return len(self.revealed) == len(self.docket.seats)

    @property
    def commit_until(self) -> int:
        return self.since + self.docket.settings.commit

    @property
    def reveal_until(self) -> int:
        return self.commit_until + self.docket.settings.reveal

    def seat_of(self, account: Address) -> int | None:
        """Of this round."""
        return self.docket.seats.index(account) if account in self.docket.seats else None

    def ballots(self) -> list[Ballot]:
        """As a tally takes them: silent is who has revealed nothing."""
        return [self.revealed.get(seat, Ballot(is_cast=False)) for seat in range(len(self.docket.seats))]


def open_case(deal: DealId, claim: Claim, dispute: Challenge, event: Opened, now: int) -> Case:
    stage = Stage(0, 0, Verdict.UNDECIDED, event.deadline)
    docket = Docket(deal, event.verification, event.settings, claim, dispute, stage)
    return Case(docket, CasePhase.ARMED, now, event.ticket)


def apply(case: Case, event: CaseEvent, now: int) -> Case:
    """The case after an event in a block of time `now`.

    Raises:
        FaultError: the event cannot follow this phase, so the log was not read in order.
    """
    docket, phase = case.docket, case.phase
    match event:
        case Armed(round_, redrawn, ticket):
            if redrawn == docket.stage.redrawn + 1:
                docket = docket.redrawn()
            if (round_, redrawn) == (docket.stage.round, docket.stage.redrawn):
                return Case(docket.seated(()), CasePhase.ARMED, now, ticket, former=case.former)
        case Drawn(seats) if phase is CasePhase.ARMED:
            if len(seats) != docket.wanted:
                return case  # what follows from that comes next
            return replace(case, docket=docket.seated(seats), phase=CasePhase.VOTING, since=now)
        case SealedAll(seals) if phase is CasePhase.VOTING:
            return replace(case, phase=CasePhase.SEALED, seals=seals)
        case Committed(mediator, seal) if phase is CasePhase.VOTING:
            return replace(case, committed={**case.committed, docket.seats.index(mediator): seal})
        case Revealed(mediator, ballot) if phase in (CasePhase.VOTING, CasePhase.SEALED):
            return replace(case, revealed={**case.revealed, docket.seats.index(mediator): ballot})
        case Tallied(verdict, votes) if phase in (CasePhase.VOTING, CasePhase.SEALED):
            # Unless what comes next is another draw, or the end.
            return replace(
                case, phase=CasePhase.RULED, since=now, votes=votes, verdict=verdict, winner=winner_of(votes)
            )
        case Appealed(appellant) if phase is CasePhase.RULED and case.verdict is not None:
            former = FormerRound(docket, case.votes, case.verdict, appellant)
            appealed = docket.appealed(appellant, case.verdict, case.winner)
            return Case(appealed, CasePhase.ARMED, now, case.ticket, former=(*case.former, former))
        case Closed(verdict, winner) if phase is not CasePhase.CLOSED:
            return replace(case, phase=CasePhase.CLOSED, since=now, verdict=verdict, winner=winner)
        case RoundSettled(round_) if phase is CasePhase.CLOSED:
            return replace(case, former=tuple(r for r in case.former if r.docket.stage.round != round_))
    message = f"{type(event).__name__} cannot follow {phase.name}: the court's log was not read in order"
    raise FaultError(message, case=case.id)


class Due(enum.StrEnum):
    """A call that anybody may make now."""

    DRAW = "draw"
    """Once its randomness is there; where that was missed, `rearm`."""
    TALLY = "tally"
    EXECUTE = "execute"
    SETTLE_ROUND = "settleRound"
    ABANDON = "abandon"


def due(case: Case, now: int) -> Due | None:
    """What moves the case on at `now`; None while it waits for its mediators, or has nothing left to do."""
    match case.phase:
        case CasePhase.CLOSED:
            return Due.SETTLE_ROUND if case.former else None
        case _ if now > case.docket.stage.deadline:
            return Due.ABANDON
        case CasePhase.ARMED:
            return Due.DRAW
        case CasePhase.VOTING | CasePhase.SEALED if case.has_all_revealed or now > case.reveal_until:
            return Due.TALLY
        case CasePhase.RULED if case.appeal_until is not None and now > case.appeal_until:
            return Due.EXECUTE
    return None


def next_time(case: Case, now: int) -> int | None:
    """When something becomes due, or possible, by time alone."""
    if case.phase is CasePhase.CLOSED:
        return None
    votes = (case.commit_until, case.reveal_until) if case.phase in (CasePhase.VOTING, CasePhase.SEALED) else ()
    times = (*votes, case.appeal_until, case.docket.stage.deadline)
    return min((time + 1 for time in times if time is not None and time >= now), default=None)
