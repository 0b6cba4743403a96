"""Whose results a watcher looks at, how often, until when, and for how much."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.agents.challenging import deterring_probability
from lilypad.agents.watcher.memory import Memory
from lilypad.agents.watcher.policy import (
    MARGIN_SECONDS,
    WatchPolicy,
    is_drawn,
    is_too_late_to_begin,
    last_moment,
    locked,
    may_be_watched,
    reward,
)
from lilypad.chain.devnode import dev_account
from lilypad.protocol.deal import Agreed, Deal, DealStatus
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from lilypad.store.journal import Journal
from lilypad.types import DealId, ModuleId

from .deals import CREATOR, MEDIATION, PROVIDER, submitted_deal

WATCHER = dev_account(7).address
COURT = dev_account(8).address
USUAL = Verification(MEDIATION)
DRAWS = 4_000


def agreed(verification: Verification = USUAL) -> Agreed:
    deal = submitted_deal()
    return Agreed(deal.terms, replace(deal.agreement, verification=verification), deal.job, 0, 0)


# ---------------------------------------------------------------------- the draw


def test_draw__of_many_deals__is_as_probable_as_the_policy_says() -> None:
    secret = secrets.token_bytes(32)
    drawn = sum(is_drawn(secret, DealId(secrets.token_bytes(32)), 0.25) for _ in range(DRAWS))
    assert abs(drawn / DRAWS - 0.25) < 0.04


@pytest.mark.parametrize(("chance", "expected"), [(1.0, True), (0.0, False)])
def test_draw__that_is_certain__has_no_exception(chance: float, expected: bool) -> None:
    secret = secrets.token_bytes(32)
    assert {is_drawn(secret, DealId(secrets.token_bytes(32)), chance) for _ in range(100)} == {expected}


def test_draw__of_a_restarted_watcher__is_the_same_and_another_s_is_not(tmp_path: Path) -> None:
    deals = [DealId(secrets.token_bytes(32)) for _ in range(200)]

    def draws(folder: Path) -> list[bool]:
        with Journal(folder / "journal.sqlite") as journal:
            secret = Memory(journal).secret
        return [is_drawn(secret, deal, 0.5) for deal in deals]

    assert draws(tmp_path / "one") == draws(tmp_path / "one")
    assert draws(tmp_path / "one") != draws(tmp_path / "two")


def test_chance__without_a_setting__is_what_makes_cheating_a_loss() -> None:
    terms = submitted_deal().terms
    assert WatchPolicy(1).chance(terms) == deterring_probability(terms.payment_ceiling, terms.collateral)
    assert WatchPolicy(1, check=0.3).chance(terms) == 0.3
    assert deterring_probability(1, 0) == 1.0, "nothing to lose: look at every one"


# ---------------------------------------------------------------------- whose


@pytest.mark.parametrize(
    ("account", "verification", "expected"),
    [
        (WATCHER, USUAL, True),
        (CREATOR.address, USUAL, False),
        (PROVIDER.address, USUAL, False),
        (WATCHER, replace(USUAL, mediation=COURT), False),
        (WATCHER, replace(USUAL, mediator_set=1), False),
        (WATCHER, replace(USUAL, mediators=1), False),
        (WATCHER, replace(USUAL, mediators=7), True),
        (WATCHER, replace(USUAL, tolerance_bps=5_000), True),
    ],
    ids=["others", "creator", "provider", "own court", "own set", "one mediator", "more of them", "tolerance"],
)
def test_deal__of_others_before_the_usual_court__is_watched_and_no_other(
    account: str, verification: Verification, expected: bool
) -> None:
    assert may_be_watched(agreed(verification), account, USUAL) is expected


# ---------------------------------------------------------------------- when


@pytest.mark.parametrize(("judge", "margin"), [(3_600, MARGIN_SECONDS), (600, 120), (100, 20), (1, 0)])
def test_run__ends_while_there_is_time_to_challenge(judge: int, margin: int) -> None:
    deal = _with_judge(judge)
    assert last_moment(deal) == deal.since + judge - margin


def test_run__begins_while_there_is_time_to_end() -> None:
    deal = _with_judge(1_000)
    assert not is_too_late_to_begin(deal, deal.since + 780)
    assert is_too_late_to_begin(deal, deal.since + 781)


def _with_judge(seconds: int) -> Deal:
    deal = submitted_deal()
    return replace(deal, terms=replace(deal.terms, windows=replace(deal.terms.windows, judge=seconds)))


# ---------------------------------------------------------------------- how much


@pytest.mark.parametrize(("fee", "expected"), [(0, 250), (400, 150), (1_000, 0), (1_500, -500)])
def test_reward__is_a_quarter_of_what_the_mediators_leave_of_the_collateral(fee: int, expected: int) -> None:
    deal = submitted_deal()
    assert deal.terms.collateral == 1_000
    assert reward(deal.terms, Challenge(WATCHER, 100, MEDIATION, fee)) == expected


def test_locked__is_what_its_own_open_cases_hold() -> None:
    open_ = replace(submitted_deal(), status=DealStatus.CHALLENGED, dispute=Challenge(WATCHER, 100, MEDIATION, 30))
    assert locked(open_, WATCHER) == 130
    assert locked(open_, CREATOR.address) == 0
    assert locked(replace(open_, status=DealStatus.REJECTED), WATCHER) == 0
    assert locked(submitted_deal(), WATCHER) == 0


def test_module__that_a_challenge_was_lost_about__stays_distrusted_until_a_person_says_otherwise(
    tmp_path: Path,
) -> None:
    module, other = ModuleId(b"\x01" * 32), ModuleId(b"\x02" * 32)
    with Journal(tmp_path / "journal.sqlite") as journal:
        Memory(journal).distrust(module)
    with Journal(tmp_path / "journal.sqlite") as journal:
        memory = Memory(journal)
        assert (memory.distrusts(module), memory.distrusts(other)) == (True, False)
        memory.trust_again()
        assert not Memory(journal).distrusts(module)
