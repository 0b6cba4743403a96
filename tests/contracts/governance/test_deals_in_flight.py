"""Governance does its worst while deals are open; each ends with exactly the money that its terms say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.protocol.matching import ModuleStatus
from tests.contracts.errors import reverts_with
from tests.contracts.makers import PROTOCOL_BPS, RIGHT, words

from .council import TIMELOCK_DELAY, VOTING_DELAY, VOTING_PERIOD, call
from .powers import ALL, POWERS, place

Exit = Callable[[Any, Any, Any, Callable[[int], None]], None]
AGREED, SUBMITTED, CHALLENGED = DealStatus.AGREED, DealStatus.SUBMITTED, DealStatus.CHALLENGED


def cost(case: Any) -> int:
    return settlement.cost(case.terms, case.claim.instruction_count)


def paid(case: Any, treasury: Any) -> Any:
    return settlement.paid(case.terms, cost(case), treasury)


def declined(case: Any, treasury: Any) -> Any:
    return settlement.declined(case.terms)


def after(case: Any, window: str, at: Callable[[int], None]) -> None:
    at(case.since + getattr(case.terms.windows, window) + 1)


def overdue(function: str, window: str) -> Exit:
    """A call that anyone makes after a deadline."""

    def leave(desk: Any, roles: Any, case: Any, at: Callable[[int], None]) -> None:
        after(case, window, at)
        arguments = {"late": (case.terms.words(),), "finalize": case.submitted}.get(function) or case.disputed
        getattr(desk.controller, function)(*arguments, sender=roles.stranger)

    return leave


def decline(desk: Any, roles: Any, case: Any, at: Any) -> None:
    desk.controller.decline(case.terms.words(), sender=roles.provider)


def accept(desk: Any, roles: Any, case: Any, at: Any) -> None:
    desk.controller.accept(*case.submitted, sender=roles.creator)


def settle(desk: Any, roles: Any, case: Any, at: Any) -> None:
    signatures = desk.acceptance(case), desk.submission(case)
    desk.controller.settle(case.terms.words(), words(RIGHT), *signatures, sender=roles.stranger)


def settle_batch(desk: Any, roles: Any, case: Any, at: Any) -> None:
    desk.controller.settleBatch([desk.settling(case)], sender=roles.provider)


def accept_signed(desk: Any, roles: Any, case: Any, at: Any) -> None:
    desk.controller.acceptSigned(*case.submitted, desk.acceptance(case), sender=roles.stranger)


def decided(verdict: Verdict) -> Exit:
    return lambda desk, roles, case, at: desk.decide(case, verdict)


@dataclass(frozen=True)
class Way:
    """One exit: where it starts, how it is taken, what it pays, where it ends."""

    start: DealStatus
    leave: Exit
    pays: Callable[[Any, Any], Any]
    end: DealStatus


WAYS = {
    "decline": Way(AGREED, decline, declined, DealStatus.DECLINED),
    "late": Way(AGREED, overdue("late", "submit"), lambda c, t: settlement.late(c.terms), DealStatus.LATE),
    "settle": Way(AGREED, settle, paid, DealStatus.ACCEPTED),
    "settle in a batch": Way(AGREED, settle_batch, paid, DealStatus.ACCEPTED),
    "accept": Way(SUBMITTED, accept, paid, DealStatus.ACCEPTED),
    "accept by signature": Way(SUBMITTED, accept_signed, paid, DealStatus.ACCEPTED),
    "finalize": Way(SUBMITTED, overdue("finalize", "judge"), paid, DealStatus.ACCEPTED),
    "right": Way(
        CHALLENGED, decided(Verdict.RIGHT),
        lambda c, t: settlement.right(c.terms, c.dispute, cost(c), t), DealStatus.ACCEPTED,
    ),
    "withheld": Way(
        CHALLENGED, decided(Verdict.WITHHELD),
        lambda c, t: settlement.withheld(c.terms, c.dispute, cost(c), t), DealStatus.ACCEPTED,
    ),
    "wrong": Way(
        CHALLENGED, decided(Verdict.WRONG), lambda c, t: settlement.wrong(c.terms, c.dispute), DealStatus.REJECTED
    ),
    "undecided": Way(
        CHALLENGED, decided(Verdict.UNDECIDED),
        lambda c, t: settlement.undecided(c.terms, c.dispute), DealStatus.UNDECIDED,
    ),
    "expire": Way(
        CHALLENGED, overdue("expire", "mediate"),
        lambda c, t: settlement.undecided(c.terms, c.dispute), DealStatus.UNDECIDED,
    ),
}  # fmt: skip


def test_ways__of_this_file__lead_to_every_end() -> None:
    assert {way.end for way in WAYS.values()} == {status for status in DealStatus if status.is_end}


@pytest.mark.parametrize("name", WAYS)
def test_deal_in_flight__governance_does_all_it_can__ends_as_signed(house: Any, roles: Any, at: Any, name: str) -> None:
    way, desk, books = WAYS[name], house.desk, house.books
    case = desk.reach(way.start, at)
    assert case.terms.shares.protocol_bps == PROTOCOL_BPS
    with books.unchanged():
        do_the_worst(house, roles)
    with books.changed_by(way.pays(case, house.timelock.address)):
        way.leave(desk, roles, case, at)
    assert desk.record(case).status == way.end


def do_the_worst(house: Any, roles: Any) -> None:
    """Every parameter to both its bounds, the module revoked, all that is owned handed over, and again by the heir."""
    controller, modules = house.protocol.controller, house.protocol.modules
    house.council.decide(
        call(controller, "setParameters", 0, 1_000),
        call(controller, "setParameters", 1_000, 50_000),
        call(modules, "curate", house.protocol.module, ModuleStatus.REVOKED),
        *(call(contract, "transferOwnership", roles.stranger) for contract in (controller, modules)),
    )
    for contract in (controller, modules):
        contract.acceptOwnership(sender=roles.stranger)
    controller.setParameters(0, 50_000, sender=roles.stranger)
    for contract in (controller, modules):
        contract.renounceOwnership(sender=roles.stranger)


@pytest.mark.parametrize(("contract", "function"), ALL)
def test_power__used_by_the_timelock__moves_no_balance_and_no_deal(
    house: Any, roles: Any, at: Any, contract: str, function: str
) -> None:
    """Whatever each does when a proposal calls it, done or refused: nobody's money and no deal is any different."""
    desk = house.desk
    cases = [desk.reach(status, at) for status in (AGREED, SUBMITTED, CHALLENGED)]
    stand = [desk.record(case) for case in cases]
    power, target = POWERS[contract][function], place(house, contract)
    proposal, first_second = house.council.queued(call(target, function, *power.arguments(house, roles.stranger)))
    house.council.at(first_second)
    refused: AbstractContextManager[Any] = nullcontext()
    if (contract, function) in REFUSED_TO_ALL:
        name, fields = power.refusal(house, house.timelock)
        refused = reverts_with(name, **fields)
    elif function == "relay":  # the governor as the caller: the vault owes it nothing
        empty = {"controller": desk.controller, "account": house.governor, "free": 0, "needed": 1}
        refused = reverts_with("Payments_InsufficientFree", **empty)
    with house.books.unchanged(), refused:
        house.council.execute(proposal)
    assert [desk.record(case) for case in cases] == stand


