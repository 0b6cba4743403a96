"""A case by the clock: when to look at it again."""

from __future__ import annotations

import pytest

from lilypad.protocol.case import Case, CasePhase, Due, due, next_time
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import Docket, Settings, Stage
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from lilypad.types import ZERO_ADDRESS, DealId

SINCE, DEADLINE = 1_000, 100_000
SETTINGS = Settings(
    1, 1, 2, 2, commit=60, reveal=30, appeal=120, silent_percent=50, burn_percent=50, redraws=1, appeals=1
)


def case(phase: CasePhase) -> Case:
    claim, dispute = Claim(bytes(32), 1), Challenge(ZERO_ADDRESS, 0, ZERO_ADDRESS, 0)
    stage = Stage(0, 0, Verdict.UNDECIDED, DEADLINE)
    docket = Docket(DealId(bytes(32)), Verification(ZERO_ADDRESS), SETTINGS, claim, dispute, stage)
    return Case(docket, phase, SINCE, 0, verdict=Verdict.WRONG)


def test_ruling__when_it_can_no_longer_be_appealed__is_executed_then_and_not_before() -> None:
    ruled = case(CasePhase.RULED)
    assert ruled.appeal_until == SINCE + SETTINGS.appeal
    then = next_time(ruled, SINCE)
    assert then == ruled.appeal_until + 1
    assert [due(ruled, now) for now in (then - 1, then)] == [None, Due.EXECUTE]


@pytest.mark.parametrize("phase", [CasePhase.VOTING, CasePhase.SEALED])
def test_vote__is_looked_at_when_sealing_and_opening_end(phase: CasePhase) -> None:
    voting = case(phase)
    commit, reveal = SINCE + 60, SINCE + 90
    assert [next_time(voting, now) for now in (SINCE, commit, commit + 1)] == [commit + 1, commit + 1, reveal + 1]
    assert due(voting, reveal + 1) is Due.TALLY


def test_case__that_only_its_deadline_moves__is_looked_at_then() -> None:
    assert next_time(case(CasePhase.ARMED), SINCE) == DEADLINE + 1
    assert due(case(CasePhase.ARMED), DEADLINE + 1) is Due.ABANDON


def test_case__that_is_closed_or_past_its_deadline__waits_for_no_time() -> None:
    assert next_time(case(CasePhase.CLOSED), SINCE) is None
    assert next_time(case(CasePhase.RULED), DEADLINE + 1) is None
