"""What went wrong elsewhere, tried here. Each test is named for what happened; other tests say the same in detail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus, Verdict, WayOut
from lilypad.protocol.settlement import BURNED, Change
from lilypad.protocol.words import Verification
from tests.contracts.desk import holds, stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE, BOND, CEILING, COLLATERAL, MEDIATION_FEE, RIGHT, WINDOWS

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


def test_smart_wallets_shut_out__one_takes_a_deal_through_all_of_its_life(
    controller: Any, payments: Any, desk: Any, maker: Any, wallet: Any, creator: Any
) -> None:
    job = maker.job(creator=wallet.address)
    case = desk.submit(desk.agree(job, job_signature=maker.sign_long(maker.creator, job)))
    wallet.execute(controller, controller.accept.encode_input(*case.submitted), sender=creator)
    free, locked = payments.balanceOf(controller, wallet)
    wallet.execute(payments, payments.withdraw.encode_input(controller, free), sender=creator)
    assert (free, locked) == (CEILING - settlement.cost(case.terms, RIGHT.instruction_count), 0)


def test_late_challenge_then_timeout__is_no_free_compute(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.challenge(*case.disputable, ANY_PRICE, sender=creator)


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
    false = replace(fake, terms=replace(fake.terms, collateral=2 * COLLATERAL))
    with holds(fake, fake.digest_agreed, not_=false.digest_agreed):
        controller.decline(false.terms.words(), sender=provider)
    controller.decline(fake.terms.words(), sender=provider)
    assert books.of(provider).locked == honest.terms.collateral


def test_judge_picked_by_waiting__whoever_challenges_whenever__has_the_one_that_both_signed(
    controller: Any, desk: Any, compiled: Any, at: Any, roles: Any
) -> None:
    mine = Verification(roles.holder.deploy(compiled.MockMediation, roles.creator).address)
    for wait in (1, 2, 3, WINDOWS.judge):
        case = desk.submitted()
        picked = replace(case, agreement=replace(case.agreement, verification=mine))
        with reverts_with("Controller_WrongAgreement", id=case.id):
            controller.challenge(*picked.disputable, ANY_PRICE, sender=roles.creator)
        at(case.since + wait)
        receipt = controller.challenge(*case.disputable, ANY_PRICE, sender=roles.creator)
        (event,) = controller.DealChallenged.from_receipt(receipt)
        assert event.mediation == desk.mediation


def test_squatted_deal_id__opened_in_storage_by_an_attacker__changes_nothing(
    storage: Any, desk: Any, stranger: Any
) -> None:
    case = desk.on_paper()
    storage.open(case.lane, case.digest_agreed, sender=stranger)
    assert desk.agree(case.job, case.resource).id == case.id
    assert storage.dealOf(stranger, case.terms.creator, case.terms.lane)[0] == DealStatus.AGREED  # a space of its own


def test_any_instruction_count__creator_pays_no_more_than_it_signed(
    controller: Any, desk: Any, books: Any, roles: Any, at: Any
) -> None:
    case = desk.submit(desk.agree(), replace(RIGHT, instruction_count=2**64 - 1))
    free = books.of(roles.creator).free
    at(case.since + case.terms.windows.judge + 1)
    controller.finalize(*case.submitted, sender=roles.provider)
    assert books.of(roles.creator) == Change(free=free)


def test_collateral_of_nothing__is_below_the_floor_whatever_both_sign(
    controller: Any, maker: Any, stranger: Any, roles: Any
) -> None:
    """And governance cannot take the floor away."""
    pair = maker.pair(maker.job(collateral=0), maker.resource(collateral=0))
    with reverts_with("Controller_CollateralTooLow", collateral=0, needed=CEILING // 10):
        controller.agree(*pair, sender=stranger)
    with reverts_with("Controller_ParameterOutOfBounds", value=0, low=1_000, high=50_000):
        controller.setParameters(0, 0, sender=roles.governor)


def test_slashed_collateral__goes_to_no_owner_and_the_victim_does_not_pay(desk: Any, books: Any, roles: Any) -> None:
    before = books.of(roles.creator).free
    case = desk.challenged(roles.creator)
    desk.decide(case, Verdict.WRONG)

    assert books.of(roles.governor) == books.of(roles.treasury) == books.of(roles.holder) == Change()
    assert books.of(roles.creator).free > before
    rest = COLLATERAL - MEDIATION_FEE
    assert books.of(BURNED).free == rest // 2


def test_anyone_s_allowance__approval_of_the_vault__is_nobody_else_s_to_spend(
    controller: Any, token: Any, payments: Any, desk: Any, maker: Any, roles: Any
) -> None:
    """Tokens enter by their owner's own call; a job in its name, signed or not, moves none."""
    token.transfer(roles.judge, 2 * CEILING, sender=roles.holder)
    token.approve(payments, 2**256 - 1, sender=roles.judge)
    job = maker.job(creator=roles.judge.address)
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=roles.judge, digest=digest):
        desk.agree(job)
    with reverts_with("ERC20InsufficientAllowance", spender=payments, allowance=0, needed=CEILING):
        payments.deposit(controller, roles.judge, CEILING, sender=roles.stranger)
    wrong = {"controller": controller, "account": roles.judge, "free": 0, "needed": CEILING}
    with reverts_with("Payments_InsufficientFree", **wrong):
        desk.agree(job, sender=roles.judge, job_signature=b"")
    assert token.balanceOf(roles.judge) == 2 * CEILING


