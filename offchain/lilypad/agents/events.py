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
    Late,
    Submitted,
    Verdict,
)
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import derive_terms
from lilypad.protocol.words import Shares
from lilypad.types import DealId

DEAL_EVENTS = frozenset(
    ("DealAgreed", "ResultSubmitted", "DealAccepted", "DealChallenged", "DealDecided", "DealDeclined", "DealLate")
)


def read_deal_event(event: Event, domain: Domain) -> tuple[DealId, DealEvent]:
    """
    Raises:
        FaultError: the terms do not hash to the deal's id, so these are not the contracts we were written for.
    """
    args = event.args
    deal = DealId(args["id"])
    match event.name:
        case "DealAgreed":
            return deal, _agreed(deal, args, domain)
        case "ResultSubmitted":
            return deal, Submitted(_claim(args))
        case "DealAccepted":
            return deal, Accepted(_claim(args), args["cost"])
        case "DealChallenged":
            return deal, Challenged(Challenge(args["challenger"], args["fee"], args["bond"]))
        case "DealDecided":
            return deal, Decided(Verdict(args["verdict"]), args["cost"])
        case "DealDeclined":
            return deal, Declined()
        case "DealLate":
            return deal, Late()
    raise FaultError(f"{event.name} is no event of a deal")


def _agreed(deal: DealId, args: dict[str, Any], domain: Domain) -> Agreed:
    job = JobOffer.from_words(args["job"])
    resource = ResourceOffer.from_words(args["resource"])
    terms = derive_terms(domain, job, resource, args["author"], Shares.unpack(args["shares"]))
    if terms.id != deal:
        raise FaultError("the contracts on this chain make other deal ids than this version of Lilypad", deal=deal)
    return Agreed(job, resource, terms)


def _claim(args: dict[str, Any]) -> Claim:
    return Claim(args["commitment"], args["instructionCount"])
