"""Code of others runs in the middle of a call in two places: a signer is asked, a mediation is opened.

The token is called at deposits and withdrawals alone: tests/contracts/payments/test_tokens.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from tests.contracts.errors import decode_revert
from tests.contracts.makers import ANY_PRICE, CEILING

CALL_BACK = 5


# ------------------------------------------------------------ a signer that is asked


@pytest.fixture
def theirs(desk: Any, maker: Any, signer: Any) -> Any:
    """A deal whose creator is the signer; made before it does any harm."""
    return lambda: desk.agree(maker.job(creator=signer.address), job_signature=b"any")


def inner_calls(controller: Any, maker: Any, signer: Any, case: Any) -> dict[str, bytes]:
    """What the signer may do itself at any other time, without a signature."""
    job, owed = maker.job(creator=signer.address), maker.netting(creator=signer.address)
    done = maker.instant(creator=signer.address)
    return {
        "agree": controller.agree.encode_input(*maker.pair(job, maker.resource(), job_signature=b"")),
        "agreeBatch": controller.agreeBatch.encode_input([maker.pair(job, maker.resource(), job_signature=b"")]),
        "settleBatch of none": controller.settleBatch.encode_input([]),
        "accept": controller.accept.encode_input(*case.submitted),
        "challenge": controller.challenge.encode_input(*case.disputable, ANY_PRICE),
        "net": controller.net.encode_input(owed.words(), b""),
        "instant": controller.instant.encode_input(*maker.done(done, creator_signature=b"")),
    }


@pytest.mark.parametrize(
    "inner", ["agree", "agreeBatch", "settleBatch of none", "accept", "challenge", "net", "instant"]
)
@pytest.mark.parametrize("outer", ["agree", "settle", "acceptSigned", "net", "instant"])
def test_signer__calls_back_while_it_is_asked__can_do_nothing(
    controller: Any, desk: Any, maker: Any, roles: Any, signer: Any, theirs: Any, outer: str, inner: str
) -> None:
    """It is asked in a static call, and agrees only if its own call was impossible: so the outer one shows it."""
    submitted, agreed = desk.submit(theirs()), theirs()
    signer.play(CALL_BACK, inner_calls(controller, maker, signer, submitted)[inner], sender=roles.stranger)
    job, owed = maker.job(creator=signer.address), maker.netting(creator=signer.address)
    call = {
        "agree": lambda: maker.pair(job, maker.resource(), job_signature=b"any"),
        "settle": lambda: (*agreed.submitted, b"any", desk.submission(agreed)),
        "acceptSigned": lambda: (*submitted.submitted, b"any"),
        "net": lambda: (owed.words(), b"any"),
        "instant": lambda: maker.done(maker.instant(creator=signer.address), creator_signature=b"any"),
    }[outer]()
    receipt = getattr(controller, outer)(*call, sender=roles.stranger)
    events = [event.event_name for event in receipt.events]
    assert len(events) == 1  # that of the outer call


# ------------------------------------------------------------ a mediation that is opened


@pytest.fixture
def judge(compiled: Any, payments: Any, controller: Any, roles: Any) -> Any:
    """A mediation that calls its caller while a case is being opened; with funds, to challenge as well."""
    contract = roles.holder.deploy(compiled.MockCaller)
    payments.deposit(controller, contract, CEILING, sender=roles.holder)
    return contract


@pytest.fixture
def before(desk: Any, maker: Any, judge: Any) -> Any:
    verification = Verification(judge.address)
    return desk.submit(desk.agree(maker.job(verification=verification), maker.resource(verification=verification)))


def answers(judge: Any, receipt: Any) -> list[str]:
    calls = [event.event_arguments for event in judge.Called.from_receipt(receipt)]
    return ["" if call["ok"] else decode_revert(bytes(call["answer"]))[0] for call in calls]


def test_mediation__calls_back_while_it_is_opened__finds_the_deal_challenged_already(
    controller: Any, desk: Any, books: Any, roles: Any, judge: Any, before: Any
) -> None:
    inner = [
        controller.finalize.encode_input(*before.submitted),
        controller.acceptSigned.encode_input(*before.submitted, desk.acceptance(before)),
        controller.challenge.encode_input(*before.disputable, ANY_PRICE),
        controller.late.encode_input(before.terms.words()),
        controller.settle.encode_input(*before.submitted, desk.acceptance(before), desk.submission(before)),
    ]
    judge.whenOpened(inner, sender=roles.stranger)
    receipt = controller.challenge(*before.disputable, ANY_PRICE, sender=roles.challenger)
    assert answers(judge, receipt) == ["Storage_WrongStatus"] * len(inner)
    assert desk.record(before).status == DealStatus.CHALLENGED
    assert books.of(roles.challenger).locked == 4 * 10**18


@pytest.mark.parametrize("verdict", Verdict)
def test_mediation__decides_and_expires_while_it_is_opened__counts_once(
    controller: Any, payments: Any, desk: Any, books: Any, roles: Any, judge: Any, before: Any, verdict: Verdict
) -> None:
    dispute = Challenge(roles.challenger.address, 10**18, judge.address, 3 * 10**18)
    case = replace(before, dispute=dispute)
    inner = [
        controller.verdict.encode_input(*case.disputed, verdict),
        controller.verdict.encode_input(*case.disputed, verdict),
        controller.expire.encode_input(*case.disputed),
        controller.finalize.encode_input(*case.submitted),
    ]
    judge.whenOpened(inner, sender=roles.stranger)
    receipt = controller.challenge(*before.disputable, ANY_PRICE, sender=roles.challenger)
    assert answers(judge, receipt) == ["", *["Storage_WrongStatus"] * 3]
    assert all(balance.locked == 0 for balance in books.all().values())
    earned = 0 if verdict is Verdict.UNDECIDED else dispute.fee
    assert payments.balanceOf(controller, judge) == (CEILING + earned, 0)


def test_mediation__takes_another_deal_while_it_is_opened__the_two_do_not_mix(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any, judge: Any, before: Any
) -> None:
    other = desk.on_paper()
    inner = [controller.agree.encode_input(*maker.pair(other.job, other.resource))]
    judge.whenOpened(inner, sender=roles.stranger)
    receipt = controller.challenge(*before.disputable, ANY_PRICE, sender=roles.challenger)
    assert answers(judge, receipt) == [""]
    assert desk.record(other).status == DealStatus.AGREED
    assert desk.record(before).status == DealStatus.CHALLENGED
    assert books.of(roles.creator).locked == 2 * CEILING
