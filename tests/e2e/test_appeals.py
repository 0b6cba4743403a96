"""Rulings that are appealed, on a real chain with real mediators: the second round, of more of them, decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.agents.books.cases import Dispute
from lilypad.agents.books.casework import find_case
from lilypad.agents.court import CourtActor
from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Stage
from lilypad.agents.localnet import local_network
from lilypad.agents.mediator.examining import Examiner
from lilypad.agents.network import Network
from lilypad.agents.service import base
from lilypad.protocol.case import Case, CasePhase
from lilypad.protocol.deal import Claim, DealStatus, Verdict
from lilypad.protocol.words import Verification
from lilypad.settings import Settings
from lilypad.types import Engine
from tests.faults.town import begin_epoch

from .court_town import Town
from .terminal import Terminal
from .test_disputes import BOND, FEE, cheating, gains, inflated_bill

APPEAL_WINDOW = 600
PRICE = 3 * FEE + 2 * BOND
"""Of the only appeal: the fees of three mediators, and twice the bond."""


@asynccontextmanager
async def town_with_appeals(modules: Path, folder: Path, *, defended: bool = True) -> AsyncIterator[Town]:
    """One mediator decides first, three more after an appeal."""
    settings = Settings(data=folder, deployments=folder / "deployments", modules=(modules,), appeal=defended)
    async with (
        local_network(settings, chain_port=0, market_port=0, mediators=5) as network,
        Lilypad(network.accounts.creator, network.settings) as lily,
    ):
        async with base(network.settings, network.deployment, network.accounts.owner, "owner") as owner:
            court = CourtActor(owner.actor)
            word = replace(await court.settings(), appeal=APPEAL_WINDOW, appeals=1).word()
            call = court.mediation.encode("setSettings", word)
            await owner.actor.sender.send(court.mediation.address, call, key="appeals")
        await begin_epoch(lily.actor.rpc)
        yield Town(network, lily)


@pytest.fixture(autouse=True)
def one_mediator_first(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Network.verification

    def verification(network: Network, engine: Engine) -> Verification:
        return replace(usual(network, engine), mediators=1)

    monkeypatch.setattr(Network, "verification", verification)


@pytest.fixture
def first_finds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Claim], Claim]], None]:
    """Makes whoever is drawn first say something about the result whatever it finds; the others stay honest."""

    def make(say: Callable[[Claim], Claim]) -> None:
        honest = Examiner._result

        async def result(examiner: Examiner, dispute: Dispute, until: int) -> Claim:
            found = await honest(examiner, dispute, until)
            return say(dispute.case.docket.claim) if dispute.case.docket.stage.round == 0 else found

        monkeypatch.setattr(Examiner, "_result", result)

    return make


def is_ruled(case: Case) -> bool:
    return case.phase is CasePhase.RULED


async def test_provider__ruled_against_by_a_liar__appeals_by_itself_and_is_paid(
    modules: Path, tmp_path: Path, first_finds: Callable[[Callable[[Claim], Claim]], None]
) -> None:
    first_finds(lambda claim: replace(claim, commitment=b"\x07" * 32))
    async with town_with_appeals(modules, tmp_path) as here:
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.challenge(deal)
        await here.until(lambda case: case.docket.stage.round == 1)
        await here.pass_blocks()
        end = await here.ended(job)
        after = await here.everybody()
        found = await find_case(here.lily.actor, deal.id)
        slashes = await here.court.slashes()
    assert len(slashes) == 1
    assert (end.stage, end.deal.verdict) == (Stage.ACCEPTED, Verdict.RIGHT)
    assert found is not None
    assert len(found.case.docket.seats) == 3
    gained = gains(before, after)
    assert gained["provider"] > BOND // 2, "the price, and half of what the challenger risked: the appeal was free"
    assert sorted(name for name in gained if gained[name] < 0 and "mediator" in name) == [
        f"mediator {i}" for i, account in enumerate(here.network.accounts.mediators)
        if account.address in {slash.mediator for slash in slashes}
    ], "who lied pays"  # fmt: skip


async def test_provider__that_does_not_defend_itself__loses_what_a_liar_says(
    modules: Path, tmp_path: Path, first_finds: Callable[[Callable[[Claim], Claim]], None]
) -> None:
    first_finds(lambda claim: replace(claim, commitment=b"\x07" * 32))
    async with town_with_appeals(modules, tmp_path, defended=False) as here:
        job, deal = await here.submitted()
        await here.challenge(deal)
        await here.until(is_ruled)
        await here.pass_time(APPEAL_WINDOW + 1)
        end = await here.ended(job)
    assert end.deal.status is DealStatus.REJECTED


async def test_command__appeals_a_ruling_that_a_cheat_has_bought(
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first_finds: Callable[[Callable[[Claim], Claim]], None],
) -> None:
    first_finds(lambda claim: claim)
    cheating(monkeypatch, inflated_bill)
    async with town_with_appeals(modules, tmp_path) as here:
        terminal = Terminal(here.network.settings)
        before = await here.everybody()
        job, deal = await here.submitted()
        await here.lily.challenge(deal)
        early = await terminal("appeal", job.id[:12], "--yes")
        assert (early.code, "its mediators have not ruled yet" in early.err) == (5, True)
        await here.pass_blocks()
        await here.until(is_ruled)
        shown = (await terminal("case", job.id[:12], "--json")).document
        assert (shown["verdict"], shown["appealPrice"]["wei"]) == ("right", str(PRICE))
        appealed = await terminal("appeal", job.id[:12], "--json")
        assert appealed.code == 0, appealed.err
        assert (appealed.document["round"], appealed.document["locked"]["wei"]) == (1, str(PRICE))
        await here.pass_blocks()
        end = await here.ended(job)
        late = await terminal("appeal", job.id[:12], "--yes")
        after = await here.everybody()
    assert end.deal.status is DealStatus.REJECTED
    assert (late.code, "it is over" in late.err) == (5, True)
    gained = gains(before, after)
    assert gained["provider"] == -deal.terms.collateral
    assert gained["creator"] > 0, "both bonds are back, and it is rewarded for its doubt"
