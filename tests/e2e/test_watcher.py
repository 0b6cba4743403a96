"""A watcher on a real chain: who cheats a creator that is away is caught, who is honest is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lilypad.agents.books.casework import find_cases
from lilypad.agents.creator.progress import Stage
from lilypad.agents.watcher.looking import Looker
from lilypad.protocol.deal import DealStatus, Verdict
from lilypad.settings import ETHER

from .court_town import Town, court_town
from .terminal import Terminal
from .test_disputes import BOND, FEE, cheating, gains, inflated_bill, withheld_output, wrong_bytes
from .watching import POLICY, WATCHER, watcher


@pytest.fixture
def town(modules: Path, tmp_path: Path) -> Callable[..., Any]:
    return lambda: court_town(modules, tmp_path)


async def challenged(town: Town) -> None:
    """By the watcher; the randomness of the draw comes with the next blocks."""
    await town.until(lambda _: True)
    await town.pass_blocks()


async def fourfold_bill(provider: Any, deal: Any, record: Any) -> Any:
    """Beyond what terms tolerate where time is measured."""
    inflated = replace(record, instruction_count=record.instruction_count * 4)
    provider._deals.note(deal.id, result=inflated.to_json())
    return inflated


@pytest.mark.parametrize("cheat", [wrong_bytes, fourfold_bill])
async def test_cheat__whose_creator_is_away__is_caught_and_the_creator_made_whole(
    town: Any, named: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, cheat: Any
) -> None:
    cheating(monkeypatch, cheat)
    async with town() as here, watcher(here):
        before = await here.everybody()
        _, deal = await here.submitted(named("cowsay"))
        await challenged(here)
        await here.until(lambda case: case.is_over)
        after = await here.everybody()
        (dispute,) = await find_cases(here.lily.actor)
    assert dispute.case.verdict is Verdict.WRONG
    gained = gains(before, after)
    assert gained["provider"] == -deal.terms.collateral
    share = (deal.terms.collateral - 3 * FEE) // 4
    assert gained["watcher"] == share, "and fee and bond are back"
    assert gained["creator"] == share, "and its price is back"
    assert [gained[f"mediator {i}"] for i in range(3)] == [FEE] * 3


async def test_bill__that_is_one_too_high__is_caught_where_instructions_are_counted(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheating(monkeypatch, inflated_bill)
    async with town() as here, watcher(here):
        job, _ = await here.submitted()
        await challenged(here)
        assert (await here.ended(job)).deal.status is DealStatus.REJECTED


async def test_honest_provider__is_left_alone(town: Any, named: Callable[[str], str], tmp_path: Path) -> None:
    async with town() as here, watcher(here) as watching:
        before = await here.everybody()
        job, _ = await here.submitted(named("cowsay"))
        await watching.has_found("right")
        assert await find_cases(here.lily.actor) == []
        end = await here.ended(job)
        after = await here.everybody()
    assert [*tmp_path.glob("watcher/31337/*/results/*")] == [], "nothing is left on the disk"  # noqa: ASYNC240
    assert end.stage is Stage.ACCEPTED
    assert "watcher" not in gains(before, after)


async def test_provider__that_withholds_its_output_but_is_right__is_not_the_watcher_s_business(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheating(monkeypatch, withheld_output)
    async with town() as here, watcher(here) as watching:
        await here.submitted()
        await watching.has_found("right")
        assert await find_cases(here.lily.actor) == []


async def test_run__that_only_this_machine_gets_wrong_once__is_no_reason_to_challenge(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flipped bit, an engine that was cut off: the second run says something else."""
    honest = Looker.run

    async def run(looker: Looker, deal: Any, *, again: bool, place: Any) -> Any:
        record = await honest(looker, deal, again=again, place=place)
        return record if again else replace(record, instruction_count=record.instruction_count + 1)

    monkeypatch.setattr(Looker, "run", run)
    async with town() as here, watcher(here) as watching:
        await here.submitted()
        await watching.has_found("right")
        assert await find_cases(here.lily.actor) == []


async def test_inputs__that_nobody_serves__are_no_reason_to_challenge(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheating(monkeypatch, wrong_bytes)
    async with town() as here, watcher(here, replace(POLICY, wait=2)) as watching:
        _, deal = await here.submitted()
        for store in here.network.settings.data.glob("*/31337/*/blocks"):
            shutil.rmtree(store)
        await here.pass_time(deal.terms.windows.judge)
        await here.pass_blocks()
        await watching.has_found("passed_over")
        assert await find_cases(here.lily.actor) == []


async def test_creator__that_accepts_meanwhile__ends_it(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cheating(monkeypatch, wrong_bytes)
    async with town() as here, watcher(here, replace(POLICY, wait=3_000)):
        job, deal = await here.submitted()
        await here.lily.actor.accept(deal)
        assert (await here.ended(job)).deal.verdict is None
        assert await find_cases(here.lily.actor) == []


async def test_machine__that_is_wrong_itself__loses_one_bond_and_no_more(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Looker.run

    async def run(looker: Looker, deal: Any, *, again: bool, place: Any) -> Any:
        record = await honest(looker, deal, again=again, place=place)
        return replace(record, instruction_count=record.instruction_count + 1)

    monkeypatch.setattr(Looker, "run", run)
    async with town() as here, watcher(here) as watching:
        before = await here.everybody()
        job, _ = await here.submitted()
        await challenged(here)
        assert (await here.ended(job)).deal.verdict is Verdict.RIGHT
        assert gains(before, await here.everybody())["watcher"] == -3 * FEE - BOND
        await here.submitted()
        await watching.has_found("passed_over")
        assert len(await find_cases(here.lily.actor)) == 1


async def test_purse__that_cannot_pay_for_a_challenge__makes_a_watcher_unfit(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheating(monkeypatch, wrong_bytes)
    async with town() as here, watcher(here, replace(POLICY, bond=ETHER)) as watching:
        assert not await watching.is_fit()
        await here.submitted()
        await watching.has_found("passed_over")
        assert await find_cases(here.lily.actor) == []


async def test_status__of_a_watcher__tells_what_its_challenges_have_brought(
    town: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cheating(monkeypatch, inflated_bill)
    async with town() as here:
        (tmp_path / "key").write_text(WATCHER.key.hex())
        (tmp_path / "password").write_text("correct horse")
        own = {"keystore": tmp_path / "watcher.json", "password_file": tmp_path / "password"}
        terminal = Terminal(here.network.settings, **own)
        assert (await terminal("wallet", "import", "--key-file", str(tmp_path / "key"))).code == 0
        async with watcher(here):
            job, deal = await here.submitted()
            await challenged(here)
            open_ = (await terminal("watcher", "status", "--json")).document
            await here.ended(job)
        done = (await terminal("watcher", "status", "--json")).document
        page = (await terminal("watcher", "status")).out
    assert (open_["open"], open_["won"], open_["locked"]["wei"]) == (1, 0, str(3 * FEE + BOND))
    assert (done["open"], done["won"], done["lost"], done["locked"]["wei"]) == (0, 1, 0, "0")
    assert done["earned"]["wei"] == str((deal.terms.collateral - 3 * FEE) // 4)
    assert done["free"]["wei"] == str(3 * FEE + BOND + (deal.terms.collateral - 3 * FEE) // 4), "the vault has it"
    assert "challenged         0 open, 1 won, 0 lost, 0 undecided" in page
    assert "a challenge locks  5 LILY" in page
    assert "0x" + deal.id.hex()[:12] in page
