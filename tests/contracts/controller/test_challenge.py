"""challenge: anyone disputes a result inside the judge window, for the mediation's fee and a bond."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol import settlement
from lilypad.protocol.commitment import result_digest
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.words import Verification
from tests.contracts.errors import OVERFLOW, reverts_with
from tests.contracts.makers import ANY_PRICE, BOND, COLLATERAL, MEDIATION_FEE, OTHER, RIGHT, words

DISPUTE = ["bytes32", "uint64", "address", "uint128", "uint128"]


@pytest.fixture
def rogue(compiled: Any, roles: Any) -> Any:
    return roles.holder.deploy(compiled.MockRogueMediation)


@pytest.fixture
def before_rogue(desk: Any, maker: Any, rogue: Any) -> Any:
    """A submitted deal whose makers both named the rogue mediation."""
    verification = Verification(rogue.address)
    return desk.submit(desk.agree(maker.job(verification=verification), maker.resource(verification=verification)))


@pytest.mark.parametrize("who", ["creator", "challenger", "provider"])
def test_challenge__by_anyone__locks_fee_and_bond_and_opens_the_case(
    controller: Any, protocol: Any, desk: Any, books: Any, roles: Any, who: str
) -> None:
    case, by = desk.submitted(), getattr(roles, who)
    dispute = settlement.Challenge(by.address, MEDIATION_FEE, BOND)
    with books.changed_by(settlement.locked_by_challenge(dispute)):
        receipt = controller.challenge(*case.submitted, ANY_PRICE, sender=by)

    (event,) = controller.DealChallenged.from_receipt(receipt)
    assert (bytes(event.id), event.challenger) == (case.id, by)
    assert (event.fee, event.bond) == (MEDIATION_FEE, BOND)
    (opened,) = protocol.mediation.CaseOpened.from_receipt(receipt)
    assert (bytes(opened.id), opened.controller) == (case.id, controller)
    status, since, digest = protocol.storage.dealOf(controller, case.id)
    assert (status, since) == (DealStatus.CHALLENGED, receipt.timestamp)
    dispute_words = [*words(RIGHT), by.address, MEDIATION_FEE, BOND]
    assert bytes(digest) == keccak(encode(DISPUTE, dispute_words))[:26]


def test_challenge__last_second_of_the_judge_window__is_challenged(
    controller: Any, desk: Any, challenger: Any, at: Any
) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge)
    controller.challenge(*case.submitted, ANY_PRICE, sender=challenger)


def test_challenge__dearer_than_the_challenger_allowed__reverts(
    controller: Any, desk: Any, challenger: Any, books: Any
) -> None:
    case = desk.submitted()
    asked = MEDIATION_FEE + BOND
    wrong = {"id": case.id, "locked": asked, "maxLocked": asked - 1}
    with books.unchanged(), reverts_with("Controller_MediationTooDear", **wrong):
        controller.challenge(*case.submitted, asked - 1, sender=challenger)


def test_challenge__at_exactly_the_price_allowed__locks_it(
    controller: Any, desk: Any, challenger: Any, books: Any
) -> None:
    case = desk.submitted()
    controller.challenge(*case.submitted, MEDIATION_FEE + BOND, sender=challenger)
    assert books.of(challenger).locked == MEDIATION_FEE + BOND


def test_challenge__second_after_the_judge_window__reverts(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.challenge(*case.submitted, ANY_PRICE, sender=creator)


def test_challenge__another_result__reverts(controller: Any, desk: Any, challenger: Any) -> None:
    case = desk.submitted()
    wrong = {
        "actual": result_digest(RIGHT.commitment, RIGHT.instruction_count),
        "expected": result_digest(OTHER.commitment, OTHER.instruction_count),
    }
    with reverts_with("Controller_WrongResult", id=case.id, **wrong):
        controller.challenge(case.terms.words(), words(OTHER), ANY_PRICE, sender=challenger)


def test_challenge__without_funds__reverts(controller: Any, desk: Any, stranger: Any) -> None:
    case = desk.submitted()
    with reverts_with(
        "Payments_InsufficientFree",
        controller=controller,
        account=stranger,
        free=0,
        needed=MEDIATION_FEE + BOND,
    ):
        controller.challenge(*case.submitted, ANY_PRICE, sender=stranger)


def test_challenge__twice__reverts(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.challenged()
    with reverts_with("Storage_WrongStatus", id=case.id, actual=DealStatus.CHALLENGED, expected=DealStatus.SUBMITTED):
        controller.challenge(*case.submitted, ANY_PRICE, sender=creator)


def test_challenge__mediation_without_code__reverts_and_the_deal_goes_on(
    controller: Any, desk: Any, maker: Any, stranger: Any, creator: Any, at: Any
) -> None:
    nobody = Verification(stranger.address)
    case = desk.submit(desk.agree(maker.job(verification=nobody), maker.resource(verification=nobody)))
    with reverts_with(""):
        controller.challenge(*case.submitted, ANY_PRICE, sender=creator)
    at(case.since + case.terms.windows.judge + 1)
    controller.finalize(*case.submitted, sender=stranger)


def test_challenge__mediation_refuses__reverts_and_the_deal_goes_on(
    controller: Any, before_rogue: Any, rogue: Any, stranger: Any, creator: Any, books: Any, at: Any
) -> None:
    rogue.set(0, 0, [], True, sender=stranger)
    with books.unchanged(), reverts_with("Error", message="refused"):
        controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=creator)
    at(before_rogue.since + before_rogue.terms.windows.judge + 1)
    controller.finalize(*before_rogue.submitted, sender=stranger)


def test_challenge__mediation_asks_more_than_there_is__reverts(
    controller: Any, before_rogue: Any, rogue: Any, stranger: Any, creator: Any
) -> None:
    most = 2**128 - 1
    rogue.set(most, 1, [], False, sender=stranger)
    with reverts_with("Panic", code=OVERFLOW):
        controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=creator)


def test_challenge__mediation_decides_at_once__is_paid_once(
    controller: Any, protocol: Any, before_rogue: Any, rogue: Any, roles: Any, payments: Any
) -> None:
    rogue.set(5, 2, [2], False, sender=roles.stranger)
    receipt = controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=roles.challenger)

    (event,) = controller.DealDecided.from_receipt(receipt)
    assert bytes(event.id) == before_rogue.id
    assert protocol.storage.dealOf(controller, before_rogue.id)[0] == DealStatus.REJECTED
    assert payments.balanceOf(controller, rogue) == (5, 0)


@pytest.mark.parametrize("second", [0, 1, 2, 3])
def test_challenge__mediation_decides_twice__reverts(
    controller: Any, before_rogue: Any, rogue: Any, roles: Any, second: int
) -> None:
    rogue.set(5, 2, [0, second], False, sender=roles.stranger)
    with reverts_with(
        "Storage_WrongStatus",
        id=before_rogue.id,
        actual=DealStatus.ACCEPTED,
        expected=DealStatus.CHALLENGED,
    ):
        controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=roles.challenger)


@pytest.mark.parametrize("verdict", [1, 2])
def test_challenge__fee_above_the_collateral__challenger_pays_what_is_missing(
    controller: Any, payments: Any, before_rogue: Any, rogue: Any, roles: Any, books: Any, verdict: int
) -> None:
    fee = COLLATERAL + 7
    rogue.set(fee, 2, [verdict], False, sender=roles.stranger)
    before = books.all()
    controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=roles.challenger)

    dispute = settlement.Challenge(roles.challenger.address, fee, 2)
    cost = settlement.cost(before_rogue.terms, RIGHT.instruction_count)
    treasury = roles.treasury.address
    changes = (
        settlement.withheld(before_rogue.terms, dispute, cost, treasury)
        if verdict == 1
        else settlement.wrong(before_rogue.terms, dispute)
    )
    locking = settlement.locked_by_challenge(dispute)
    zero = settlement.Change()
    for account, old in before.items():
        assert books.of(account) == old + locking.get(account, zero) + changes.get(account, zero)
    assert payments.balanceOf(controller, rogue) == (fee, 0)
    assert books.of(roles.challenger).free == before[roles.challenger.address].free - 7


def test_challenge__free_of_charge__moves_nothing(
    controller: Any, before_rogue: Any, stranger: Any, books: Any
) -> None:
    with books.unchanged():
        controller.challenge(*before_rogue.submitted, ANY_PRICE, sender=stranger)


def test_challenge__judge_window_of_this_deal__is_what_counts(
    controller: Any, desk: Any, maker: Any, challenger: Any, at: Any
) -> None:
    windows = replace(maker.job().windows, judge=10)
    case = desk.submitted(windows=windows)
    at(case.since + 11)
    with reverts_with("Controller_TooLate", id=case.id, deadline=case.since + 10, nowAt=case.since + 11):
        controller.challenge(*case.submitted, ANY_PRICE, sender=challenger)
