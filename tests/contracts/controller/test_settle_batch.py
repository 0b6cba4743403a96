"""settleBatch: a provider settles many deals at once; a bad entry is skipped and takes no other down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.settlement import Change
from tests.contracts.conftest import key_of
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, COLLATERAL, OTHER, RIGHT

BLOCK_GAS = 30_000_000
BURN = 2


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


# ------------------------------------------------------------ what it does


def test_settle_batch__of_none__does_nothing(controller: Any, desk: Any, books: Any, stranger: Any) -> None:
    with books.unchanged():
        receipt = controller.settleBatch([], sender=stranger)
    assert (desk.settled(receipt), desk.skipped(receipt)) == ([], {})


def test_settle_batch__of_several__is_as_settle_for_each(
    controller: Any, desk: Any, books: Any, paid: Any, roles: Any
) -> None:
    cases = [desk.agree() for _ in range(3)]
    with books.changed_by(paid(*cases)):
        receipt = controller.settleBatch([desk.settling(case) for case in cases], sender=roles.provider)
    assert desk.skipped(receipt) == {}
    events = controller.DealSettled.from_receipt(receipt)
    assert [bytes(event.id) for event in events] == [case.id for case in cases]
    assert {(bytes(event.commitment), event.instructionCount) for event in events} == {
        (RIGHT.commitment, RIGHT.instruction_count)
    }
    for case in cases:
        assert desk.record(case) == (DealStatus.ACCEPTED, receipt.timestamp, case.digest_submitted)


@pytest.mark.parametrize("role", ["creator", "provider", "author", "treasury"])
def test_settle_batch__solver_has_another_role_too__is_paid_in_both(
    controller: Any, desk: Any, maker: Any, books: Any, paid: Any, roles: Any, role: str
) -> None:
    cases = [desk.agree(maker.job(solver=getattr(roles, role).address)) for _ in range(2)]
    with books.changed_by(paid(*cases)):
        controller.settleBatch([desk.settling(case) for case in cases], sender=roles.provider)


@pytest.mark.parametrize("count", [0, 2**64 - 1])
def test_settle_batch__count_at_its_ends__costs_what_the_model_says(
    controller: Any, desk: Any, books: Any, paid: Any, roles: Any, count: int
) -> None:
    claim = replace(RIGHT, instruction_count=count)
    case = replace(desk.agree(), claim=claim)
    with books.changed_by(paid(case)):
        controller.settleBatch([desk.settling(case, claim)], sender=roles.provider)


def test_settle_batch__of_32__fits_into_a_tenth_of_a_block(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any
) -> None:
    cases = [desk.on_paper() for _ in range(32)]
    controller.agreeBatch([maker.pair(case.job, case.resource) for case in cases], sender=roles.stranger)
    receipt = controller.settleBatch([desk.settling(case) for case in cases], sender=roles.provider)
    assert desk.settled(receipt) == [case.id for case in cases]
    assert receipt.gas_used < BLOCK_GAS // 10
    assert books.of(roles.creator).locked == books.of(roles.provider).locked == 0


def test_settle_batch__without_shares__provider_has_everything(
    controller: Any, protocol: Any, desk: Any, maker: Any, books: Any, paid: Any, roles: Any
) -> None:
    controller.setParameters(0, controller.collateralFloorBps(), sender=roles.governor)
    module = bytes(protocol.modules.moduleId(roles.author, 0, bytes([1] * 32)))
    protocol.modules.publish(bytes([1] * 32), "gratis", "1.0.0", 0, sender=roles.author)
    protocol.modules.curate(module, 2, sender=roles.curator)
    cases = [desk.agree(maker.job(module=module, solver_bps=0)) for _ in range(2)]
    assert [case.terms.shares.total_bps for case in cases] == [0, 0]
    with books.changed_by(paid(*cases)):
        controller.settleBatch([desk.settling(case) for case in cases], sender=roles.provider)


# ------------------------------------------------------------ entries that are skipped


def test_settle_batch__bad_entries__are_skipped_for_their_reasons(
    controller: Any, desk: Any, books: Any, paid: Any, roles: Any
) -> None:
    first, last = desk.agree(), desk.agree()
    open_, submitted, over = desk.agree(), desk.submitted(), desk.agree()
    controller.decline(over.terms.words(), sender=roles.provider)
    never = desk.on_paper()
    bad = [
        ("Controller_BadSignature", desk.settling(open_, accepted=bytes(64))),
        ("Controller_BadSignature", desk.settling(open_, accepted=desk.submission(open_))),
        ("Controller_BadSignature", desk.settling(open_, accepted=desk.acceptance(first))),
        ("Controller_BadSignature", desk.settling(open_, OTHER, accepted=desk.acceptance(open_))),
        ("Storage_WrongDigest", desk.settling(submitted)),
        ("Storage_WrongDigest", desk.settling(over)),
        ("Storage_WrongDigest", desk.settling(never)),
        ("Storage_WrongDigest", desk.settling(first)),
    ]
    entries = [desk.settling(first), *(entry for _, entry in bad), desk.settling(last)]
    with books.changed_by(paid(first, last)):
        receipt = controller.settleBatch(entries, sender=roles.provider)
    assert desk.settled(receipt) == [first.id, last.id]
    assert desk.skipped(receipt) == {index: name for index, (name, _) in enumerate(bad, start=1)}
    assert desk.record(open_).status == DealStatus.AGREED


@pytest.mark.parametrize("who", ["creator", "stranger", "solver"])
def test_settle_batch__sent_by_anyone_but_the_provider__is_skipped(
    controller: Any, desk: Any, books: Any, roles: Any, who: str
) -> None:
    """The provider has signed nothing here: sending is its consent."""
    case = desk.agree()
    with books.unchanged():
        receipt = controller.settleBatch([desk.settling(case)], sender=getattr(roles, who))
    assert desk.skipped(receipt) == {0: "Controller_NotParty"}
    assert desk.record(case).status == DealStatus.AGREED


def test_settle_batch__deal_of_another_provider_between_own_ones__is_skipped(
    controller: Any, desk: Any, maker: Any, books: Any, paid: Any, roles: Any
) -> None:
    key = key_of(roles.challenger)
    offer = maker.resource(provider=key.address)
    own, foreign = desk.agree(), desk.agree(resource=offer, resource_signature=maker.sign(key, offer))
    with books.changed_by(paid(own)):
        receipt = controller.settleBatch([desk.settling(foreign), desk.settling(own)], sender=roles.provider)
    assert desk.skipped(receipt) == {0: "Controller_NotParty"}


def test_settle_batch__same_deal_twice__is_paid_once(
    controller: Any, desk: Any, books: Any, paid: Any, provider: Any
) -> None:
    case, other = desk.agree(), desk.agree()
    entries = [desk.settling(case), desk.settling(case), desk.settling(other), desk.settling(case)]
    with books.changed_by(paid(case, other)):
        receipt = controller.settleBatch(entries, sender=provider)
    assert desk.settled(receipt) == [case.id, other.id]
    assert desk.skipped(receipt) == dict.fromkeys((1, 3), "Storage_WrongDigest")


def test_settle_batch__two_results_for_one_deal__the_first_is_paid(
    controller: Any, desk: Any, books: Any, paid: Any, provider: Any
) -> None:
    case = desk.agree()
    dearer = replace(RIGHT, instruction_count=2**64 - 1)
    with books.changed_by(paid(case)):
        receipt = controller.settleBatch([desk.settling(case), desk.settling(case, dearer)], sender=provider)
    assert desk.skipped(receipt) == {1: "Storage_WrongDigest"}


def test_settle_batch__again__pays_nothing(controller: Any, desk: Any, books: Any, provider: Any) -> None:
    entries = [desk.settling(desk.agree()), desk.settling(desk.agree())]
    controller.settleBatch(entries, sender=provider)
    with books.unchanged():
        receipt = controller.settleBatch(entries, sender=provider)
    assert desk.skipped(receipt) == dict.fromkeys((0, 1), "Storage_WrongDigest")


def test_settle_batch__terms_of_another_deal__find_nothing(
    controller: Any, desk: Any, books: Any, provider: Any
) -> None:
    """More collateral in the terms would be somebody else's."""
    case = desk.agree()
    false = replace(case, terms=replace(case.terms, collateral=2 * COLLATERAL))
    desk.agree()
    with books.unchanged():
        receipt = controller.settleBatch([desk.settling(false)], sender=provider)
    assert desk.skipped(receipt) == {0: "Storage_WrongDigest"}


