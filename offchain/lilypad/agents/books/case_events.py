"""From the court's events to those of the pure case machine."""

from __future__ import annotations

from lilypad.chain.contracts import Event
from lilypad.errors import FaultError
from lilypad.protocol.case import (
    Appealed,
    Armed,
    CaseEvent,
    Closed,
    Committed,
    Drawn,
    Opened,
    Revealed,
    RoundSettled,
    SealedAll,
    Tallied,
)
from lilypad.protocol.deal import Verdict
from lilypad.protocol.docket import Ballot, Settings
from lilypad.protocol.words import Verification
from lilypad.types import DealId

CASE_EVENTS = frozenset(
    (
        "CaseOpened",
        "CaseArmed",
        "CaseDrawn",
        "VoteCommitted",
        "VotesSealed",
        "VoteRevealed",
        "RoundTallied",
        "CaseAppealed",
        "CaseDecided",
        "RoundSettled",
    )
)


def read_case_event(event: Event) -> tuple[DealId, CaseEvent]:
    """
    Raises:
        FaultError: it is no event of a case.
    """
    args = event.args
    case = DealId(args["id"])
    match event.name:
        case "CaseOpened":
            verification = Verification.unpack(int.from_bytes(args["verification"], "big"))
            return case, Opened(verification, Settings.unpack(args["settings"]), args["deadline"], args["ticket"])
        case "CaseArmed":
            return case, Armed(args["round"], args["redrawn"], args["ticket"])
        case "CaseDrawn":
            return case, Drawn(tuple(args["seats"]))
        case "VoteCommitted":
            return case, Committed(args["mediator"], args["hash"])
        case "VotesSealed":
            return case, SealedAll(tuple(args["seals"]))
        case "VoteRevealed":
            ballot = Ballot(args["commitment"], args["instructionCount"], args["isFetched"])
            return case, Revealed(args["mediator"], ballot)
        case "RoundTallied":
            return case, Tallied(Verdict(args["verdict"]), tuple(args["votes"]))
        case "CaseAppealed":
            return case, Appealed(args["appellant"])
        case "CaseDecided":
            return case, Closed(Verdict(args["verdict"]), args["winner"])
        case "RoundSettled":
            return case, RoundSettled(args["round"])
    raise FaultError(f"{event.name} is no event of a case")
