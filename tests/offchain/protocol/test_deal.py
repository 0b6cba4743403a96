"""The life of a deal: every event in every status, and the way out at every deadline."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from lilypad.errors import FaultError
from lilypad.protocol import deal as life
from lilypad.protocol.deal import Deal, DealStatus, Verdict, WayOut
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.settlement import Challenge, cost
from lilypad.protocol.terms import agreement_of, derive_terms
from lilypad.protocol.words import Shares
from lilypad.types import ModuleId
from tests.contracts.makers import RIGHT, WINDOWS, Maker
from tests.invariants.network import ADDRESSES, KEYS

SINCE, NOW = 1_000, 2_000
DOMAIN = Domain(1, ADDRESSES["governor"])
S = DealStatus
DISPUTE = Challenge(ADDRESSES["stranger"], 1, ADDRESSES["judge"], 3)
EVENTS: dict[str, tuple[Any, dict[DealStatus, DealStatus]]] = {
    "submitted": (life.Submitted(RIGHT), {S.AGREED: S.SUBMITTED}),
    "accepted": (life.Accepted(), {S.SUBMITTED: S.ACCEPTED}),
    "settled": (life.Settled(RIGHT), {S.AGREED: S.ACCEPTED}),
    "challenged": (life.Challenged(DISPUTE), {S.SUBMITTED: S.CHALLENGED}),
    "right": (life.Decided(Verdict.RIGHT), {S.CHALLENGED: S.ACCEPTED}),
    "withheld": (life.Decided(Verdict.WITHHELD), {S.CHALLENGED: S.ACCEPTED}),
    "wrong": (life.Decided(Verdict.WRONG), {S.CHALLENGED: S.REJECTED}),
    "undecided": (life.Decided(Verdict.UNDECIDED), {S.CHALLENGED: S.UNDECIDED}),
    "declined": (life.Declined(), {S.AGREED: S.DECLINED}),
    "late": (life.Late(), {S.AGREED: S.LATE}),
}


@pytest.fixture(scope="module")
def offers() -> tuple[JobOffer, ResourceOffer]:
    mediation = to_checksum_address("0x" + "aa" * 20)
    maker = Maker(DOMAIN, KEYS["creator"], KEYS["provider"], ADDRESSES["solver"], ModuleId(bytes(32)), mediation)
    return maker.job(), maker.resource()


@pytest.fixture(scope="module")
def agreed(offers: tuple[JobOffer, ResourceOffer]) -> life.Agreed:
    job, resource = offers
    terms = derive_terms(DOMAIN, job, resource, ADDRESSES["author"], Shares(1, 2, 3))
    what = life.Job(job.module, job.inputs, job.resources)
    return life.Agreed(terms, agreement_of(DOMAIN, job, resource), what, job.nonce, resource.nonce)


@pytest.fixture(scope="module")
def opened(agreed: life.Agreed) -> Deal:
    return life.open_deal(agreed, SINCE)


def test_open_deal__is_agreed_now(opened: Deal) -> None:
    assert (opened.status, opened.since, opened.id) == (S.AGREED, SINCE, opened.terms.id)
    assert (opened.claim, opened.dispute, opened.verdict, opened.cost) == (None, None, None, None)


@pytest.mark.parametrize("status", S, ids=lambda status: status.name)
@pytest.mark.parametrize("name", EVENTS)
def test_apply__each_event_in_each_status__moves_as_drawn_or_is_a_fault(
    opened: Deal, name: str, status: DealStatus
) -> None:
    event, arrows = EVENTS[name]
    deal = replace(opened, status=status, claim=None if status in (S.NONE, S.AGREED) else RIGHT)
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


def test_apply__agreed_again__is_a_fault(opened: Deal, agreed: life.Agreed) -> None:
    with pytest.raises(FaultError):
        life.apply(opened, agreed, NOW)


@pytest.mark.parametrize(
    ("events", "is_paid"),
    [
        (("settled",), True),
        (("submitted", "accepted"), True),
        (("submitted", "challenged", "right"), True),
        (("submitted", "challenged", "withheld"), True),
        (("submitted", "challenged", "wrong"), False),
        (("submitted", "challenged", "undecided"), False),
        (("declined",), False),
        (("late",), False),
    ],
)
def test_apply__every_life__costs_what_terms_and_count_say_or_nothing(
    opened: Deal, events: tuple[str, ...], is_paid: bool
) -> None:
    deal = opened
    for name in events:
        deal = life.apply(deal, EVENTS[name][0], NOW)
    assert deal.cost == (cost(deal.terms, RIGHT.instruction_count) if is_paid else 0)
    assert deal.claim == (None if events[0] in ("declined", "late") else RIGHT)
    assert deal.dispute == (DISPUTE if "challenged" in events else None)


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


def test_terms__each_field__changes_the_id(opened: Deal) -> None:
    terms = opened.terms
    numbers = ("price_per_instruction", "payment_ceiling", "minimum_payment", "collateral", "lane")
    changes: list[dict[str, Any]] = [{name: 77} for name in (*numbers, "late_penalty_bps", "decline_fee_bps")]
    changes[-1] = {"decline_fee_bps": 78}
    changes += [{name: ADDRESSES["judge"]} for name in ("creator", "provider", "author", "solver")]
    changes += [{"shares": Shares()}, {"windows": replace(WINDOWS, judge=1)}, {"agreement": bytes(32)}]
    assert {name for change in changes for name in change} == {field.name for field in fields(terms)}
    ids = {replace(terms, **change).id for change in changes}
    assert len(ids | {terms.id}) == len(changes) + 1


def test_terms__each_offer_and_its_domain__change_the_agreement(offers: tuple[JobOffer, ResourceOffer]) -> None:
    job, resource = offers
    verification = replace(job.verification, mediators=1)
    agreements = [
        agreement_of(DOMAIN, job, resource),
        agreement_of(replace(DOMAIN, chain_id=2), job, resource),
        agreement_of(DOMAIN, replace(job, nonce=job.nonce + 1), resource),
        agreement_of(DOMAIN, job, replace(resource, nonce=resource.nonce + 1)),
        agreement_of(DOMAIN, replace(job, verification=verification), replace(resource, verification=verification)),
    ]
    assert len({agreement.hash for agreement in agreements}) == len(agreements)
