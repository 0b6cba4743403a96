"""When runs of a job are reason enough to call a result wrong: never because of what one machine got wrong once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lilypad.agents.watcher.finding import Finding, find
from lilypad.agents.work.results import ResultRecord
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Claim, Deal
from lilypad.types import Digest, Engine, ExitStatus, Result

from .deals import submitted_deal

LIMIT = 10_000
COUNT = 1_000
TOLERANCE = 5_000


def digest(byte: int) -> Digest:
    return Digest(bytes([byte]) * 32)


def ran(output: int = 1, count: int = COUNT, status: int = 0) -> ResultRecord:
    return ResultRecord(Result(digest(output), digest(2), ExitStatus(status), digest(3), digest(4)), count)


def claimed(record: ResultRecord, tolerance_bps: int = 0) -> Deal:
    deal = submitted_deal()
    verification = replace(deal.agreement.verification, tolerance_bps=tolerance_bps)
    claim = Claim(commitment(record.result), record.instruction_count)
    return replace(deal, claim=claim, agreement=replace(deal.agreement, verification=verification))


def wasm(said: ResultRecord, *found: ResultRecord) -> Finding:
    return find(found, claimed(said), Engine.WASM, LIMIT)


def container(said: ResultRecord, *found: ResultRecord) -> Finding:
    return find(found, claimed(said, TOLERANCE), Engine.DOCKER, LIMIT)


def test_nothing_run__leaves_it_open() -> None:
    assert wasm(ran()) is Finding.OPEN


def test_first_run__that_agrees__is_enough() -> None:
    assert wasm(ran(), ran()) is Finding.RIGHT


@pytest.mark.parametrize("said", [ran(output=9), ran(count=COUNT + 1), ran(count=COUNT - 1), ran(status=1)])
def test_first_run__that_disagrees__is_repeated_and_the_second_decides(said: ResultRecord) -> None:
    assert wasm(said, ran()) is Finding.OPEN
    assert wasm(said, ran(), ran()) is Finding.WRONG
    assert wasm(said, ran(), said) is Finding.RIGHT


@pytest.mark.parametrize("second", [ran(output=8), ran(count=COUNT + 5)])
def test_runs__that_disagree_with_each_other__accuse_nobody(second: ResultRecord) -> None:
    assert wasm(ran(output=9), ran(), second) is Finding.UNSURE


def test_result__that_comes_again_as_another__is_judged_by_the_same_runs() -> None:
    """After a reorganisation."""
    runs = (ran(), ran())
    assert (wasm(ran(output=9), *runs), wasm(ran(), *runs)) == (Finding.WRONG, Finding.RIGHT)


# ---------------------------------------------------------------------- measured


@pytest.mark.parametrize(
    ("billed", "expected"),
    [(COUNT * 3 // 2, Finding.RIGHT), (COUNT * 3 // 2 + 1, Finding.WRONG), (1, Finding.RIGHT), (COUNT, Finding.RIGHT)],
    ids=["within the tolerance", "above it", "too low harms nobody", "equal"],
)
def test_bill__of_a_container__is_wrong_above_the_tolerance_alone(billed: int, expected: Finding) -> None:
    assert container(ran(count=billed), ran(), ran()) is expected


def test_bill__that_one_of_two_runs_tolerates__is_right() -> None:
    assert container(ran(count=2_000), ran(count=COUNT), ran(count=1_500)) is Finding.RIGHT


def test_output__of_a_container__is_wrong_whatever_two_runs_measured() -> None:
    assert container(ran(output=9), ran(count=COUNT), ran(count=COUNT + 300)) is Finding.WRONG


@pytest.mark.parametrize(
    "found",
    [ran(count=LIMIT * 2 // 3 + 1), ran(count=LIMIT, status=ExitStatus.OUT_OF_BUDGET), ran(status=ExitStatus.TRAPPED)],
    ids=["near its budget", "out of it", "out of memory"],
)
def test_end__that_a_slower_machine_might_have_had__is_no_reason(found: ResultRecord) -> None:
    assert container(ran(output=9), found, found) is Finding.UNSURE
    assert wasm(ran(output=9), found, found) is Finding.WRONG, "where instructions are counted, they are the same"
