"""settleBatch: a bad entry is skipped and takes no other down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, COLLATERAL, OTHER, RIGHT

BLOCK_GAS = 30_000_000
NEEDED_GAS = 531_250
REFUSE, BURN, BOMB, REVERT_BOMB = range(1, 5)


@pytest.fixture
def paid(roles: Any) -> Any:
    """What the model says of this many deals that were settled for the same result."""

    def changes(*cases: Any) -> Any:
        total: dict[Any, Change] = {}
        for case in cases:
            cost = settlement.cost(case.terms, case.claim.instruction_count)
            for account, change in settlement.paid(case.terms, cost, roles.treasury.address).items():
                total[account] = total.get(account, Change()) + change
        return total

    return changes


def test_settle_batch__of_none__does_nothing(controller: Any, desk: Any, books: Any, stranger: Any) -> None:
    with books.unchanged():
        receipt = controller.settleBatch([], sender=stranger)
    assert (desk.accepted(receipt), desk.skipped(receipt)) == ([], {})


def test_settle_batch__agreed_and_submitted__are_all_paid(
    controller: Any, desk: Any, books: Any, paid: Any, stranger: Any
) -> None:
    agreed, submitted = desk.agree(), desk.submitted()
    entries = [desk.settling(agreed), desk.settling(submitted, submitted=b"")]
    with books.changed_by(paid(agreed, submitted)):
        receipt = controller.settleBatch(entries, sender=stranger)
    assert desk.accepted(receipt) == [agreed.id, submitted.id]
    assert desk.skipped(receipt) == {}


def test_settle_batch__of_32__fits_into_a_tenth_of_a_block(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    cases = [desk.on_paper() for _ in range(32)]
    controller.agreeBatch([maker.pair(case.job, case.resource) for case in cases], sender=roles.stranger)
    receipt = controller.settleBatch([desk.settling(case) for case in cases], sender=roles.stranger)
    assert desk.accepted(receipt) == [case.id for case in cases]
    assert receipt.gas_used < BLOCK_GAS // 10
    assert books.of(roles.creator).locked == books.of(roles.provider).locked == 0


def test_settle_batch__bad_entries__are_skipped_for_their_reasons(
    controller: Any, desk: Any, books: Any, paid: Any, roles: Any
) -> None:
    first, last = desk.agree(), desk.agree()
    open_, submitted, over = desk.agree(), desk.submitted(), desk.agree()
    controller.decline(over.terms.words(), sender=roles.provider)
    never = desk.on_paper()
    bad = [
        ("Controller_BadSignature", desk.settling(open_, accepted=bytes(65))),
        ("Controller_BadSignature", desk.settling(open_, submitted=desk.acceptance(open_))),
        ("Controller_BadSignature", desk.settling(open_, accepted=desk.acceptance(first))),
        ("Controller_WrongResult", desk.settling(submitted, OTHER)),
        ("Storage_WrongStatus", desk.settling(over)),
        ("Storage_WrongStatus", desk.settling(never)),
        ("Storage_WrongStatus", desk.settling(first)),
    ]
    entries = [desk.settling(first), *(entry for _, entry in bad), desk.settling(last)]
    with books.changed_by(paid(first, last)):
        receipt = controller.settleBatch(entries, sender=roles.stranger)
    assert desk.accepted(receipt) == [first.id, last.id]
    assert desk.skipped(receipt) == {index: name for index, (name, _) in enumerate(bad, start=1)}


def test_settle_batch__two_results_for_one_deal__the_first_is_paid(
    controller: Any, desk: Any, books: Any, paid: Any, stranger: Any
) -> None:
    case = desk.agree()
    dearer = replace(RIGHT, instruction_count=2**64 - 1)
    with books.changed_by(paid(case)):
        receipt = controller.settleBatch([desk.settling(case), desk.settling(case, dearer)], sender=stranger)
    assert desk.skipped(receipt) == {1: "Storage_WrongStatus"}


def test_settle_batch__terms_of_another_deal__find_nothing(
    controller: Any, desk: Any, books: Any, maker: Any, stranger: Any
) -> None:
    """More collateral in the terms would be somebody else's."""
    case = desk.agree()
    false = replace(case, terms=replace(case.terms, collateral=2 * COLLATERAL))
    desk.agree()
    with books.unchanged():
        receipt = controller.settleBatch([desk.settling(false)], sender=stranger)
    assert desk.skipped(receipt) == {0: "Storage_WrongStatus"}


@pytest.mark.parametrize("trick", [REFUSE, BURN, REVERT_BOMB], ids=["refuse", "burn", "bomb"])
def test_settle_batch__signer_that_harms__harms_its_own_entry_only(
    controller: Any, compiled: Any, payments: Any, protocol: Any, desk: Any, maker: Any, roles: Any, trick: int
) -> None:
    signer = roles.holder.deploy(compiled.MockSigner)
    payments.deposit(controller, signer, CEILING, sender=roles.holder)
    bad = desk.agree(maker.job(creator=signer.address))
    honest = [desk.agree(), desk.agree()]
    signer.play(trick, b"", sender=roles.stranger)

    before, after = map(desk.settling, honest)
    receipt = controller.settleBatch([before, desk.settling(bad), desk.settling(bad), after], sender=roles.stranger)
    assert desk.accepted(receipt) == [case.id for case in honest]
    assert desk.skipped(receipt) == dict.fromkeys((1, 2), "Controller_BadSignature")
    assert protocol.storage.dealOf(controller, bad.id)[0] == DealStatus.AGREED


def test_settle_batch__too_little_gas_for_an_entry__fails_as_a_whole(
    controller: Any, desk: Any, books: Any, stranger: Any
) -> None:
    case = desk.agree()
    with books.unchanged(), reverts_with("Controller_TooLittleGas", index=0, needed=NEEDED_GAS):
        controller.settleBatch([desk.settling(case)], sender=stranger, gas_limit=550_000)
