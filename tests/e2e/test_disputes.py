"""Results that are challenged, on a real chain with real mediators: who is right is paid, who is wrong pays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lilypad.agents.creator.disputing import Check, CheckPolicy
from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.progress import Stage
from lilypad.agents.mediator.agent import Mediator
from lilypad.agents.provider.agent import Provider
from lilypad.agents.work.results import ResultRecord
from lilypad.protocol.case import CasePhase
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.settings import ETHER
from lilypad.store.results import seal
from lilypad.types import Digest, ExitStatus, Result

from .court_town import PATIENCE, court_town
from .terminal import Terminal

WINDOW = 300
"""Of scripts/params/local.yaml, for sealing votes, and again for opening them."""
FEE, BOND, PENALTY = ETHER, 2 * ETHER, 20 * ETHER
STAKE = 1_000 * ETHER


@pytest.fixture
def town(modules: Path, tmp_path: Path) -> Callable[..., Any]:
    """Of its own for each test; begun by the test, so that what it does to agents comes first."""
    return lambda: court_town(modules, tmp_path)


def cheating(monkeypatch: pytest.MonkeyPatch, cheat: Callable[[Provider, Deal, ResultRecord], Any]) -> None:
    """The provider says something else than what it found."""
    honest = Provider._result_of

    async def result_of(provider: Provider, deal: Deal) -> ResultRecord:
        record: ResultRecord = await cheat(provider, deal, await honest(provider, deal))
        return record

    monkeypatch.setattr(Provider, "_result_of", result_of)


async def wrong_bytes(provider: Provider, deal: Deal, record: ResultRecord) -> ResultRecord:
    output = provider._workshop.folder / deal.id.hex() / "output"
    if not output.exists():
        return record  # it has said so before, and keeps to it
    (output / "outputs" / "cow.txt").write_text("moo, for nothing")
    result, cid = await seal(output, record.result.exit_status, provider._workshop.store)
    await provider._workshop.store.pin(cid)
    wrong = ResultRecord(result, record.instruction_count)
    provider._deals.note(deal.id, result=wrong.to_json())
    return wrong


async def inflated_bill(provider: Provider, deal: Deal, record: ResultRecord) -> ResultRecord:
    inflated = replace(record, instruction_count=record.instruction_count + 1)
    provider._deals.note(deal.id, result=inflated.to_json())
    return inflated


async def withheld_output(provider: Provider, deal: Deal, record: ResultRecord) -> ResultRecord:
    provider._deals.note(deal.id, result=None)
    return record


def gains(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    assert sum(before.values()) == sum(after.values()), "nothing is made, nothing is lost"
    return {name: after[name] - before[name] for name in before if after[name] != before[name]}


async def test_dispute__about_a_right_result__pays_provider_and_mediators(
    town: Any, named: Callable[[str], str]
) -> None:
    """Also in containers, whose bill no other machine measures exactly."""
    async with town() as here:
        before = await here.everybody()
        job, deal = await here.submitted(named("cowsay"))
        await here.challenge(deal)
        end = await here.ended(job)
        after = await here.everybody()
    assert (end.stage, end.deal.verdict) == (Stage.ACCEPTED, Verdict.RIGHT)
    assert end.result.stdout.startswith(b" ______")
    gained = gains(before, after)
    assert gained["creator"] == -end.deal.cost - 3 * FEE - BOND
    assert gained["burned"] == BOND // 2
    assert [gained[f"mediator {i}"] for i in range(3)] == [FEE] * 3
    assert gained["provider"] > BOND // 2, "the price, and half of what the challenger risked"


@pytest.mark.parametrize("cheat", [wrong_bytes, inflated_bill])
async def test_dispute__about_a_wrong_result__makes_the_creator_whole(
    town: Any, monkeypatch: pytest.MonkeyPatch, cheat: Any
) -> None:
    cheating(monkeypatch, cheat)
    async with town() as here:
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.challenge(deal)
        end = await here.ended(job)
        after = await here.everybody()
    assert (end.stage, end.deal.status) == (Stage.ENDED, DealStatus.REJECTED)
    gained = gains(before, after)
    assert gained["provider"] == -deal.terms.collateral
    assert gained["creator"] > 0, "refunded, and rewarded for its doubt"
    assert [gained[f"mediator {i}"] for i in range(3)] == [FEE] * 3
    assert gained["burned"] > 0


async def test_dispute__about_what_was_withheld__is_at_the_provider_s_cost(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheating(monkeypatch, withheld_output)
    async with town() as here:
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.challenge(deal)
        await here.until(lambda case: case.phase is CasePhase.VOTING)
        await here.pass_time(WINDOW // 2 + 5)  # so long a provider is asked
        end = await here.ended(job)
        after = await here.everybody()
    assert (end.stage, end.deal.verdict) == (Stage.ACCEPTED, Verdict.WITHHELD)
    assert end.result.stdout.startswith(b" ______"), "mediators publish what they found"
    gained = gains(before, after)
    assert gained["creator"] == -end.deal.cost
    assert gained["provider"] < -2 * FEE, "it pays the mediators in the challenger's place"
    assert [gained[f"mediator {i}"] for i in range(3)] == [FEE] * 3


GUESS = ResultRecord(Result(*[Digest(b"\x11" * 32)] * 2, ExitStatus(0), *[Digest(b"\x22" * 32)] * 2), 7)


async def silent(mediator: Mediator, *_: Any) -> None:
    """Sits there and says nothing."""


async def wrong(mediator: Mediator, dispute: Any, seat: int, now: int) -> None:
    """Says at random what it has not found."""
    if "result" not in mediator._cases.notes(dispute.id):
        mediator._cases.note(dispute.id, result=GUESS.to_json())
    await HONEST(mediator, dispute, seat, now)


async def copying(mediator: Mediator, dispute: Any, seat: int, now: int) -> None:
    """Commits to what another has committed to, and hopes to learn how to open it."""
    case, own = dispute.case, mediator._court.account
    others = [seal for each, seal in case.committed.items() if case.docket.seats[each] != own]
    if others and seat not in case.committed:
        await mediator._court.commit(case, seat, others[0])


HONEST = Mediator._vote


@pytest.mark.parametrize(("fault", "lost"), [(silent, PENALTY // 2), (copying, PENALTY // 2), (wrong, PENALTY)])
async def test_mediator__that_does_not_do_its_work__pays_those_who_do(
    town: Any, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Coroutine[Any, Any, None]], lost: int
) -> None:
    async with town() as here:
        bad = here.network.accounts.mediators[1].address

        async def vote(mediator: Mediator, *arguments: Any) -> None:
            await (fault if mediator._court.account == bad else HONEST)(mediator, *arguments)

        monkeypatch.setattr(Mediator, "_vote", vote)
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.challenge(deal)
        if fault is not wrong:
            sealed = 3 if fault is copying else 2
            await here.until(lambda case: len(case.committed) == sealed)
            if fault is silent:  # otherwise the votes are opened as soon as all are sealed
                await here.pass_time(WINDOW + 1)
            await here.until(lambda case: len(case.revealed) == 2)
            await here.pass_time(2 * WINDOW + 1)
        end = await here.ended(job)
        after = await here.everybody()
        slashes = await here.court.slashes()
    assert (end.stage, end.deal.verdict) == (Stage.ACCEPTED, Verdict.RIGHT)
    assert [(slash.mediator, slash.amount) for slash in slashes] == [(bad, lost)]
    gained = gains(before, after)
    assert gained["mediator 1"] == -lost
    assert gained["burned"] == BOND // 2 + lost // 2
    shared = 3 * FEE + lost // 2
    assert gained["mediator 0"] + gained["mediator 2"] == shared


@pytest.mark.parametrize("check", [Check.ALWAYS, Check.RERUN])
async def test_policy__that_checks__catches_a_cheat_by_itself(
    town: Any, monkeypatch: pytest.MonkeyPatch, check: Check
) -> None:
    cheating(monkeypatch, inflated_bill)
    async with town() as here:
        job = await here.lily.submit("cowsay", {"Message": "prove it"}, JobOptions(policy=CheckPolicy(check)))
        stages = []
        async with asyncio.timeout(PATIENCE):
            async for progress in here.lily.follow(job):
                stages.append(progress.stage)
                if progress.stage is Stage.CHALLENGED:
                    await here.pass_blocks()
    assert stages[-2:] == [Stage.CHALLENGED, Stage.ENDED]
    assert progress.deal is not None
    assert progress.deal.status is DealStatus.REJECTED


async def test_policy__to_run_it_here__pays_for_a_right_result_without_mediators(town: Any) -> None:
    async with town() as here:
        job = await here.lily.submit("cowsay", {"Message": "I see"}, JobOptions(policy=CheckPolicy(Check.RERUN)))
        end = await here.ended(job)
        assert (end.stage, end.deal.verdict) == (Stage.ACCEPTED, None)
        assert commitment(end.result.record.result) == end.deal.claim.commitment


async def test_commands__tell_of_a_dispute(town: Any) -> None:
    async with town() as here:
        terminal = Terminal(here.network.settings)
        assert (await terminal("cases", "--json")).document == {"cases": []}
        job, deal = await here.submitted()
        challenged = await terminal("challenge", job.id[:12], "--json")
        assert challenged.code == 0, challenged.err
        assert challenged.document["case"] == "0x" + deal.id.hex()
        (listed,) = (await terminal("cases", "--json")).document["cases"]
        assert (listed["phase"], listed["verdict"]) == ("armed", None)
        await here.pass_blocks()
        again = await terminal("challenge", job.id[:12], "--yes")
        assert again.code != 0
        assert "nothing can be challenged: it is" in again.err
        await here.ended(job)
        shown = await terminal("case", job.id[:12], "--json")
        assert shown.document["verdict"] == "right"
        assert [seat["vote"] for seat in shown.document["seats"]] == ["upholds it"] * 3
        page = await terminal("case", job.id[:12])
        assert "the result is right: the provider is paid" in page.out
        assert (await terminal("status", job.id[:12], "--json")).document["state"] == "accepted"
