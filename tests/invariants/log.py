"""The log alone: events as the contracts emitted them, folded into deals by the rules of `lilypad.protocol`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from eth_utils.address import to_checksum_address

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Deal, Verdict
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer, camel
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import derive_terms
from lilypad.protocol.words import Shares
from lilypad.types import DealId


def offer_of(kind: type[Any], words: tuple[Any, ...]) -> Any:
    names = (camel(field.name) for field in fields(kind))
    return kind.from_words(dict(zip(names, words, strict=True)))


def event_of(domain: Domain, name: str, values: Mapping[str, Any]) -> life.DealEvent | None:
    match name:
        case "DealAgreed":
            job, resource = offer_of(JobOffer, values["job"]), offer_of(ResourceOffer, values["resource"])
            shares = Shares.unpack(values["shares"])
            author = to_checksum_address(values["author"])
            return life.Agreed(job, resource, derive_terms(domain, job, resource, author, shares))
        case "ResultSubmitted":
            return life.Submitted(Claim(values["commitment"], values["instructionCount"]))
        case "DealAccepted":
            return life.Accepted(Claim(values["commitment"], values["instructionCount"]), values["cost"])
        case "DealChallenged":
            challenger = to_checksum_address(values["challenger"])
            return life.Challenged(Challenge(challenger, values["fee"], values["bond"]))
        case "DealDecided":
            return life.Decided(Verdict(values["verdict"]), values["cost"])
        case "DealDeclined":
            return life.Declined()
        case "DealLate":
            return life.Late()
    return None


def fold(domain: Domain, deals: dict[DealId, Deal], events: Any, now: int) -> None:
    for name, values in events:
        event = event_of(domain, name, values)
        if event is None:
            continue
        deal_id = DealId(values["id"])
        if isinstance(event, life.Agreed):
            assert deal_id not in deals, "a deal was agreed twice"
            assert event.terms.id == deal_id, "the log does not carry the terms"
            deals[deal_id] = life.open_deal(event, now)
        else:
            deals[deal_id] = life.apply(deals[deal_id], event, now)