def test_settle_batch__beyond_256_entries__is_refused_as_a_whole_and_not_half_settled(
    controller: Any, desk: Any, books: Any, paid: Any, roles: Any
) -> None:
    """A deal that is recorded as accepted is paid, wherever in the batch it stands."""
    last_heard, too_late = desk.agree(), desk.agree()
    idle = desk.settling(desk.on_paper(), accepted=bytes(64))
    entries = [idle] * 255 + [desk.settling(last_heard), desk.settling(too_late)]
    with books.unchanged(), reverts_with("Storage_BatchTooLong", count=257, most=256):
        controller.settleBatch(entries, sender=roles.provider, gas_limit=BLOCK_GAS)
    with books.changed_by(paid(last_heard)):
        receipt = controller.settleBatch(entries[:256], sender=roles.provider, gas_limit=BLOCK_GAS)
    assert desk.settled(receipt) == [last_heard.id]
    assert desk.record(too_late).status == DealStatus.AGREED


# ------------------------------------------------------------ contracts as creators


def test_settle_batch__contract_as_creator__is_skipped_unasked(
    controller: Any, desk: Any, maker: Any, signer: Any, roles: Any
) -> None:
    """Keys only: no signer's code runs in a batch, so none can burn the gas of the others."""
    theirs = desk.agree(maker.job(creator=signer.address), job_signature=b"any")
    signer.play(BURN, b"", sender=roles.stranger)
    honest = [desk.agree(), desk.agree()]
    before, after = map(desk.settling, honest)
    receipt = controller.settleBatch([before, desk.settling(theirs), after], sender=roles.provider)
    assert desk.settled(receipt) == [case.id for case in honest]
    assert desk.skipped(receipt) == {1: "Controller_BadSignature"}
    assert receipt.gas_used < 300_000
    assert desk.record(theirs).status == DealStatus.AGREED


def test_settle_batch__in_the_name_of_nobody__is_skipped(
    controller: Any, desk: Any, maker: Any, books: Any, provider: Any
) -> None:
    """A signature that nothing can be recovered from is not that of the zero address."""
    nobody = "0x0000000000000000000000000000000000000000"
    case = desk.on_paper(maker.job(creator=nobody, lane=0))
    with books.unchanged():
        receipt = controller.settleBatch([desk.settling(case, accepted=bytes(64))], sender=provider)
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}


def test_settle_batch__locked_funds_of_a_creator_with_several_deals__each_has_its_own_refund(
    controller: Any, desk: Any, maker: Any, books: Any, paid: Any, roles: Any
) -> None:
    small, large = desk.agree(maker.job(payment_ceiling=CEILING // 2)), desk.agree()
    kept = desk.agree()
    with books.changed_by(paid(small, large)):
        controller.settleBatch([desk.settling(small), desk.settling(large)], sender=roles.provider)
    assert books.of(roles.creator).locked == kept.terms.payment_ceiling
    assert books.of(roles.provider).locked == kept.terms.collateral
