"""Who sends a batch consents by sending it: inside that batch, and nowhere else in the same transaction."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.words import Verification
from lilypad.types import Address
from tests.contracts.errors import decode_revert, name_of
from tests.contracts.makers import ANY_PRICE, CEILING

CALL_BACK = 5
NOT_SIGNED: dict[str, bytes] = {"job_signature": b""}


@pytest.fixture
def caller(compiled: Any, payments: Any, controller: Any, roles: Any) -> Any:
    """A contract through which anybody makes several calls in one transaction; it has funds, and may judge."""
    contract = roles.holder.deploy(compiled.MockCaller)
    payments.deposit(controller, contract, 10 * CEILING, sender=roles.holder)
    return contract


@pytest.fixture
def unsigned(maker: Any) -> Any:
    """A pair in the name of this account as creator, which has signed nothing."""
    return lambda account: maker.pair(maker.job(creator=Address(account.address)), maker.resource(), **NOT_SIGNED)


def answers(caller: Any, receipt: Any) -> list[str]:
    """How each call ended: nothing, or the name of its error."""
    calls = [event.event_arguments for event in caller.Called.from_receipt(receipt)]
    return ["" if call["ok"] else decode_revert(bytes(call["answer"]))[0] or "no reason" for call in calls]


def skips(controller: Any, receipt: Any) -> list[tuple[int, str]]:
    """The entries skipped in all batches of a transaction, in order."""
    events = [event.event_arguments for event in controller.EntrySkipped.from_receipt(receipt)]
    return [(event["index"], name_of(bytes(event["reason"]))) for event in events]


def creators(controller: Any, receipt: Any) -> list[str]:
    return [event.creator for event in controller.DealAgreed.from_receipt(receipt)]


# ------------------------------------------------------------ inside


def test_batch__sent_by_the_creator__is_its_consent(
    controller: Any, desk: Any, roles: Any, books: Any, unsigned: Any
) -> None:
    batch = [unsigned(roles.creator), unsigned(roles.creator)]
    receipt = controller.agreeBatch(batch, sender=roles.creator)
    assert len(desk.agreed(receipt)) == 2
    assert books.of(roles.creator).locked == 2 * CEILING


def test_batch__sent_by_the_provider__is_its_consent(controller: Any, desk: Any, maker: Any, roles: Any) -> None:
    pair = maker.pair(maker.job(), maker.resource(), resource_signature=b"")
    receipt = controller.agreeBatch([pair], sender=roles.provider)
    assert len(desk.agreed(receipt)) == 1


@pytest.mark.parametrize("who", ["provider", "stranger"])
def test_batch__sent_by_somebody_else__is_not_the_creator_s_consent(
    controller: Any, desk: Any, roles: Any, unsigned: Any, who: str
) -> None:
    receipt = controller.agreeBatch([unsigned(roles.creator)], sender=getattr(roles, who))
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}


def test_batch__in_the_name_of_the_controller__is_nobody_s_consent(
    controller: Any, desk: Any, roles: Any, unsigned: Any, payments: Any
) -> None:
    """Entries are called by the controller itself: that must not make it a party."""
    payments.deposit(controller, controller, CEILING, sender=roles.holder)
    receipt = controller.agreeBatch([unsigned(controller)], sender=roles.stranger)
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}


# ------------------------------------------------------------ elsewhere in the same transaction


def test_batch__then_direct_calls_of_the_same_contract__name_that_contract(
    controller: Any, desk: Any, caller: Any, roles: Any, unsigned: Any
) -> None:
    """Not whoever sent the transaction, and nobody who sent a batch before."""
    calls = [
        controller.agreeBatch.encode_input([unsigned(caller)]),
        controller.agree.encode_input(*unsigned(roles.creator)),
        controller.agreeBatch.encode_input([unsigned(roles.creator)]),
        controller.agree.encode_input(*unsigned(caller)),
    ]
    receipt = caller.run([controller] * 4, calls, sender=roles.creator)
    assert answers(caller, receipt) == ["", "Controller_BadSignature", "", ""]
    assert len(desk.agreed(receipt)) == 2
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}


def test_batch__of_one_contract_then_calls_of_another__do_not_speak_for_the_first(
    controller: Any, compiled: Any, desk: Any, maker: Any, caller: Any, roles: Any, unsigned: Any
) -> None:
    other = roles.holder.deploy(compiled.MockCaller)
    owed = maker.netting(creator=caller.address, provider=other.address)
    done = maker.instant(creator=caller.address)
    theirs = [
        controller.agree.encode_input(*unsigned(caller)),
        controller.agreeBatch.encode_input([unsigned(caller)]),
        controller.instant.encode_input(*maker.done(done, creator_signature=b"")),
        controller.net.encode_input(owed.words(), b""),
    ]
    batch = caller.run.encode_input([controller], [controller.agreeBatch.encode_input([unsigned(caller)])])
    attack = other.run.encode_input([controller] * 4, theirs)
    both = roles.holder.deploy(compiled.MockCaller)
    receipt = both.run([caller, other, caller], [batch, attack, batch], sender=roles.stranger)

    bad = "Controller_BadSignature"
    assert answers(other, receipt) == [bad, "", bad, bad]
    # The second batch of the first contract repeats an offer; that of the other has nobody's consent.
    assert [name for _, name in skips(controller, receipt)] == [bad, "Storage_LaneBusy"]
    assert len(desk.agreed(receipt)) == 1


def test_batch__then_a_mediation_is_asked__does_not_speak_for_the_challenger(
    controller: Any, compiled: Any, payments: Any, desk: Any, maker: Any, caller: Any, roles: Any, unsigned: Any
) -> None:
    """The mediation runs in the challenger's transaction, after its batch, and may send batches of its own."""
    judge = roles.holder.deploy(compiled.MockCaller)
    payments.deposit(controller, judge, CEILING, sender=roles.holder)
    judged = {"verification": Verification(Address(judge.address))}
    case = desk.submit(desk.agree(maker.job(**judged), maker.resource(**judged)))
    judge.whenOpened(
        [
            controller.agree.encode_input(*unsigned(caller)),
            controller.agreeBatch.encode_input([unsigned(caller), unsigned(judge)]),
            controller.agree.encode_input(*unsigned(caller)),
        ],
        sender=roles.stranger,
    )
    calls = [
        controller.agreeBatch.encode_input([]),
        controller.challenge.encode_input(*case.disputable, ANY_PRICE),
        controller.agreeBatch.encode_input([unsigned(judge), unsigned(caller)]),
    ]
    receipt = caller.run([controller] * 3, calls, sender=roles.stranger)

    bad = "Controller_BadSignature"
    assert answers(judge, receipt) == [bad, "", bad]
    assert answers(caller, receipt) == ["", "", ""]
    assert skips(controller, receipt) == [(0, bad), (0, bad)]
    assert creators(controller, receipt) == [judge.address, caller.address]


