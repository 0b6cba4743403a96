"""When a person is called: once for what has happened, at both ends of what holds."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.ops.alerts import Alert, Alerts, Kind
from lilypad.ops.metrics import Metrics
from lilypad.ops.operations import Operations
from lilypad.ops.watch import Balances, Limits, Subject, Watch
from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.settings import ETHER

from .helpers import CHALLENGER, CREATOR, WINDOWS, ended, open_deal, operations, scrape_here

RICH = Balances(wallet=ETHER, free=10 * ETHER, locked=10 * ETHER, gas=ETHER)


@pytest.fixture
def watched() -> Operations:
    return operations()


@pytest.fixture
def heard(watched: Operations) -> list[Alert]:
    alerts: list[Alert] = []
    watched.alerts.forward = alerts.append
    return alerts


class Rounds:
    """An agent's watch, round by round, with the money that it finds."""

    def __init__(self, watched: Operations, folder: Path, limits: Limits | None = None) -> None:
        self.balances = RICH
        subject = Subject(folder, self._balances, least_vault=20 * ETHER)
        limits = limits or Limits(ETHER // 100, 0, 300)
        self.watch = Watch(subject, limits, watched.metrics, watched.health, watched.alerts, watched.ledger)

    async def _balances(self) -> Balances:
        return self.balances


@pytest.fixture
def rounds(watched: Operations, tmp_path: Path) -> Rounds:
    return Rounds(watched, tmp_path)


async def test_watch__of_a_rich_account__calls_nobody(rounds: Rounds, heard: list[Alert]) -> None:
    await rounds.watch.look()
    assert heard == []


async def test_gas__that_is_low__is_told_once_and_so_is_its_end(rounds: Rounds, heard: list[Alert]) -> None:
    rounds.balances = replace(RICH, gas=ETHER // 101)
    for _ in range(3):
        await rounds.watch.look()
    assert [(alert.kind, alert.resolved) for alert in heard] == [(Kind.LOW_BALANCE, False)]
    assert heard[0].fields == {"have": ETHER // 101, "need": ETHER // 100}
    rounds.balances = RICH
    await rounds.watch.look()
    assert [alert.resolved for alert in heard] == [False, True]


async def test_vault__whose_money_is_locked_in_deals__is_not_low(rounds: Rounds, heard: list[Alert]) -> None:
    rounds.balances = replace(RICH, free=0, locked=20 * ETHER)
    await rounds.watch.look()
    assert heard == []
    rounds.balances = replace(RICH, free=0, locked=19 * ETHER)
    await rounds.watch.look()
    assert [alert.kind for alert in heard] == [Kind.LOW_BALANCE]


async def test_vault__with_a_limit_of_one_s_own__goes_by_that(
    watched: Operations, heard: list[Alert], tmp_path: Path
) -> None:
    await Rounds(watched, tmp_path, Limits(0, 21 * ETHER, 300)).watch.look()
    assert [alert.fields["need"] for alert in heard] == [21 * ETHER]


async def test_chain__that_is_unreachable_for_long__is_told(
    watched: Operations, heard: list[Alert], tmp_path: Path
) -> None:
    watched.endpoint_answered("node", 0.1)
    watched.chain_unreachable()
    await Rounds(watched, tmp_path).watch.look()
    assert heard == []
    patient = Rounds(watched, tmp_path, Limits(0, 0, -1))
    await patient.watch.look()
    assert [alert.kind for alert in heard] == [Kind.CHAIN_UNREACHABLE]


async def test_deadline__that_passes__is_told_once_by_clock_and_chain(
    watched: Operations, rounds: Rounds, heard: list[Alert]
) -> None:
    deal = open_deal(since=int(time.time()) - WINDOWS.submit - 5)
    watched.deal_moved(None, deal)
    await rounds.watch.look()
    await rounds.watch.look()
    watched.deal_moved(deal, replace(deal, status=DealStatus.LATE))
    assert [alert.kind for alert in heard] == [Kind.MISSED_DEADLINE]
    assert heard[0].fields["deal"] == "0x" + deal.id.hex()


async def test_deadline__that_is_ahead__is_not_told(watched: Operations, rounds: Rounds, heard: list[Alert]) -> None:
    watched.deal_moved(None, open_deal(since=int(time.time())))
    await rounds.watch.look()
    assert heard == []


def test_deal__that_ends_late__is_told_with_its_penalty(watched: Operations, heard: list[Alert]) -> None:
    watched.deal_moved(open_deal(), ended(DealStatus.LATE))
    assert [(alert.kind, alert.fields["penalty"]) for alert in heard] == [(Kind.MISSED_DEADLINE, 70)]


def test_deal__that_is_slashed__is_told_to_both_sides_in_their_words(heard: list[Alert], watched: Operations) -> None:
    slashed = ended(DealStatus.REJECTED, verdict=Verdict.WRONG)
    watched.deal_moved(open_deal(), slashed)
    assert heard[0].kind is Kind.SLASHED
    assert "your collateral is gone" in heard[0].message
    creator, said = operations("creator", CREATOR), list[Alert]()
    creator.alerts.forward = said.append
    creator.deal_moved(open_deal(), slashed)
    assert "the provider has lost" in said[0].message


def test_challenge__that_a_watcher_has_lost__calls_a_person_and_one_that_it_won_says_so() -> None:
    watcher, said = operations("watcher", CHALLENGER), list[Alert]()
    watcher.alerts.forward = said.append
    watcher.deal_moved(open_deal(), ended(DealStatus.ACCEPTED, verdict=Verdict.RIGHT, cost=100))
    watcher.deal_moved(open_deal(2), ended(DealStatus.REJECTED, 2, verdict=Verdict.WRONG))
    assert [alert.kind for alert in said] == [Kind.CHALLENGE_LOST, Kind.SLASHED]
    assert "compare this machine with another one" in said[0].message
    assert watcher.ledger.totals().outlay == 100, "bond and fee"
    assert watcher.ledger.totals().income > 0


def test_deal__that_was_slashed_before_the_start__is_not_told_again(watched: Operations, heard: list[Alert]) -> None:
    watched.deal_known(ended(DealStatus.REJECTED, verdict=Verdict.WRONG))
    assert heard == []


def test_alert__is_always_in_the_log_and_in_the_numbers(watched: Operations, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        watched.alerts.holds(Kind.LOW_BALANCE, "gas", True, "send some", have=1)
        assert scrape_here(watched)("alerts_active", kind="low_balance") == 1
        watched.alerts.holds(Kind.LOW_BALANCE, "gas", False, "send some", have=2)
    assert [record.message for record in caplog.records] == ["alert", "alert_resolved"]
    assert caplog.records[0].levelname == "WARNING"
    assert vars(caplog.records[0])["role"] == "provider"
    assert scrape_here(watched)("alerts_total", kind="low_balance") == 1
    assert scrape_here(watched)("alerts_active", kind="low_balance") == 0


async def test_watch__that_cannot_ask_for_the_money__still_looks_at_the_deadlines(
    watched: Operations, heard: list[Alert], tmp_path: Path
) -> None:
    async def away() -> Balances:
        raise OSError("no chain")

    subject = Subject(tmp_path, away)
    watch = Watch(subject, Limits(0, 0, 300), watched.metrics, watched.health, watched.alerts, watched.ledger)
    watched.deal_moved(None, open_deal(since=int(time.time()) - WINDOWS.submit - 5))
    with pytest.raises(OSError, match="no chain"):
        await watch.look()
    assert [alert.kind for alert in heard] == [Kind.MISSED_DEADLINE]


def test_alerts__without_anybody_to_forward_to__are_fine() -> None:
    Alerts(Metrics()).happened(Kind.SLASHED, "0x1", "gone")
