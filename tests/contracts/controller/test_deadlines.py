"""Every deadline to the second: until it the early side may act, from the next second on the late side, never both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from tests.contracts.desk import Case
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ANY_PRICE

AGREED, SUBMITTED, CHALLENGED = DealStatus.AGREED, DealStatus.SUBMITTED, DealStatus.CHALLENGED
Call = Callable[[Any, Case], Any]


@dataclass(frozen=True)
class Deadline:
    status: DealStatus
    window: str
    early: Call | None
    late: Call | None


DEADLINES = {
    "decline": Deadline(
        AGREED, "decline", lambda d, c: d.controller.decline(c.terms.words(), sender=d.roles.provider), None
    ),
    "submit or late": Deadline(
        AGREED,
        "submit",
        lambda d, c: d.controller.submitResult(*c.submitted, sender=d.roles.provider),
        lambda d, c: d.controller.late(c.terms.words(), sender=d.roles.stranger),
    ),
    "challenge or finalize": Deadline(
        SUBMITTED,
        "judge",
        lambda d, c: d.controller.challenge(*c.disputable, ANY_PRICE, sender=d.roles.challenger),
        lambda d, c: d.controller.finalize(*c.submitted, sender=d.roles.stranger),
    ),
    "expire": Deadline(
        CHALLENGED, "mediate", None, lambda d, c: d.controller.expire(*c.disputed, sender=d.roles.stranger)
    ),
}


@pytest.mark.parametrize("offset", [-1, 0, 1])
@pytest.mark.parametrize("name", DEADLINES)
def test_deadline__a_second_before_at_it_and_a_second_after__exactly_one_side_may_act(
    desk: Any, at: Any, name: str, offset: int
) -> None:
    it = DEADLINES[name]
    case = desk.reach(it.status, at)
    deadline = case.since + getattr(case.terms.windows, it.window)
    now = deadline + offset
    may, may_not, error = (it.early, it.late, "TooEarly") if offset <= 0 else (it.late, it.early, "TooLate")
    if may_not is not None:
        at(now)
        with reverts_with(f"Controller_{error}", id=case.id, deadline=deadline, nowAt=now):
            may_not(desk, case)
    if may is not None:
        at(now)
        receipt = may(desk, case)
        assert receipt.timestamp == now
        assert desk.record(case).status != it.status


def test_deadline__of_nothing_to_decline__is_the_second_of_the_agreement(
    controller: Any, desk: Any, maker: Any, provider: Any, at: Any
) -> None:
    windows = maker.job().windows
    never = type(windows)(0, windows.submit, windows.judge, windows.mediate)
    case = desk.agree(maker.job(windows=never), maker.resource(windows=never))
    at(case.since + 1)
    with reverts_with("Controller_TooLate", id=case.id, deadline=case.since, nowAt=case.since + 1):
        controller.decline(case.terms.words(), sender=provider)
