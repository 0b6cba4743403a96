"""Whose inputs a market must keep, as the chain tells of deals, takes them back, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from lilypad.agents.solver.inputs import OpenInputs
from lilypad.chain.contracts import Event
from lilypad.chain.feed import REORG_DEPTH, Batch, Rollback
from lilypad.store.cid import Cid
from lilypad.store.journal import Journal
from tests.contracts.makers import ETHER
from tests.invariants.network import ADDRESSES, START, deploy

CHAIN = 31337


@dataclass
class Told:
    """The part of a batch that tells."""

    last: int
    what: tuple[Event, ...] = ()
    rollback: Rollback | None = None

    def events(self) -> Iterator[Event]:
        return iter(self.what)


@pytest.fixture(scope="module")
def agreed() -> Event:
    """As the contract told it."""
    network = deploy()
    for who in ("creator", "provider"):
        network.fund(who, 100 * ETHER)
    call = network.maker.pair(network.maker.job(), network.maker.resource())
    ((name, args),) = network.send("stranger", network.controller, "agree", *call).events
    return Event(name, dict(args), ADDRESSES["governor"], 10, b"", b"", 0, START)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def tell(journal: Journal, *batches: Told) -> frozenset[Cid]:
    """What is kept after a restart: and no other than before it."""
    inputs = OpenInputs(journal, CHAIN)
    for told in batches:
        with journal.transaction() as tx:
            inputs.apply(cast(Batch, told), tx)
    again = OpenInputs(journal, CHAIN).roots()
    assert again == inputs.roots()
    return again


def end(agreed: Event, name: str, block: int) -> Event:
    return replace(agreed, name=name, args={"id": agreed.args["id"]}, block_number=block)


def roots(agreed: Event) -> frozenset[Cid]:
    return frozenset({Cid.of_directory(agreed.args["inputs"])})


def test_inputs__of_a_deal__are_kept_while_it_is_open(journal: Journal, agreed: Event) -> None:
    told = Told(10, (agreed,))
    submitted = Told(11, (end(agreed, "ResultSubmitted", 11), end(agreed, "DealChallenged", 11)))
    assert tell(journal, told, submitted, Told(100_000)) == roots(agreed)


@pytest.mark.parametrize("name", ["DealAccepted", "DealSettled", "DealDecided", "DealDeclined", "DealLate"])
def test_inputs__of_a_deal_that_ended__are_kept_until_nothing_can_undo_it(
    journal: Journal, agreed: Event, name: str
) -> None:
    ended = Told(20, (end(agreed, name, 20),))
    assert tell(journal, Told(10, (agreed,)), ended, Told(20 + REORG_DEPTH - 1)) == roots(agreed)
    assert tell(journal, Told(20 + REORG_DEPTH)) == frozenset()
    assert journal.deals() == []


def test_inputs__of_a_deal_whose_end_is_undone__are_kept_on(journal: Journal, agreed: Event) -> None:
    ended, undone = Told(20, (end(agreed, "DealAccepted", 20),)), Told(19, rollback=Rollback(19))
    assert tell(journal, Told(10, (agreed,)), ended, undone, Told(100_000)) == roots(agreed)


def test_inputs__of_a_deal_that_is_undone__are_not(journal: Journal, agreed: Event) -> None:
    assert tell(journal, Told(10, (agreed,)), Told(9, rollback=Rollback(9))) == frozenset()


def test_end__of_a_deal_that_nobody_told_of__is_nothing(journal: Journal, agreed: Event) -> None:
    assert tell(journal, Told(20, (end(agreed, "DealAccepted", 20),))) == frozenset()
