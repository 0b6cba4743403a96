"""verdict and expire: how a dispute ends, by the mediation's word or by its silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.deal import ENDS_OF_VERDICTS, DealStatus, Verdict
from tests.contracts.desk import holds
from tests.contracts.errors import reverts_with
from tests.contracts.makers import OTHER


def predicted(case: Any, verdict: Verdict, treasury: str) -> Any:
    """Changes of the balances."""
    terms, dispute = case.terms, case.dispute
    cost = settlement.cost(terms, case.claim.instruction_count)
    ends: dict[Verdict, Callable[[], Any]] = {
        Verdict.RIGHT: lambda: settlement.right(terms, dispute, cost, treasury),
        Verdict.WITHHELD: lambda: settlement.withheld(terms, dispute, cost, treasury),
        Verdict.WRONG: lambda: settlement.wrong(terms, dispute),
        Verdict.UNDECIDED: lambda: settlement.undecided(terms, dispute),
    }
    return ends[verdict]()


@pytest.mark.parametrize("who", ["creator", "challenger", "provider"])
@pytest.mark.parametrize("verdict", Verdict)
def test_verdict__each_of_the_four__moves_the_money_as_predicted(
    controller: Any, desk: Any, books: Any, roles: Any, verdict: Verdict, who: str
) -> None:
    case = desk.challenged(getattr(roles, who))
    with books.changed_by(predicted(case, verdict, roles.treasury.address)):
        receipt = desk.decide(case, verdict)

    (event,) = controller.DealDecided.from_receipt(receipt)
    assert (bytes(event.id), event.verdict) == (case.id, verdict)
    assert desk.record(case) == (ENDS_OF_VERDICTS[verdict], receipt.timestamp, case.digest_submitted)


def test_verdict__after_the_mediate_window__counts_until_somebody_expires_it(desk: Any, at: Any) -> None:
    case = desk.challenged()
    at(case.since + 10 * case.terms.windows.mediate)
    desk.decide(case, Verdict.RIGHT)


def test_verdict__by_anyone_but_the_mediation__reverts(controller: Any, desk: Any, roles: Any) -> None:
    case = desk.challenged()
    for caller in (roles.creator, roles.provider, roles.judge, roles.governor):
        for verdict in Verdict:
            with reverts_with("Controller_NotParty", id=case.id, caller=caller, expected=desk.mediation):
                controller.verdict(*case.disputed, verdict, sender=caller)


def test_verdict__by_whoever_the_call_names_as_mediation__finds_another_dispute(
    controller: Any, desk: Any, roles: Any
) -> None:
    case = desk.challenged()
    mine = replace(case, dispute=replace(case.dispute, mediation=roles.provider.address))
    for verdict in Verdict:
        with holds(case, case.digest_challenged, not_=mine.digest_challenged):
            controller.verdict(*mine.disputed, verdict, sender=roles.provider)


def test_verdict__unknown__reverts(desk: Any) -> None:
    case = desk.challenged()
    with reverts_with(""):
        desk.decide(case, 4)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("change", ["result", "challenger", "fee", "bond"])
def test_verdict__another_result_or_dispute__reverts(desk: Any, verdict: Verdict, change: str) -> None:
    case = desk.challenged()
    dispute = case.dispute
    wrong = {
        "result": lambda: replace(case, claim=OTHER),
        "challenger": lambda: replace(case, dispute=replace(dispute, challenger=case.terms.creator)),
        "fee": lambda: replace(case, dispute=replace(dispute, fee=dispute.fee + 1, bond=dispute.bond - 1)),
        "bond": lambda: replace(case, dispute=replace(dispute, bond=0)),
    }[change]()
    with holds(case, case.digest_challenged, not_=wrong.digest_challenged):
        desk.decide(wrong, verdict)


def test_expire__second_after_the_mediate_window__sends_everybody_home(
    controller: Any, desk: Any, books: Any, stranger: Any, at: Any
) -> None:
    case = desk.challenged()
    at(case.since + case.terms.windows.mediate + 1)
    with books.changed_by(settlement.undecided(case.terms, case.dispute)):
        receipt = controller.expire(*case.disputed, sender=stranger)

    (event,) = controller.DealDecided.from_receipt(receipt)
    assert (bytes(event.id), event.verdict) == (case.id, Verdict.UNDECIDED)
    assert desk.record(case) == (DealStatus.UNDECIDED, receipt.timestamp, case.digest_submitted)


def test_expire__inside_mediate_window__reverts(controller: Any, desk: Any, creator: Any, at: Any) -> None:
    case = desk.challenged()
    deadline = case.since + case.terms.windows.mediate
    for now in (deadline - 1, deadline):
        at(now)
        with reverts_with("Controller_TooEarly", id=case.id, deadline=deadline, nowAt=now):
            controller.expire(*case.disputed, sender=creator)


def test_expire__another_dispute__reverts(controller: Any, desk: Any, stranger: Any, at: Any) -> None:
    case = desk.challenged()
    wrong = replace(case, dispute=replace(case.dispute, challenger=stranger.address))
    at(case.since + case.terms.windows.mediate + 1)
    with holds(case, case.digest_challenged, not_=wrong.digest_challenged):
        controller.expire(*wrong.disputed, sender=stranger)
