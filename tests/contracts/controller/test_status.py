"""Every function of a deal in every status: what the diagram on DealStatus does not draw is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus, Verdict
from tests.contracts.desk import Case, stands_at
from tests.contracts.makers import ANY_PRICE, words

NONE, AGREED, SUBMITTED, CHALLENGED = list(DealStatus)[:4]

Call = Callable[[Any, Case], Any]
CALLS: dict[str, tuple[set[DealStatus], Call]] = {
    "decline": ({AGREED}, lambda d, c: d.controller.decline(c.terms.words(), sender=d.roles.provider)),
    "submitResult": (
        {AGREED},
        lambda d, c: d.controller.submitResult(c.terms.words(), words(c.claim), sender=d.roles.provider),
    ),
    "late": ({AGREED}, lambda d, c: d.controller.late(c.terms.words(), sender=d.roles.stranger)),
    "settle": (
        {AGREED},
        lambda d, c: d.controller.settle(*c.submitted, d.acceptance(c), d.submission(c), sender=d.roles.stranger),
    ),
    "acceptSigned": (
        {SUBMITTED},
        lambda d, c: d.controller.acceptSigned(*c.submitted, d.acceptance(c), sender=d.roles.stranger),
    ),
    "accept": ({SUBMITTED}, lambda d, c: d.controller.accept(*c.submitted, sender=d.roles.creator)),
    "finalize": ({SUBMITTED}, lambda d, c: d.controller.finalize(*c.submitted, sender=d.roles.stranger)),
    "challenge": ({SUBMITTED}, lambda d, c: d.controller.challenge(*c.disputable, ANY_PRICE, sender=d.roles.creator)),
    "expire": ({CHALLENGED}, lambda d, c: d.controller.expire(*c.disputed, sender=d.roles.stranger)),
    **{f"verdict {verdict.name}": ({CHALLENGED}, lambda d, c, v=verdict: d.decide(c, v)) for verdict in Verdict},
}
REFUSED = [(name, status) for name in CALLS for status in DealStatus if status not in CALLS[name][0]]


@pytest.fixture(scope="module")
def cases(desk: Any, chain: Any) -> Mapping[DealStatus, Case]:
    """One deal in each status, and all their windows over."""

    def at(timestamp: int) -> None:
        chain.pending_timestamp = timestamp

    made = {status: desk.reach(status, at) for status in DealStatus}
    chain.mine(timestamp=chain.blocks.head.timestamp + 1_000_000)
    return made


def test_settle_batch__from_a_wrong_status__is_skipped(cases: Any, desk: Any, books: Any) -> None:
    wrong = [desk.settling(case) for status, case in cases.items() if status is not AGREED]
    with books.unchanged():
        receipt = desk.controller.settleBatch(wrong, sender=desk.roles.provider)
    assert desk.skipped(receipt) == dict.fromkeys(range(len(wrong)), "Storage_WrongDigest")


def test_cases__are_where_they_should_be(desk: Any, cases: Any) -> None:
    found = {status: desk.record(case).status for status, case in cases.items()}
    assert found == {status: status for status in DealStatus}


@pytest.mark.parametrize(("name", "status"), REFUSED, ids=lambda value: getattr(value, "name", value))
def test_transition__from_a_wrong_status__reverts(cases: Any, desk: Any, name: str, status: DealStatus) -> None:
    sources, call = CALLS[name]
    case = cases[status]
    with stands_at(case, status, not_at=min(sources)):
        call(desk, case)
