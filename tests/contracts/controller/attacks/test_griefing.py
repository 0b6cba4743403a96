"""Harm for its own sake: with dust, with gas, with full batches, with too much in an answer."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from tests.contracts.errors import reverts_with
from tests.contracts.makers import BOND, CEILING, COLLATERAL, MEDIATION_FEE, ROYALTY_BPS

BLOCK_GAS = 30_000_000
REFUSE, BURN, BOMB, REVERT_BOMB = range(1, 5)


# ------------------------------------------------------------ dust


def test_dust__deposited_and_moved_to_somebody__stops_none_of_its_calls(
    controller: Any, payments: Any, token: Any, desk: Any, books: Any, roles: Any
) -> None:
    """One wei more than its owner reckoned with, right before it withdraws, agrees or is paid."""
    free = books.of(roles.creator).free
    payments.deposit(controller, roles.creator, 1, sender=roles.holder)
    payments.withdraw(controller, free - CEILING, sender=roles.creator)
    payments.move(controller, roles.creator, 1, sender=roles.challenger)
    case = desk.submitted()
    controller.accept(*case.submitted, sender=roles.creator)
    payments.withdraw(controller, books.of(roles.creator).free, sender=roles.creator)
    assert books.of(roles.creator).free == books.of(roles.creator).locked == 0


def test_dust__tokens_thrown_at_the_vault__belong_to_nobody_and_break_no_deposit(
    controller: Any, payments: Any, token: Any, books: Any, roles: Any
) -> None:
    token.transfer(payments, 1, sender=roles.holder)
    before = books.of(roles.creator)
    payments.deposit(controller, roles.creator, 5, sender=roles.holder)
    assert books.of(roles.creator).free == before.free + 5
    assert token.balanceOf(payments) == books.total(books.all()) + 1


@pytest.mark.parametrize("ceiling", [0, 1, 9])
def test_dust__deal_for_next_to_nothing__goes_its_way_with_every_share_rounded_away(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any, ceiling: int
) -> None:
    """Both signed it; it takes a slot of the creator's own, and divides nothing by nothing."""
    resource = maker.resource(minimum_payment=0, collateral=0)
    case = desk.submit(desk.agree(maker.job(payment_ceiling=ceiling, collateral=0), resource))
    before = books.of(roles.provider).free
    controller.accept(*case.submitted, sender=roles.creator)
    assert books.of(roles.provider).free == before + ceiling
    assert books.of(roles.solver).free == books.of(roles.treasury).free == 0


def test_dust__disputes_without_collateral__mediators_have_their_whole_fee(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    """From the challenger, where the provider risked nothing: who challenges dust pays for it."""
    case = desk.submit(
        desk.agree(maker.job(payment_ceiling=9, collateral=0), maker.resource(minimum_payment=0, collateral=0))
    )
    before = books.of(roles.challenger).free
    desk.decide(desk.challenge(case), Verdict.WRONG)
    assert books.of(desk.mediation).free == MEDIATION_FEE
    assert books.of(roles.challenger).free == before - MEDIATION_FEE


def test_challenges_without_end__each_costs_its_challenger_and_pays_the_provider_for_the_delay(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    for times in (1, 2):
        case = desk.challenged(roles.challenger)
        free = books.of(roles.challenger).free
        desk.decide(case, Verdict.RIGHT)
        assert books.of(roles.challenger).free == free
        assert books.of(desk.mediation).free == times * MEDIATION_FEE
    assert books.of("0x000000000000000000000000000000000000dEaD").free == BOND


# ------------------------------------------------------------ gas


@pytest.mark.parametrize("trick", [REFUSE, BURN, REVERT_BOMB], ids=["refuse", "burn", "bomb"])
def test_signer__that_harms__harms_only_whoever_brings_its_own_offer(
    controller: Any, payments: Any, desk: Any, maker: Any, signer: Any, stranger: Any, not_signed: Any, trick: int
) -> None:
    signer.play(trick, b"", sender=stranger)
    job, resource = maker.job(creator=signer.address), maker.resource()
    with not_signed(signer, job):
        controller.agree(*maker.pair(job, resource), sender=stranger, gas_limit=2_000_000)
    desk.agree(resource=resource)


def test_signer__answers_with_too_much__is_heard_and_nothing_of_it_is_copied(
    controller: Any, desk: Any, maker: Any, signer: Any, stranger: Any
) -> None:
    signer.play(BOMB, b"", sender=stranger)
    job, resource = maker.job(creator=signer.address), maker.resource()
    receipt = controller.agree(*maker.pair(job, resource), sender=stranger)
    assert desk.case_of(receipt, job, resource).terms.creator == signer
    assert receipt.gas_used < 350_000


def test_signer__that_stops_answering_after_the_deal__its_provider_is_paid_by_silence(
    controller: Any, desk: Any, maker: Any, signer: Any, books: Any, roles: Any, at: Any
) -> None:
    """Nothing that ends a deal needs the creator's contract to run."""
    case = desk.submit(desk.agree(maker.job(creator=signer.address), job_signature=b"any"))
    signer.play(BURN, b"", sender=roles.stranger)
    before = books.of(roles.provider).free
    at(case.since + case.terms.windows.judge + 1)
    controller.finalize(*case.submitted, sender=roles.stranger)
    assert books.of(roles.provider).free > before + COLLATERAL


def test_settle_batch__full_of_false_entries__still_fits_into_a_block_with_the_one_good_one(
    controller: Any, desk: Any, books: Any, roles: Any
) -> None:
    good, other = desk.agree(), desk.agree()
    false = desk.settling(other, accepted=desk.acceptance(good))
    entries = [false] * 255 + [desk.settling(good)]
    receipt = controller.settleBatch(entries, sender=roles.provider, gas_limit=BLOCK_GAS)
    assert desk.settled(receipt) == [good.id]
    assert len(desk.skipped(receipt)) == 255
    assert receipt.gas_used < BLOCK_GAS // 3
    assert desk.record(other).status == DealStatus.AGREED


@pytest.mark.parametrize("gas", [120_000, 170_000, 220_000])
def test_settle_batch__sent_with_too_little_gas__fails_as_a_whole(
    controller: Any, desk: Any, books: Any, provider: Any, gas: int
) -> None:
    """Nobody is skipped for the sender's thrift: there is no gas limit of an entry that it could starve."""
    cases = [desk.agree() for _ in range(8)]
    entries = [desk.settling(case) for case in cases]
    with books.unchanged(), reverts_with(""):
        controller.settleBatch(entries, sender=provider, gas_limit=gas)
    assert {desk.record(case).status for case in cases} == {DealStatus.AGREED}


def test_module__with_the_highest_royalty__is_bounded_by_what_the_provider_signed(
    controller: Any, protocol: Any, desk: Any, maker: Any, roles: Any
) -> None:
    """An author cannot publish the same module dearer under the id that people use."""
    manifest = bytes([7] * 32)
    protocol.modules.publish(manifest, "dear", "1.0.0", 2_000, sender=roles.author)
    module = bytes(protocol.modules.moduleId(roles.author, 2_000, manifest))
    protocol.modules.curate(module, 2, sender=roles.curator)
    assert module != bytes(protocol.modules.moduleId(roles.author, ROYALTY_BPS, manifest))
    total = 2_000 + 211 + 127
    with reverts_with("Controller_SharesTooHigh", totalBps=total, limitBps=1_000):
        desk.agree(maker.job(module=module))
