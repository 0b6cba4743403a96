"""challenge: anyone disputes a result inside the judge window, for the mediation's fee and a bond."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.words import Verification
from tests.contracts.desk import holds, stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE, BOND, COLLATERAL, MEDIATION_FEE, OTHER, RIGHT, words


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
    dispute = desk.dispute(case, by)
    with books.changed_by(settlement.locked_by_challenge(dispute)):
        receipt = controller.challenge(*case.disputable, ANY_PRICE, sender=by)

    (event,) = controller.DealChallenged.from_receipt(receipt)
    assert (bytes(event.id), event.challenger, event.mediation) == (case.id, by, protocol.mediation)
    assert (bytes(event.commitment), event.instructionCount) == words(RIGHT)
    assert (event.fee, event.bond) == (MEDIATION_FEE, BOND)
    (opened,) = protocol.mediation.CaseOpened.from_receipt(receipt)
    assert (bytes(opened.id), opened.controller) == (case.id, controller)
    challenged = replace(case, dispute=dispute)
    assert desk.record(case) == (DealStatus.CHALLENGED, receipt.timestamp, challenged.digest_challenged)


@pytest.mark.parametrize("before", [0, 1])
def test_challenge__last_seconds_of_the_judge_window__is_challenged(
    controller: Any, desk: Any, challenger: Any, at: Any, before: int
) -> None:
    case = desk.submitted()
    at(case.since + case.terms.windows.judge - before)
    controller.challenge(*case.disputable, ANY_PRICE, sender=challenger)


def test_challenge__dearer_than_the_challenger_allowed__reverts(
    controller: Any, desk: Any, challenger: Any, books: Any
) -> None:
    case = desk.submitted()
    asked = MEDIATION_FEE + BOND
    wrong = {"id": case.id, "locked": asked, "maxLocked": asked - 1}
    with books.unchanged(), reverts_with("Controller_MediationTooDear", **wrong):
        controller.challenge(*case.disputable, asked - 1, sender=challenger)


def test_challenge__at_exactly_the_price_allowed__locks_it(
    controller: Any, desk: Any, challenger: Any, books: Any
) -> None:
    case = desk.submitted()
    controller.challenge(*case.disputable, MEDIATION_FEE + BOND, sender=challenger)
    assert books.of(challenger).locked == MEDIATION_FEE + BOND


def test_challenge__second_after_the_judge_window__reverts(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.submitted()
    deadline = case.since + case.terms.windows.judge
    at(deadline + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=deadline, nowAt=deadline + 1):
        controller.challenge(*case.disputable, ANY_PRICE, sender=creator)


def test_challenge__another_result__reverts(controller: Any, desk: Any, challenger: Any) -> None:
    case = desk.submitted()
    wrong = replace(case, claim=OTHER)
    with holds(case, case.digest_submitted, not_=wrong.digest_submitted):
        controller.challenge(*wrong.disputable, ANY_PRICE, sender=challenger)


@pytest.mark.parametrize("word", range(3), ids=["verification", "job", "resource"])
def test_challenge__another_agreement__reverts(
    controller: Any, desk: Any, compiled: Any, books: Any, roles: Any, word: int
) -> None:
    """Nobody brings its own judge, nor other offers than were signed."""
    mine = Verification(roles.holder.deploy(compiled.MockMediation, roles.challenger).address)
    case = desk.submitted()
    agreed = list(case.agreement.words())
    agreed[word] = mine.word() if word == 0 else bytes(32)
    with books.unchanged(), reverts_with("Controller_WrongAgreement", id=case.id):
        controller.challenge(case.terms.words(), agreed, words(RIGHT), ANY_PRICE, sender=roles.challenger)


def test_challenge__agreement_of_another_deal__reverts(controller: Any, desk: Any, challenger: Any) -> None:
    case, another = desk.submitted(), desk.submitted()
    mixed = replace(case, agreement=another.agreement)
    with reverts_with("Controller_WrongAgreement", id=case.id):
        controller.challenge(*mixed.disputable, ANY_PRICE, sender=challenger)


def test_challenge__without_funds__reverts(controller: Any, desk: Any, stranger: Any) -> None:
    case = desk.submitted()
    with reverts_with(
        "Payments_InsufficientFree",
        controller=controller,
        account=stranger,
        free=0,
        needed=MEDIATION_FEE + BOND,
    ):
        controller.challenge(*case.disputable, ANY_PRICE, sender=stranger)


def test_challenge__twice__reverts(controller: Any, desk: Any, creator: Any) -> None:
    case = desk.challenged()
    with stands_at(case, DealStatus.CHALLENGED, not_at=DealStatus.SUBMITTED):
        controller.challenge(*case.disputable, ANY_PRICE, sender=creator)


def test_challenge__mediation_without_code__reverts_and_the_deal_goes_on(
    controller: Any, desk: Any, maker: Any, stranger: Any, creator: Any, at: Any
) -> None:
    nobody = Verification(stranger.address)
    case = desk.submit(desk.agree(maker.job(verification=nobody), maker.resource(verification=nobody)))
    with reverts_with(""):
        controller.challenge(*case.disputable, ANY_PRICE, sender=creator)
    at(case.since + case.terms.windows.judge + 1)
    controller.finalize(*case.submitted, sender=stranger)


def test_challenge__mediation_refuses__reverts_and_the_deal_goes_on(
    controller: Any, before_rogue: Any, rogue: Any, stranger: Any, creator: Any, books: Any, at: Any
) -> None:
    rogue.set(0, 0, [], True, sender=stranger)
    with books.unchanged(), reverts_with("Error", message="refused"):
        controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=creator)
    at(before_rogue.since + before_rogue.terms.windows.judge + 1)
    controller.finalize(*before_rogue.submitted, sender=stranger)


@pytest.mark.parametrize(("fee", "bond"), [(2**96 - 1, 0), (0, 2**96 - 1), (2**95, 2**95 - 1)])
def test_challenge__mediation_asks_more_than_there_is__reverts(
    controller: Any, before_rogue: Any, rogue: Any, stranger: Any, creator: Any, books: Any, fee: int, bond: int
) -> None:
    rogue.set(fee, bond, [], False, sender=stranger)
    free, needed = books.of(creator).free, 2**96 - 1
    wrong = {"controller": controller, "account": creator, "free": free, "needed": needed}
    with reverts_with("Payments_InsufficientFree", **wrong):
        controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=creator)


@pytest.mark.parametrize(("fee", "bond"), [(2**96 - 1, 1), (1, 2**96 - 1), (2**96 - 1, 2**96 - 1)])
def test_challenge__fee_and_bond_beyond_an_amount__is_dearer_than_anybody_can_allow(
    controller: Any, before_rogue: Any, rogue: Any, stranger: Any, creator: Any, fee: int, bond: int
) -> None:
    """Their sum has 97 bits, and is never cut to 96."""
    rogue.set(fee, bond, [], False, sender=stranger)
    wrong = {"id": before_rogue.id, "locked": fee + bond, "maxLocked": ANY_PRICE}
    with reverts_with("Controller_MediationTooDear", **wrong):
        controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=creator)


def test_challenge__mediation_decides_at_once__is_paid_once(
    controller: Any, desk: Any, before_rogue: Any, rogue: Any, roles: Any, payments: Any
) -> None:
    rogue.set(5, 2, [2], False, sender=roles.stranger)
    receipt = controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=roles.challenger)

    (event,) = controller.DealDecided.from_receipt(receipt)
    assert bytes(event.id) == before_rogue.id
    assert desk.record(before_rogue).status == DealStatus.REJECTED
    assert payments.balanceOf(controller, rogue) == (5, 0)


@pytest.mark.parametrize("second", [0, 1, 2, 3])
def test_challenge__mediation_decides_twice__reverts(
    controller: Any, before_rogue: Any, rogue: Any, roles: Any, second: int
) -> None:
    rogue.set(5, 2, [0, second], False, sender=roles.stranger)
    with stands_at(before_rogue, DealStatus.ACCEPTED, not_at=DealStatus.CHALLENGED):
        controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=roles.challenger)


@pytest.mark.parametrize("verdict", [1, 2])
def test_challenge__fee_above_the_collateral__challenger_pays_what_is_missing(
    controller: Any, payments: Any, desk: Any, before_rogue: Any, rogue: Any, roles: Any, books: Any, verdict: int
) -> None:
    fee = COLLATERAL + 7
    rogue.set(fee, 2, [verdict], False, sender=roles.stranger)
    before = books.all()
    controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=roles.challenger)

    dispute = desk.dispute(before_rogue, roles.challenger, fee=fee, bond=2)
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
        controller.challenge(*before_rogue.disputable, ANY_PRICE, sender=stranger)


def test_challenge__judge_window_of_this_deal__is_what_counts(
    controller: Any, desk: Any, maker: Any, challenger: Any, at: Any
) -> None:
    windows = replace(maker.job().windows, judge=10)
    case = desk.submitted(windows=windows)
    at(case.since + 11)
    with reverts_with("Controller_TooLate", id=case.id, deadline=case.since + 10, nowAt=case.since + 11):
        controller.challenge(*case.disputable, ANY_PRICE, sender=challenger)
