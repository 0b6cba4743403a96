"""Cases as `--json` prints them, and as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lilypad.cli import render
from lilypad.cli.amounts import amount_document
from lilypad.cli.documents import time_document
from lilypad.cli.words import SHORT
from lilypad.protocol.case import CasePhase
from lilypad.protocol.docket import UNIT
from lilypad.protocol.mediation import BILL, CANNOT_RUN, SILENT, UPHOLDS, appeal_price, class_of

if TYPE_CHECKING:
    from lilypad.agents.books.cases import Dispute
    from lilypad.protocol.case import Case

VERDICTS = {
    "right": "the result is right: the provider is paid",
    "withheld": "the result is right, but the provider did not deliver it: it pays the mediators",
    "wrong": "the result is wrong: the provider loses its collateral",
    "undecided": "nobody can tell: everybody goes home whole",
}
VOTES = {SILENT: "silent", UPHOLDS: "upholds it", BILL: "finds another bill", CANNOT_RUN: "cannot run it"}
PHASES = {
    "armed": "waits for the randomness that draws its mediators",
    "voting": "mediators run the job again and vote",
    "sealed": "all votes are sealed; they are opened now",
    "ruled": "ruled; it may be appealed",
    "closed": "closed",
}


def case_document(dispute: Dispute) -> dict[str, Any]:
    """Amounts as strings, times in ISO 8601."""
    case, settings = dispute.case, dispute.case.docket.settings
    return {
        "case": "0x" + case.id.hex(),
        "phase": case.phase.name.lower(),
        "round": case.docket.stage.round,
        "redrawn": case.docket.stage.redrawn,
        "creator": dispute.deal.terms.creator,
        "provider": dispute.deal.terms.provider,
        "challenger": case.docket.dispute.challenger,
        "fee": amount_document(case.docket.dispute.fee),
        "bond": amount_document(case.docket.dispute.bond),
        "penalty": amount_document(settings.penalty * UNIT),
        "commitment": "0x" + case.docket.claim.commitment.hex(),
        "instructions": case.docket.claim.instruction_count,
        "seats": [_seat_document(case, seat) for seat in range(len(case.docket.seats))],
        "drawnAfterBlock": case.ticket if case.phase is CasePhase.ARMED else None,
        "verdict": case.verdict.name.lower() if case.verdict is not None else None,
        "commitUntil": time_document(case.commit_until) if _is_voting(case) else None,
        "revealUntil": time_document(case.reveal_until) if _is_voting(case) else None,
        "appealUntil": time_document(case.appeal_until) if case.appeal_until is not None else None,
        "appealPrice": amount_document(appeal_price(case.docket)) if case.appeal_until is not None else None,
        "until": time_document(case.docket.stage.deadline) if case.phase is not CasePhase.CLOSED else None,
    }


def _is_voting(case: Case) -> bool:
    return case.phase in (CasePhase.VOTING, CasePhase.SEALED)


def _seat_document(case: Case, seat: int) -> dict[str, Any]:
    ballot = case.revealed.get(seat)
    document: dict[str, Any] = {"mediator": case.docket.seats[seat], "state": "drawn", "vote": None}
    if seat in case.committed or case.seals:
        document["state"] = "sealed"
    if ballot is not None:
        vote = class_of(ballot, case.docket.claim, case.docket.verification.tolerance_bps)
        document |= {
            "state": "revealed",
            "vote": VOTES.get(vote, "finds another output"),
            "commitment": "0x" + ballot.commitment.hex(),
            "instructions": ballot.instruction_count,
            "fetched": ballot.is_fetched,
        }
    return document


def cases_table(documents: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        (d["case"][: SHORT + 2], d["verdict"] or d["phase"], str(d["round"] + 1), d["provider"], d["challenger"])
        for d in documents
    ]
    render.table(("case", "state", "round", "provider", "challenger"), rows)


def case_page(document: Mapping[str, Any]) -> None:
    verdict = document["verdict"]
    render.pairs(
        [
            ("case", document["case"]),
            ("state", VERDICTS[verdict] if document["phase"] == "closed" else PHASES[document["phase"]]),
            ("round", document["round"] + 1),
            ("provider", document["provider"]),
            ("challenger", document["challenger"]),
            ("at stake", f"{document['bond']['lily']} LILY bond, {document['fee']['lily']} LILY for the mediators"),
            ("result", f"{document['commitment']}, {document['instructions']:,} instructions"),
            ("drawn after", f"block {document['drawnAfterBlock']}" if document["drawnAfterBlock"] else None),
            *((f"seat {number}", _seat_line(seat)) for number, seat in enumerate(document["seats"], 1)),
            ("votes until", render.local_time(document["commitUntil"])),
            ("opened until", render.local_time(document["revealUntil"])),
            ("appeal until", render.local_time(document["appealUntil"])),
            ("an appeal locks", f"{document['appealPrice']['lily']} LILY" if document["appealPrice"] else None),
            ("ends by", render.local_time(document["until"])),
        ]
    )


def _seat_line(seat: Mapping[str, Any]) -> str:
    fetched = "" if seat.get("fetched", True) else ", could not fetch the output"
    return f"{seat['mediator']} {seat['vote'] or seat['state']}{fetched}"
