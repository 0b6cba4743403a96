"""The terms are never stored: false ones name no deal, whoever says them and whatever the call."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import Shares, Windows
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE, RIGHT, words


def other(value: Any) -> Any:
    match value:
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case str():
            return to_checksum_address((int(value, 16) ^ 1).to_bytes(20, "big"))
        case int():
            return value + 1
        case Shares():
            return replace(value, protocol_bps=value.protocol_bps + 1)
        case Windows():
            return replace(value, judge=1)
    return replace(value, mediators=value.mediators + 2)


@pytest.mark.parametrize("name", [field.name for field in fields(DealTerms)])
def test_finalize__any_word_of_the_terms_changed__finds_no_deal(
    controller: Any, desk: Any, stranger: Any, at: Any, name: str
) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge + 1)
    false = replace(case.terms, **{name: other(getattr(case.terms, name))})
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.SUBMITTED):
        controller.finalize(false.words(), words(RIGHT), sender=stranger)


@pytest.mark.parametrize("call", ["decline", "submitResult", "late", "settle"])
def test_agreed__more_collateral_than_was_locked__finds_no_deal(
    controller: Any, desk: Any, roles: Any, call: str
) -> None:
    case = desk.agree()
    false = replace(case, terms=replace(case.terms, collateral=case.terms.collateral + 1))
    signatures = (desk.acceptance(false), desk.submission(false))
    arguments = {
        "decline": (false.terms.words(),),
        "submitResult": false.submitted,
        "late": (false.terms.words(),),
        "settle": (*false.submitted, *signatures),
    }[call]
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.AGREED):
        getattr(controller, call)(*arguments, sender=roles.provider)


@pytest.mark.parametrize("call", ["accept", "finalize", "challenge"])
def test_submitted__oneself_as_provider__finds_no_deal(controller: Any, desk: Any, roles: Any, call: str) -> None:
    case = desk.submitted()
    false = replace(case, terms=replace(case.terms, provider=roles.creator.address))
    price = (ANY_PRICE,) if call == "challenge" else ()
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.SUBMITTED):
        getattr(controller, call)(*false.submitted, *price, sender=roles.creator)


def test_challenged__other_terms__find_no_deal(controller: Any, desk: Any, stranger: Any, at: Any) -> None:
    case = desk.challenged()
    false = replace(case, terms=replace(case.terms, payment_ceiling=1))
    wrong = {"id": false.id, "actual": DealStatus.NONE, "expected": DealStatus.CHALLENGED}
    for verdict in Verdict:
        with reverts_with("Storage_WrongStatus", **wrong):
            desk.decide(false, verdict)
    at(case.since + case.terms.windows.mediate + 1)
    with reverts_with("Storage_WrongStatus", **wrong):
        controller.expire(*false.disputed, sender=stranger)


def test_verdict__oneself_as_mediation__finds_no_deal(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.challenged()
    verification = replace(case.terms.verification, mediation=creator.address)
    false = replace(case, terms=replace(case.terms, verification=verification))
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.CHALLENGED):
        controller.verdict(*false.disputed, Verdict.WRONG, sender=creator)