@pytest.mark.parametrize("function", ["agree", "agreeBatch", "agreeBatch of none"])
def test_batch__signer_calls_back__can_do_nothing(
    controller: Any, compiled: Any, payments: Any, desk: Any, maker: Any, roles: Any, unsigned: Any, function: str
) -> None:
    """It is asked in a static call: not even a nested batch of no entries, which would end the outer one."""
    signer = roles.holder.deploy(compiled.MockSigner)
    payments.deposit(controller, signer, CEILING, sender=roles.holder)
    pair = unsigned(roles.creator)
    call = {
        "agree": controller.agree.encode_input(*pair),
        "agreeBatch": controller.agreeBatch.encode_input([pair]),
        "agreeBatch of none": controller.agreeBatch.encode_input([]),
    }[function]
    signer.play(CALL_BACK, call, sender=roles.stranger)

    signed_by_it = maker.pair(maker.job(creator=signer.address), maker.resource(), job_signature=b"any")
    receipt = controller.agreeBatch([signed_by_it, unsigned(roles.creator)], sender=roles.creator)
    assert desk.skipped(receipt) == {}
    assert creators(controller, receipt) == [signer.address, roles.creator.address]


def test_batch__that_was_reverted__leaves_no_sender_behind(
    controller: Any, desk: Any, caller: Any, roles: Any, unsigned: Any
) -> None:
    """Calldata that ends too early is noticed when the first entry has been carried out."""
    batch = controller.agreeBatch.encode_input([unsigned(caller), unsigned(caller)])
    calls = [bytes(batch)[:-700], controller.agree.encode_input(*unsigned(roles.creator))]
    receipt = caller.run([controller] * 2, calls, sender=roles.creator)
    assert answers(caller, receipt) == ["no reason", "Controller_BadSignature"]
    assert desk.agreed(receipt) == []
