"""The life of a deal: every event in every status, and the way out at every deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from lilypad.errors import FaultError
from lilypad.protocol import deal as life
from lilypad.protocol.deal import Deal, DealStatus, Verdict, WayOut
from lilypad.protocol.offers import Domain
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import DealTerms, derive_terms
from lilypad.protocol.words import Shares
from tests.contracts.makers import RIGHT, WINDOWS, Maker
from tests.invariants.network import ADDRESSES, KEYS

SINCE, NOW = 1_000, 2_000
S = DealStatus
DISPUTE = Challenge(ADDRESSES["stranger"], 3, 1)
EVENTS: dict[str, tuple[Any, dict[DealStatus, DealStatus]]] = {
    "submitted": (life.Submitted(RIGHT), {S.AGREED: S.SUBMITTED}),
    "accepted": (life.Accepted(RIGHT, 9), {S.AGREED: S.ACCEPTED, S.SUBMITTED: S.ACCEPTED}),
    "challenged": (life.Challenged(DISPUTE), {S.SUBMITTED: S.CHALLENGED}),
    "right": (life.Decided(Verdict.RIGHT, 9), {S.CHALLENGED: S.ACCEPTED}),
    "withheld": (life.Decided(Verdict.WITHHELD, 9), {S.CHALLENGED: S.ACCEPTED}),
    "wrong": (life.Decided(Verdict.WRONG, 0), {S.CHALLENGED: S.REJECTED}),
    "undecided": (life.Decided(Verdict.UNDECIDED, 0), {S.CHALLENGED: S.UNDECIDED}),
    "declined": (life.Declined(), {S.AGREED: S.DECLINED}),
    "late": (life.Late(), {S.AGREED: S.LATE}),
}


@pytest.fixture(scope="module")
def opened() -> Deal:
    domain = Domain(1, ADDRESSES["governor"])
    mediation = to_checksum_address("0x" + "aa" * 20)
    maker = Maker(domain, KEYS["creator"], KEYS["provider"], ADDRESSES["solver"], life.DealId(bytes(32)), mediation)
    job, resource = maker.job(), maker.resource()
    terms = derive_terms(domain, job, resource, ADDRESSES["author"], Shares(1, 2, 3))
    return life.open_deal(life.Agreed(job, resource, terms), SINCE)


def test_open_deal__is_agreed_now(opened: Deal) -> None:
    assert (opened.status, opened.since, opened.id) == (S.AGREED, SINCE, opened.terms.id)
    assert (opened.claim, opened.dispute, opened.verdict, opened.cost) == (None, None, None, None)


@pytest.mark.parametrize("status", S, ids=lambda status: status.name)
@pytest.mark.parametrize("name", EVENTS)
def test_apply__each_event_in_each_status__moves_as_drawn_or_is_a_fault(
    opened: Deal, name: str, status: DealStatus
) -> None:
    event, arrows = EVENTS[name]
    deal = replace(opened, status=status)
    if status not in arrows:
        with pytest.raises(FaultError, match=f"cannot follow {status.name}"):
            life.apply(deal, event, NOW)
        return
    after = life.apply(deal, event, NOW)
    assert (after.status, after.since) == (arrows[status], NOW)
    assert after.status.is_end == (after.cost is not None)
    assert (
        replace(after, **{f: getattr(deal, f) for f in ("status", "since", "claim", "dispute", "verdict", "cost")})
        == deal
    )


def test_apply__agreed_again__is_a_fault(opened: Deal) -> None:
    again = life.Agreed(opened.job, opened.resource, opened.terms)
    with pytest.raises(FaultError):
        life.apply(opened, again, NOW)


def test_apply__a_whole_life__keeps_what_the_log_told(opened: Deal) -> None:
    deal = opened
    for name in ("submitted", "challenged", "withheld"):
        deal = life.apply(deal, EVENTS[name][0], NOW)
    assert (deal.claim, deal.dispute, deal.verdict, deal.cost) == (RIGHT, DISPUTE, Verdict.WITHHELD, 9)


@pytest.mark.parametrize(
    ("status", "window", "way"),
    [
        (S.AGREED, WINDOWS.submit, WayOut.LATE),
        (S.SUBMITTED, WINDOWS.judge, WayOut.FINALIZE),
        (S.CHALLENGED, WINDOWS.mediate, WayOut.EXPIRE),
    ],
)
def test_way_out__around_the_deadline__opens_one_second_after_it(
    opened: Deal, status: DealStatus, window: int, way: WayOut
) -> None:
    deal = replace(opened, status=status)
    deadline = SINCE + window
    assert life.deadline(deal) == deadline
    found = [life.way_out(deal, deadline + shift) for shift in (-1, 0, 1, 10**9)]
    assert found == [None, None, way, way]


@pytest.mark.parametrize("status", [s for s in S if s.is_end or s is S.NONE], ids=lambda s: s.name)
def test_way_out__ended__there_is_none(opened: Deal, status: DealStatus) -> None:
    deal = replace(opened, status=status)
    assert life.deadline(deal) is None
    assert life.way_out(deal, 10**12) is None


def test_terms__each_word__changes_the_id(opened: Deal) -> None:
    terms = opened.terms
    changed = {
        replace(terms, **{name: bytes(32) if name == "offers" else ADDRESSES["judge"]}).id
        for name in ("offers", "creator", "provider", "author", "solver")
    }
    numbers = ("price_per_instruction", "payment_ceiling", "minimum_payment", "collateral", "late_penalty")
    changed |= {replace(terms, **{name: 77}).id for name in numbers}
    changed |= {
        replace(terms, shares=Shares()).id,
        replace(terms, windows=replace(WINDOWS, judge=1)).id,
        replace(terms, verification=replace(terms.verification, mediators=1)).id,
    }
    assert len(changed | {terms.id}) == len(DealTerms.ABI) + 1