def test_forged_result__brought_by_anyone__is_not_the_provider_s(controller: Any, desk: Any, roles: Any) -> None:
    """A client contract that asks the record, as MockClient does, believes what the provider committed to alone."""
    case = desk.agree()
    for forger in (roles.stranger, roles.creator, roles.solver):
        with reverts_with("Controller_NotParty", id=case.id, caller=forger, expected=roles.provider):
            controller.submitResult(*case.submitted, sender=forger)
    assert desk.record(case).digest == case.digest_agreed


def test_result_set_twice__second_payment__reverts(controller: Any, desk: Any, books: Any, creator: Any) -> None:
    case = desk.submitted()
    controller.accept(*case.submitted, sender=creator)
    with books.unchanged(), stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.SUBMITTED):
        controller.accept(*case.submitted, sender=creator)


@pytest.mark.parametrize("status", OPEN, ids=lambda status: status.name)
def test_live_deal_overwritten__by_another_in_its_place__reverts(
    desk: Any, maker: Any, books: Any, at: Any, status: DealStatus
) -> None:
    case = desk.reach(status, at)
    before = desk.record(case)
    with books.unchanged(), reverts_with("Storage_LaneBusy", lane=case.lane, status=status):
        desk.agree(maker.job(lane=case.terms.lane))
    assert desk.record(case) == before


def test_fees_never_collected__mediators_are_paid_from_what_the_challenger_locked(
    controller: Any, desk: Any, books: Any, stranger: Any
) -> None:
    case = desk.submitted()
    needed = MEDIATION_FEE + BOND
    wrong = {"controller": controller, "account": stranger, "free": 0, "needed": needed}
    with reverts_with("Payments_InsufficientFree", **wrong):
        controller.challenge(*case.disputable, ANY_PRICE, sender=stranger)
    case = desk.challenge(case)
    assert books.of(case.dispute.challenger).locked == needed
    before = books.total(books.all())
    desk.decide(case, Verdict.RIGHT)
    assert books.of(desk.mediation) == Change(free=MEDIATION_FEE)
    assert books.total(books.all()) == before


def test_overflowing_price__largest_of_everything__costs_the_ceiling(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    most = 2**96 - 1
    job = maker.job(price_per_instruction=most)
    deal = desk.agree(job, maker.resource(price_per_instruction=most))
    case = desk.submit(deal, replace(RIGHT, instruction_count=2**64 - 1))
    with books.changed_by(settlement.paid(case.terms, CEILING, roles.treasury.address)):
        controller.accept(*case.submitted, sender=roles.creator)


def test_payee_that_refuses_everything__settlement_goes_on(
    controller: Any, protocol: Any, desk: Any, maker: Any, creator: Any
) -> None:
    deaf = protocol.users.address  # a contract that takes no calls
    case = desk.submit(desk.agree(maker.job(solver=deaf)))
    controller.accept(*case.submitted, sender=creator)
    assert protocol.payments.balanceOf(controller, deaf)[0] > 0


@pytest.mark.parametrize(
    ("verdict", "lost"), [(Verdict.WRONG, COLLATERAL // 2), (Verdict.RIGHT, MEDIATION_FEE + BOND // 2)]
)
def test_recycled_bonds__provider_and_challenger_together__lose_a_part_for_ever(
    desk: Any, books: Any, roles: Any, verdict: Verdict, lost: int
) -> None:
    """Whatever the verdict, an accomplice as challenger leaves the pair with less than no dispute would."""

    def both() -> int:
        pair = (books.of(roles.provider), books.of(roles.challenger))
        return sum(balance.free for balance in pair)

    before = both()
    case = desk.challenged(roles.challenger)
    desk.decide(case, verdict)
    earned = settlement.cost(case.terms, RIGHT.instruction_count) if verdict is Verdict.RIGHT else 0
    assert both() <= before + earned - lost
    assert books.of(BURNED).free > 0


def test_collateral_lost_to_a_fault__late_provider__pays_what_it_signed_and_keeps_the_rest(
    controller: Any, desk: Any, books: Any, stranger: Any, at: Any
) -> None:
    before = books.of(desk.roles.provider).free
    case = desk.agree()
    at(case.since + case.terms.windows.submit + 1)
    controller.late(case.terms.words(), sender=stranger)
    assert books.of(desk.roles.provider) == Change(free=before - case.terms.late_penalty)
    assert books.of(BURNED) == Change()


def test_stalled_draw__mediation_that_never_answers__anyone_sends_everybody_home(
    controller: Any, desk: Any, books: Any, stranger: Any, at: Any
) -> None:
    case = desk.submitted()
    before = books.all()
    case = desk.challenge(case)
    at(case.since + case.terms.windows.mediate + 1)
    controller.expire(*case.disputed, sender=stranger)
    assert all(balance.locked == 0 for balance in books.all().values())
    assert books.of(case.dispute.challenger) == before[case.dispute.challenger]
