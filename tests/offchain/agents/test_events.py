"""Events of other contracts than these agents were written for are refused, not misread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.agents.books.events import read_deal_event
from lilypad.chain.contracts import Event
from lilypad.errors import FaultError
from lilypad.protocol.deal import Agreed
from tests.contracts.makers import ETHER
from tests.invariants.network import ADDRESSES, START, deploy


@pytest.fixture(scope="module")
def agreed() -> Event:
    """As the contract told it."""
    network = deploy()
    for who in ("creator", "provider"):
        network.fund(who, 100 * ETHER)
    maker = network.maker
    call = maker.pair(maker.job(), maker.resource())
    ((name, args),) = network.send("stranger", network.controller, "agree", *call).events
    return Event(name, dict(args), ADDRESSES["governor"], 1, b"", b"", 0, START)


def test_read__agreement_as_it_was_told__is_the_deal(agreed: Event) -> None:
    deal, meaning = read_deal_event(agreed)
    assert isinstance(meaning, Agreed)
    assert meaning.terms.id == deal == agreed.args["id"]


@pytest.mark.parametrize(
    "field",
    ["creator", "provider", "locks", "author", "solver", "conditions", "verification", "jobDigest", "resourceDigest"],
)
def test_read__agreement_with_other_terms_than_its_id_says__is_a_fault(agreed: Event, field: str) -> None:
    value: Any = agreed.args[field]
    if isinstance(value, int):
        other: Any = value ^ 1
    else:
        other = ADDRESSES["judge"] if isinstance(value, str) else value[:-1] + bytes([value[-1] ^ 1])
    with pytest.raises(FaultError, match="other deal ids"):
        read_deal_event(replace(agreed, args={**agreed.args, field: other}))


def test_read__event_that_is_no_deal_s__is_a_fault(agreed: Event) -> None:
    with pytest.raises(FaultError, match="no event of a deal"):
        read_deal_event(replace(agreed, name="EntrySkipped"))
