"""The court by commands: a creator that doubts, a mediator whose money comes home. A test moves the clock on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lilypad.agents.mediator.agent import Mediator
from lilypad.settings import ETHER

from .court_town import court_town
from .terminal import Terminal

DAY = 86_400
UNBONDING = 38 * DAY


async def test_stake__that_has_left__is_released_to_the_wallet_by_the_chain_s_clock(
    modules: Path, tmp_path: Path
) -> None:
    async with court_town(modules, tmp_path) as here:
        terminal = Terminal(here.network.settings)
        account = here.network.accounts.creator.address

        async def wallet() -> int:
            return (await here.lily.actor.funds(account)).wallet

        async def told(*arguments: str) -> Any:
            done = await terminal("mediator", *arguments, "--json")
            assert done.code == 0, done.err
            return {name: int(each["wei"]) for name, each in done.document.items() if isinstance(each, dict)}

        before = await wallet()
        await told("stake", "200")
        await told("unstake", "60")
        await here.pass_time(UNBONDING - DAY)
        await here.pass_blocks()
        early = await terminal("mediator", "release")
        assert (early.code, "nothing is free yet" in early.err) == (3, True)
        await here.pass_time(DAY + 60)
        await here.pass_blocks()
        after = await told("release")
        assert (after["staked"], after["leaving"], after["free"]) == (140 * ETHER, 0, 0)
        assert before - await wallet() == 140 * ETHER


async def test_fee__that_no_agent_collected__is_shown_and_collected_by_hand(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgets(*_: Any) -> None:
        """As an agent that was stopped when the case closed."""

    monkeypatch.setattr(Mediator, "_collect", forgets)
    async with court_town(modules, tmp_path) as here:
        judge = here.network.accounts.mediators[0]
        (tmp_path / "key").write_text(judge.key.hex())
        (tmp_path / "password").write_text("correct horse")
        own = {"keystore": tmp_path / "judge.json", "password_file": tmp_path / "password"}
        terminal = Terminal(here.network.settings, **own)
        assert (await terminal("wallet", "import", "--key-file", str(tmp_path / "key"))).code == 0
        job, deal = await here.submitted()
        await here.challenge(deal)
        await here.ended(job)
        before = (await here.lily.actor.funds(judge.address)).free
        page = (await terminal("mediator", "status")).out
        assert "fees to collect  1 LILY" in page
        collected = (await terminal("mediator", "collect", "--json")).document
        assert collected["owed"]["wei"] == "0"
        assert (await here.lily.actor.funds(judge.address)).free - before == ETHER
        again = await terminal("mediator", "collect")
        assert (again.code, "there are no fees to collect" in again.err) == (3, True)


async def test_run__with_a_check_that_always_challenges__is_paid_after_mediators_upheld_it(
    modules: Path, tmp_path: Path
) -> None:
    async with court_town(modules, tmp_path) as here:
        terminal = Terminal(here.network.settings)
        done = await terminal("run", "cowsay", "--check", "sometimes", "--check-probability", "1")
        assert done.code == 0, done.err
        stages = re.findall(r"^ *[0-9.]+ s  (\w+)", done.err, re.MULTILINE)
        assert stages == ["offered", "agreed", "submitted", "verified", "disputed", "accepted"]
        assert "mediators decide, for 3 LILY; the bond is 2 LILY" in done.err
        assert "after mediators upheld the result" in done.err
        (listed,) = (await terminal("cases", "--json")).document["cases"]
        assert (listed["phase"], listed["verdict"]) == ("closed", "right")
        assert listed["case"][:14] in (await terminal("cases")).out
