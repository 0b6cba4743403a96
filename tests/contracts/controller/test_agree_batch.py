"""agreeBatch: a bad pair is skipped and takes no other down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, COLLATERAL

BLOCK_GAS = 30_000_000
NEEDED_GAS = 531_250
GAS_FOR_TWO = 700_000
AGREE, REFUSE, BURN, BOMB, REVERT_BOMB, CALL_BACK = range(6)


@pytest.fixture
def pairs(maker: Any) -> Callable[[int], list[Any]]:
    return lambda count: [maker.pair(maker.job(), maker.resource()) for _ in range(count)]


def locked(case: Any) -> Any:
    return settlement.locked(case.terms)


# ------------------------------------------------------------ what it does


def test_agree_batch__of_none__does_nothing(controller: Any, desk: Any, books: Any, stranger: Any) -> None:
    with books.unchanged():
        receipt = controller.agreeBatch([], sender=stranger)
    assert (desk.agreed(receipt), desk.skipped(receipt)) == ([], {})


def test_agree_batch__of_one__is_as_agree(controller: Any, desk: Any, maker: Any, books: Any, stranger: Any) -> None:
    case = desk.on_paper()
    with books.changed_by(locked(case)):
        receipt = controller.agreeBatch([maker.pair(case.job, case.resource)], sender=stranger)
    assert desk.case_of(receipt, case.job, case.resource).terms == case.terms


def test_agree_batch__of_32__fits_into_a_sixth_of_a_block(
    controller: Any, desk: Any, books: Any, roles: Any, pairs: Any
) -> None:
    receipt = controller.agreeBatch(pairs(32), sender=roles.stranger)
    assert len(set(desk.agreed(receipt))) == 32
    assert receipt.gas_used < BLOCK_GAS // 6
    assert (books.of(roles.creator).locked, books.of(roles.provider).locked) == (32 * CEILING, 32 * COLLATERAL)


def test_agree_batch__bad_pairs__are_skipped_for_their_reasons(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    first, last = desk.on_paper(), desk.on_paper()
    used = desk.agree().job
    free = books.of(roles.creator).free
    bad = {
        "Controller_BadSignature": maker.pair(maker.job(), maker.resource(), job_signature=bytes(64)),
        "Payments_NonceUsed": maker.pair(maker.job(nonce=used.nonce), maker.resource()),
        "Payments_InsufficientFree": maker.pair(
            maker.job(payment_ceiling=free + 1), maker.resource(collateral=free + 1)
        ),
        "Storage_LaneBusy": maker.pair(maker.job(lane=used.lane), maker.resource()),
        "Controller_OfferExpired": maker.pair(maker.job(expiry=1), maker.resource()),
        "Controller_ModuleNotCurated": maker.pair(maker.job(module=bytes(32)), maker.resource()),
    }
    batch = [maker.pair(first.job, first.resource), *bad.values(), maker.pair(last.job, last.resource)]
    with books.changed_by({a: c + c for a, c in locked(first).items()}):
        receipt = controller.agreeBatch(batch, sender=roles.stranger)

    assert desk.agreed(receipt) == [first.id, last.id]
    assert desk.skipped(receipt) == dict(enumerate(bad, start=1))
    for case in (first, last):
        assert desk.record(case).status == DealStatus.AGREED


def test_agree_batch__same_pair_twice__is_agreed_once(
    controller: Any, desk: Any, maker: Any, books: Any, stranger: Any
) -> None:
    case = desk.on_paper()
    pair = maker.pair(case.job, case.resource)
    elsewhere = maker.pair(replace(case.job, lane=10**9), case.resource)
    with books.changed_by(locked(case)):
        receipt = controller.agreeBatch([pair, pair, elsewhere], sender=stranger)
    assert desk.skipped(receipt) == {1: "Storage_LaneBusy", 2: "Payments_NonceUsed"}


def test_agree_batch__skipped_for_want_of_funds__offers_are_not_used_up(
    controller: Any, payments: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    payments.withdraw(controller, books.of(roles.provider).free - COLLATERAL, sender=roles.provider)
    cases = [desk.on_paper(), desk.on_paper()]
    receipt = controller.agreeBatch([maker.pair(c.job, c.resource) for c in cases], sender=roles.stranger)
    assert desk.skipped(receipt) == {1: "Payments_InsufficientFree"}
    assert not payments.isNonceUsed(controller, roles.creator, cases[1].job.nonce)
    assert books.of(roles.provider) == Change(locked=COLLATERAL)
    payments.deposit(controller, roles.provider, COLLATERAL, sender=roles.holder)
    assert desk.agree(cases[1].job, cases[1].resource).id == cases[1].id


# ------------------------------------------------------------ signers that harm


@pytest.mark.parametrize("trick", [REFUSE, BURN, REVERT_BOMB], ids=["refuse", "burn", "bomb"])
def test_agree_batch__signer_that_harms__harms_its_own_entry_only(
    controller: Any, desk: Any, maker: Any, signer: Any, stranger: Any, trick: int
) -> None:
    signer.play(trick, b"", sender=stranger)
    honest = [desk.on_paper(), desk.on_paper()]
    before, after = (maker.pair(case.job, case.resource) for case in honest)
    bad = maker.pair(maker.job(creator=signer.address), maker.resource())
    receipt = controller.agreeBatch([before, bad, bad, after], sender=stranger)
    assert desk.agreed(receipt) == [case.id for case in honest]
    assert desk.skipped(receipt) == dict.fromkeys((1, 2), "Controller_BadSignature")


def test_agree_batch__of_32_that_burn_all_gas__still_fits_into_a_block(
    controller: Any, desk: Any, maker: Any, signer: Any, stranger: Any
) -> None:
    signer.play(BURN, b"", sender=stranger)
    batch = [maker.pair(maker.job(creator=signer.address), maker.resource()) for _ in range(32)]
    receipt = controller.agreeBatch(batch, sender=stranger, gas_limit=BLOCK_GAS)
    assert len(desk.skipped(receipt)) == 32
    assert receipt.gas_used < 18_000_000


def test_agree_batch__signer_answers_with_too_much__is_heard_all_the_same(
    controller: Any, desk: Any, maker: Any, signer: Any, stranger: Any
) -> None:
    """What stands behind the answer is not copied, and its gas is that entry's."""
    signer.play(BOMB, b"", sender=stranger)
    job = maker.job(creator=signer.address)
    receipt = controller.agreeBatch([maker.pair(job, maker.resource())], sender=stranger)
    assert len(desk.agreed(receipt)) == 1


# ------------------------------------------------------------ gas of the one who sends


@pytest.mark.parametrize(("gas", "index"), [(550_000, 0), (GAS_FOR_TWO, 2)])
def test_agree_batch__too_little_gas_for_an_entry__fails_as_a_whole(
    controller: Any, books: Any, stranger: Any, pairs: Any, gas: int, index: int
) -> None:
    """Nobody is skipped for the sender's thrift, least of all in silence."""
    with books.unchanged(), reverts_with("Controller_TooLittleGas", index=index, needed=NEEDED_GAS):
        controller.agreeBatch(pairs(4), sender=stranger, gas_limit=gas)


def test_agree_batch__gas_as_estimated__skips_nobody(controller: Any, desk: Any, stranger: Any, pairs: Any) -> None:
    batch = pairs(4)
    gas = controller.agreeBatch.estimate_gas_cost(batch, sender=stranger)
    receipt = controller.agreeBatch(batch, sender=stranger, gas_limit=gas)
    assert len(desk.agreed(receipt)) == 4