REFUSED_TO_ALL = {
    ("LilypadController", "acceptOwnership"), ("LilypadModules", "acceptOwnership"),  # nobody handed it over
    ("LilypadMediation", "acceptOwnership"),
    *(("LilypadMediators", function) for function in POWERS["LilypadMediators"]),  # the court's alone
    ("LilypadTimelock", "schedule"), ("LilypadTimelock", "scheduleBatch"), ("LilypadTimelock", "cancel"),
    ("LilypadTimelock", "execute"), ("LilypadTimelock", "executeBatch"),
}  # fmt: skip
"""Even when the timelock calls: the governor's alone, or not announced."""


def test_treasury__of_the_timelock__is_withdrawn_by_a_proposal_and_no_more_than_it(
    house: Any, roles: Any, token: Any
) -> None:
    desk, payments, timelock = house.desk, house.protocol.payments, house.timelock
    case = desk.submitted()
    desk.controller.accept(*case.submitted, sender=roles.creator)
    earned = cost(case) * PROTOCOL_BPS // 10_000
    assert house.books.of(timelock).free == earned
    too_much, first_second = house.council.queued(call(payments, "withdraw", desk.controller, earned + 1))
    house.council.at(first_second)
    short = {"controller": desk.controller, "account": timelock, "free": earned, "needed": earned + 1}
    with reverts_with("Payments_InsufficientFree", **short):
        house.council.execute(too_much)
    house.council.decide(
        call(payments, "withdraw", desk.controller, earned),
        call(token, "transfer", roles.stranger, earned),
    )
    assert token.balanceOf(roles.stranger) == earned


def test_proposal__from_first_to_last__takes_as_long_as_its_settings_say(council: Any) -> None:
    """So long do people have who do not like it; deals agreed in between keep what both signed anyway."""
    begin = council.now()
    _, first_second = council.queued(call(council.governor, "setVotingPeriod", 1))
    assert first_second - begin >= VOTING_DELAY + VOTING_PERIOD + TIMELOCK_DELAY
