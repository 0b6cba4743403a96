"""From the controller's events to those of the pure deal machine."""

from __future__ import annotations

from typing import Any

from lilypad.chain.contracts import Event
from lilypad.errors import FaultError
from lilypad.protocol.deal import (
    Accepted,
    Agreed,
    Challenged,
    Claim,
    DealEvent,
    Decided,
    Declined,
    Job,
    Late,
    Settled,
    Submitted,
    Verdict,
)
from lilypad.protocol.offers import unpack_requirements
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import Agreement, DealTerms
from lilypad.protocol.words import Verification, pack_funds
from lilypad.types import DealId

AMOUNT, NONCE = (1 << 96) - 1, (1 << 32) - 1

DEAL_EVENTS = frozenset(
    (
        "DealAgreed",
        "ResultSubmitted",
        "DealAccepted",
        "DealSettled",
        "DealChallenged",
        "DealDecided",
        "DealDeclined",
        "DealLate",
    )
)


def read_deal_event(event: Event) -> tuple[DealId, DealEvent]:
    """
    Raises:
        FaultError: the terms do not hash to the deal's id, so these are not the contracts we were written for.
    """
    args = event.args
    deal = DealId(args["id"])
    match event.name:
        case "DealAgreed":
            return deal, _agreed(deal, args)
        case "ResultSubmitted":
            return deal, Submitted(_claim(args))
        case "DealAccepted":
            return deal, Accepted()
        case "DealSettled":
            return deal, Settled(_claim(args))
        case "DealChallenged":
            return deal, Challenged(Challenge(args["challenger"], args["bond"], args["mediation"], args["fee"]))
        case "DealDecided":
            return deal, Decided(Verdict(args["verdict"]))
        case "DealDeclined":
            return deal, Declined()
        case "DealLate":
            return deal, Late()
    raise FaultError(f"{event.name} is no event of a deal")


def _agreed(deal: DealId, args: dict[str, Any]) -> Agreed:
    locks = args["locks"]
    agreement = Agreement(
        Verification.unpack(int.from_bytes(args["verification"], "big")), args["jobDigest"], args["resourceDigest"]
    )
    terms = DealTerms.from_words(
        pack_funds(args["creator"], locks & AMOUNT),
        pack_funds(args["provider"], locks >> 96 & AMOUNT),
        *(args["author"], args["solver"], args["conditions"], agreement.hash),
    )
    if terms.id != deal:
        raise FaultError("the contracts on this chain make other deal ids than this version of Lilypad", deal=deal)
    resources, _ = unpack_requirements(args["needs"])
    job = Job(args["module"], args["inputs"], resources)
    return Agreed(terms, agreement, job, locks >> 192 & NONCE, locks >> 224)


def _claim(args: dict[str, Any]) -> Claim:
    return Claim(args["commitment"], args["instructionCount"])
