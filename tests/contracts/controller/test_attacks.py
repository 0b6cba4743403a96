"""What went wrong elsewhere, tried here. Each test is named for what happened; other tests say the same in detail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus, Verdict, WayOut
from lilypad.protocol.settlement import BURNED, Change
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE, CEILING, COLLATERAL, MEDIATION_FEE, RIGHT, WINDOWS, words

OPEN = [DealStatus.AGREED, DealStatus.SUBMITTED, DealStatus.CHALLENGED]
WAYS = dict(zip(OPEN, WayOut, strict=True))


@pytest.mark.parametrize("status", OPEN, ids=lambda status: status.name)
def test_timeouts_that_do_not_exist__every_open_status_has_a_way_out_for_anyone(
    controller: Any, desk: Any, books: Any, stranger: Any, at: Any, status: DealStatus
) -> None:
    case = desk.reach(status, at)
    arguments = {WayOut.LATE: (case.terms.words(),), WayOut.FINALIZE: case.submitted}
    way = WAYS[status]
    windows = case.terms.windows
    at(case.since + max(windows.submit, windows.judge, windows.mediate) + 1)
    getattr(controller, way)(*arguments.get(way, case.disputed), sender=stranger)
    assert all(balance.locked == 0 for balance in books.all().values())


def test_tx_origin__contract_called_by_the_creator__is_not_the_creator(
    compiled: Any, controller: Any, payments: Any, desk: Any, creator: Any
) -> None:
    trap = creator.deploy(compiled.MockWallet, creator)
    case = desk.submitted()
    data = controller.accept.encode_input(*case.submitted)
    with reverts_with("Controller_NotParty", id=case.id, caller=trap, expected=creator):
        trap.execute(controller, data, sender=creator)
    with reverts_with("Payments_InsufficientFree", controller=controller, account=trap, free=0, needed=1):
        trap.execute(payments, payments.withdraw.encode_input(controller, 1), sender=creator)


def test_late_challenge_then_timeout__is_no_free_compute(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.challenge(*case.submitted, ANY_PRICE, sender=creator)


def test_challenge_that_nobody_has_time_to_decide__provider_never_signed_for_it(
    controller: Any, maker: Any, stranger: Any
) -> None:
    hasty = replace(WINDOWS, mediate=1)
    with reverts_with("Controller_WindowsRefused", asked=hasty, limits=WINDOWS):
        controller.agree(*maker.pair(maker.job(windows=hasty), maker.resource()), sender=stranger)


def test_pooled_escrow__deal_with_an_accomplice__cannot_touch_another_deal_s_collateral(
    controller: Any, desk: Any, provider: Any, books: Any
) -> None:
    honest, fake = desk.agree(), desk.agree()
    false = replace(fake.terms, collateral=2 * COLLATERAL)
    with stands_at(false, DealStatus.NONE, not_at=DealStatus.AGREED):
        controller.decline(false.words(), sender=provider)
    controller.decline(fake.terms.words(), sender=provider)
    assert books.of(provider).locked == honest.terms.collateral


def test_squatted_deal_id__opened_in_storage_by_an_attacker__changes_nothing(
    controller: Any, protocol: Any, desk: Any, chain: Any, maker: Any, stranger: Any
) -> None:
    job, resource = maker.job(), maker.resource()
    snapshot = chain.snapshot()
    deal = desk.agree(job, resource).id
    chain.restore(snapshot)

    protocol.storage.open(deal, sender=stranger)
    assert desk.agree(job, resource).id == deal
    assert protocol.storage.dealOf(stranger, deal)[0] == DealStatus.AGREED  # a space of its own


def test_any_instruction_count__creator_pays_no_more_than_it_signed(
    controller: Any, desk: Any, books: Any, roles: Any, at: Any
) -> None:
    case = desk.submit(desk.agree(), replace(RIGHT, instruction_count=2**64 - 1))
    free = books.of(roles.creator).free
    at(case.since + case.terms.windows.judge + 1)
    controller.finalize(*case.submitted, sender=roles.provider)
    assert books.of(roles.creator) == Change(free=free)


def test_overflowing_price__largest_of_everything__costs_the_ceiling(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    most = 2**128 - 1
    job = maker.job(price_per_instruction=most)
    deal = desk.agree(job, maker.resource(price_per_instruction=most))
    case = desk.submit(deal, replace(RIGHT, instruction_count=2**64 - 1))
    with books.changed_by(settlement.paid(case.terms, CEILING, roles.treasury.address)):
        controller.accept(*case.submitted, sender=roles.creator)


def test_slashed_collateral__goes_to_no_owner_and_the_victim_does_not_pay(desk: Any, books: Any, roles: Any) -> None:
    before = books.of(roles.creator).free
    case = desk.challenged(roles.creator)
    desk.decide(case, Verdict.WRONG)

    assert books.of(roles.governor) == books.of(roles.treasury) == books.of(roles.holder) == Change()
    assert books.of(roles.creator).free > before
    rest = COLLATERAL - MEDIATION_FEE
    assert books.of(BURNED).free == rest // 2


def test_disputing_with_oneself__provider_and_challenger_together__lose(desk: Any, books: Any, roles: Any) -> None:
    """Whatever the verdict, an accomplice as challenger leaves the pair with less than no dispute would."""

    def both() -> int:
        pair = (books.of(roles.provider), books.of(roles.challenger))
        return sum(balance.free for balance in pair)

    before = both()
    case = desk.challenged(roles.challenger)
    desk.decide(case, Verdict.WRONG)
    assert both() < before - COLLATERAL // 2


def test_result_set_twice__second_payment__reverts(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.submitted()
    controller.accept(*case.submitted, sender=creator)
    with stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.SUBMITTED):
        controller.accept(*case.submitted, sender=creator)


def test_payee_that_refuses_everything__settlement_goes_on(
    controller: Any, protocol: Any, desk: Any, maker: Any, creator: Any
) -> None:
    deaf = protocol.users.address  # a contract that takes no calls
    case = desk.submit(desk.agree(maker.job(solver=deaf)))
    controller.accept(*case.submitted, sender=creator)
    assert protocol.payments.balanceOf(controller, deaf)[0] > 0


def test_replay__offers_of_this_controller_at_another__revert(
    compiled: Any, protocol: Any, desk: Any, maker: Any, roles: Any
) -> None:
    parts = (protocol.payments, protocol.storage, protocol.modules, roles.treasury, roles.governor)
    second = roles.holder.deploy(compiled.LilypadController, *parts)
    job, resource = maker.job(), maker.resource()
    desk.agree(job, resource)
    theirs = replace(maker.domain, controller=second.address)
    digest = theirs.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        second.agree(*maker.pair(job, resource), sender=roles.stranger)


def test_replay__deal_of_this_controller_at_another__is_unknown(
    compiled: Any, protocol: Any, desk: Any, roles: Any
) -> None:
    parts = (protocol.payments, protocol.storage, protocol.modules, roles.treasury, roles.governor)
    second = roles.holder.deploy(compiled.LilypadController, *parts)
    case = desk.agree()
    with stands_at(case, DealStatus.NONE, not_at=DealStatus.AGREED):
        second.submitResult(case.terms.words(), words(RIGHT), sender=roles.provider)
