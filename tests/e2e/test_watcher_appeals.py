"""A watcher whose challenge a bribed mediator has turned down: where that pays, it asks for more of them by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.agents.books.casework import find_case
from lilypad.protocol.deal import Claim, DealStatus, Verdict

from .test_appeals import APPEAL_WINDOW, PRICE, first_finds, is_ruled, one_mediator_first, town_with_appeals
from .test_disputes import BOND, FEE, cheating, gains, inflated_bill
from .watching import POLICY, watcher

__all__ = ["first_finds", "one_mediator_first"]


async def test_watcher__ruled_against_by_a_liar__appeals_and_has_its_reward(
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first_finds: Callable[[Callable[[Claim], Claim]], None],
) -> None:
    first_finds(lambda claim: claim)
    cheating(monkeypatch, inflated_bill)
    async with town_with_appeals(modules, tmp_path) as here, watcher(here):
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.until(lambda _: True)
        await here.pass_blocks()
        await here.until(lambda case: case.docket.stage.round == 1)
        await here.pass_blocks()
        end = await here.ended(job)
        after = await here.everybody()
        found = await find_case(here.lily.actor, deal.id)
    assert end.deal.status is DealStatus.REJECTED
    assert found is not None
    assert len(found.case.docket.seats) == 3
    assert gains(before, after)["watcher"] >= (deal.terms.collateral - FEE) // 4, "the appeal was free"


async def test_watcher__that_may_not_lock_so_much__takes_the_ruling_as_it_is(
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first_finds: Callable[[Callable[[Claim], Claim]], None],
) -> None:
    first_finds(lambda claim: claim)
    cheating(monkeypatch, inflated_bill)
    lock = FEE + BOND
    async with town_with_appeals(modules, tmp_path) as here, watcher(here, replace(POLICY, bond=lock + PRICE - 1)):
        before = await here.everybody()
        job, _ = await here.submitted()
        await here.until(lambda _: True)
        await here.pass_blocks()
        await here.until(is_ruled)
        await here.pass_time(APPEAL_WINDOW + 1)
        end = await here.ended(job)
        after = await here.everybody()
    assert end.deal.verdict is Verdict.RIGHT
    assert gains(before, after)["watcher"] == -lock
