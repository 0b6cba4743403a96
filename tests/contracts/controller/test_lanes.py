"""Where a deal is recorded: in a lane of its creator's, which the job offer names and which holds one open deal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.conftest import key_of
from tests.contracts.desk import holds, stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, words

OPEN = [DealStatus.AGREED, DealStatus.SUBMITTED, DealStatus.CHALLENGED]
ENDS = list(DealStatus)[4:]
LANES = [0, 1, 2**64 - 1]


@pytest.mark.parametrize("lane", LANES)
def test_lane__at_an_edge__holds_the_deal_and_no_other_lane_does(
    controller: Any, storage: Any, desk: Any, maker: Any, creator: Any, lane: int
) -> None:
    case = desk.agree(maker.job(lane=lane))
    assert desk.record(case) == (DealStatus.AGREED, case.since, case.digest_agreed)
    for other in {*LANES, lane ^ 1, lane ^ 1 << 63} - {lane}:
        assert storage.dealOf(controller, creator, other)[0] == DealStatus.NONE


@pytest.mark.parametrize("status", OPEN, ids=lambda status: status.name)
def test_lane__with_an_open_deal__takes_no_other(
    desk: Any, maker: Any, books: Any, at: Any, status: DealStatus
) -> None:
    case = desk.reach(status, at)
    record = desk.record(case)
    job = maker.job(lane=case.terms.lane)
    with books.unchanged(), reverts_with("Storage_LaneBusy", lane=case.lane, status=status):
        desk.agree(job)
    assert desk.record(case) == record
    desk.agree(replace(job, lane=job.nonce))  # the same nonce, in a lane that is free


@pytest.mark.parametrize("status", ENDS, ids=lambda status: status.name)
def test_lane__after_the_deal_ended__keeps_its_record_until_the_next_deal(
    desk: Any, maker: Any, at: Any, status: DealStatus
) -> None:
    first = desk.reach(status, at)
    assert desk.record(first).status == status
    desk.agree()  # in another lane
    assert desk.record(first).status == status
    second = desk.agree(maker.job(lane=first.terms.lane))
    assert second.lane == first.lane
    assert desk.record(first) == (DealStatus.AGREED, second.since, second.digest_agreed)


def test_lane__used_again__knows_the_first_deal_no_more(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    """Its calls find another deal's digest, whatever was signed for it."""
    first = desk.agree(maker.job(lane=7))
    controller.decline(first.terms.words(), sender=roles.provider)
    second = desk.agree(maker.job(lane=7))
    calls = {
        "decline": (first.terms.words(),),
        "submitResult": first.submitted,
        "settle": (*first.submitted, desk.acceptance(first), b""),
        "late": (first.terms.words(),),
    }
    with books.unchanged():
        for name, arguments in calls.items():
            with holds(first, second.digest_agreed, not_=first.digest_agreed):
                getattr(controller, name)(*arguments, sender=roles.provider)
    controller.submitResult(*second.submitted, sender=roles.provider)


def test_lane__used_again_and_again__each_deal_goes_its_own_way(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    for _ in range(3):
        case = desk.submit(desk.agree(maker.job(lane=3)))
        controller.accept(*case.submitted, sender=roles.creator)
        assert desk.record(case).status == DealStatus.ACCEPTED
        case = desk.agree(maker.job(lane=3))
        controller.settle(*case.submitted, desk.acceptance(case), b"", sender=roles.provider)
    assert books.of(roles.creator).locked == books.of(roles.provider).locked == 0


def test_lane__same_number_of_two_creators__are_two_lanes(
    controller: Any, payments: Any, desk: Any, maker: Any, roles: Any
) -> None:
    """So nobody can occupy, wait for or overwrite a lane of somebody else's."""
    key = key_of(roles.challenger)
    mine = desk.agree(maker.job(lane=5))
    offer = maker.job(lane=5, creator=key.address)
    theirs = desk.agree(offer, job_signature=maker.sign(key, offer))
    assert mine.lane != theirs.lane
    assert desk.record(mine).digest == mine.digest_agreed
    controller.decline(theirs.terms.words(), sender=roles.provider)
    assert desk.record(mine).status == DealStatus.AGREED


@pytest.mark.parametrize("what", ["lane", "creator"])
def test_lane__another_in_the_terms__finds_no_deal(controller: Any, desk: Any, roles: Any, what: str) -> None:
    case = desk.agree()
    change = {"lane": {"lane": 10**9}, "creator": {"creator": roles.stranger.address}}[what]
    false = replace(case, terms=replace(case.terms, **change))
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.AGREED):
        controller.submitResult(*false.submitted, sender=roles.provider)


def test_lane__is_signed_by_the_creator(controller: Any, desk: Any, maker: Any, stranger: Any, not_signed: Any) -> None:
    """Whoever brings an offer cannot put it where it overwrites a record that the creator wants to keep."""
    job = maker.job()
    moved = replace(job, lane=job.lane + 1)
    signature = maker.sign(maker.creator, job)
    with not_signed(job.creator, moved):
        controller.agree(*maker.pair(moved, maker.resource(), job_signature=signature), sender=stranger)


def test_lane__two_of_a_batch_in_the_same__the_second_is_skipped_and_good_later(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    first, second = desk.on_paper(maker.job(lane=9)), desk.on_paper(maker.job(lane=9))
    receipt = controller.agreeBatch([maker.pair(c.job, c.resource) for c in (first, second)], sender=roles.stranger)
    assert desk.skipped(receipt) == {1: "Storage_LaneBusy"}
    assert books.of(roles.creator).locked == CEILING
    controller.decline(first.terms.words(), sender=roles.provider)
    assert desk.agree(second.job, second.resource).id == second.id


def test_lane__settled_in_a_batch__is_free_for_the_next_deal(
    controller: Any, desk: Any, maker: Any, roles: Any
) -> None:
    case = desk.agree(maker.job(lane=4))
    controller.settleBatch([desk.settling(case)], sender=roles.provider)
    again = desk.agree(maker.job(lane=4))
    assert again.since >= case.since
    receipt = controller.settleBatch([desk.settling(case), desk.settling(again)], sender=roles.provider)
    assert desk.settled(receipt) == [again.id]
    assert desk.skipped(receipt) == {0: "Storage_WrongDigest"}


def test_lane__at_another_controller__is_another_lane(
    compiled: Any, protocol: Any, storage: Any, desk: Any, maker: Any, roles: Any
) -> None:
    parts = (protocol.payments, storage, protocol.modules, roles.treasury, roles.governor)
    second = roles.holder.deploy(compiled.LilypadController, *parts)
    case = desk.agree()
    assert storage.dealOf(second, roles.creator, case.terms.lane)[0] == DealStatus.NONE
    with stands_at(case, DealStatus.NONE, not_at=DealStatus.AGREED):
        second.submitResult(case.terms.words(), words(case.claim), sender=roles.provider)
