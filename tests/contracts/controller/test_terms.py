"""The terms are never stored: false ones name no deal, whoever says them and whatever the call."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import Shares, Windows
from tests.contracts.desk import holds, stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE


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
    raise AssertionError(value)


def found_instead(case: Any, false: Any, status: DealStatus, digests: tuple[bytes, bytes]) -> Any:
    """In the deal's own lane another digest, in any other lane nothing."""
    actual, expected = digests
    if false.lane == case.lane:
        return holds(case, actual, not_=expected)
    return stands_at(false, DealStatus.NONE, not_at=status)


@pytest.mark.parametrize("name", [field.name for field in fields(DealTerms)])
def test_finalize__any_field_of_the_terms_changed__finds_no_deal(
    controller: Any, desk: Any, books: Any, stranger: Any, at: Any, name: str
) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge + 1)
    false = replace(case, terms=replace(case.terms, **{name: other(getattr(case.terms, name))}))
    digests = (case.digest_submitted, false.digest_submitted)
    with books.unchanged(), found_instead(case, false, DealStatus.SUBMITTED, digests):
        controller.finalize(*false.submitted, sender=stranger)


@pytest.mark.parametrize("bit", [240, 255])
def test_finalize__bits_of_the_conditions_that_mean_nothing__find_no_deal(
    controller: Any, desk: Any, stranger: Any, at: Any, bit: int
) -> None:
    """They are hashed with the rest: there is one way to write the terms of a deal."""
    case = desk.submitted()
    at(case.since + case.terms.windows.judge + 1)
    words = list(case.terms.words())
    words[4] = (int.from_bytes(words[4], "big") | 1 << bit).to_bytes(32, "big")
    id_ = keccak(b"".join(words))
    expected = keccak(encode(["bytes32", "bytes32", "uint64"], [id_, *case.submitted[1]]))[:26]
    with holds(case, case.digest_submitted, not_=expected):
        controller.finalize(tuple(words), case.submitted[1], sender=stranger)


@pytest.mark.parametrize("call", ["decline", "submitResult", "late", "settle"])
def test_agreed__more_collateral_than_was_locked__finds_no_deal(
    controller: Any, desk: Any, books: Any, roles: Any, call: str
) -> None:
    case = desk.agree()
    false = replace(case, terms=replace(case.terms, collateral=case.terms.collateral + 1))
    arguments = {
        "decline": (false.terms.words(),),
        "submitResult": false.submitted,
        "late": (false.terms.words(),),
        "settle": (*false.submitted, desk.acceptance(false), desk.submission(false)),
    }[call]
    with books.unchanged(), holds(case, case.digest_agreed, not_=false.digest_agreed):
        getattr(controller, call)(*arguments, sender=roles.provider)


@pytest.mark.parametrize("call", ["accept", "finalize", "challenge"])
def test_submitted__oneself_as_provider__finds_no_deal(controller: Any, desk: Any, roles: Any, call: str) -> None:
    case = desk.submitted()
    false = replace(case, terms=replace(case.terms, provider=roles.creator.address))
    arguments = (*false.disputable, ANY_PRICE) if call == "challenge" else false.submitted
    with holds(case, case.digest_submitted, not_=false.digest_submitted):
        getattr(controller, call)(*arguments, sender=roles.creator)


def test_challenge__own_judge_in_terms_that_contain_its_hash__finds_no_deal(
    controller: Any, desk: Any, roles: Any
) -> None:
    """Terms and agreement fit each other, and are those of no deal."""
    case = desk.submitted()
    mine = replace(case.agreement, verification=replace(case.agreement.verification, mediation=roles.creator.address))
    false = replace(case, agreement=mine, terms=replace(case.terms, agreement=mine.hash))
    with reverts_with(""):  # its mediation is no contract
        controller.challenge(*false.disputable, ANY_PRICE, sender=roles.creator)
    mine = replace(mine, verification=replace(mine.verification, mediation=desk.mediation.address, mediators=5))
    false = replace(case, agreement=mine, terms=replace(case.terms, agreement=mine.hash))
    with holds(case, case.digest_submitted, not_=false.digest_submitted):
        controller.challenge(*false.disputable, ANY_PRICE, sender=roles.creator)


def test_challenged__other_terms__find_no_deal(controller: Any, desk: Any, stranger: Any, at: Any) -> None:
    case = desk.challenged()
    false = replace(case, terms=replace(case.terms, payment_ceiling=1))
    for verdict in Verdict:
        with holds(case, case.digest_challenged, not_=false.digest_challenged):
            desk.decide(false, verdict)
    at(case.since + case.terms.windows.mediate + 1)
    with holds(case, case.digest_challenged, not_=false.digest_challenged):
        controller.expire(*false.disputed, sender=stranger)
