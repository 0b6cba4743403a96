"""A provider that agreed, and is never heard of again."""

from __future__ import annotations

from pathlib import Path

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Stage
from lilypad.agents.localnet import local_network
from lilypad.agents.provider.agent import Provider
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.settings import Settings


async def test_job__whose_provider_is_gone__is_ended_by_its_creator(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(provider: Provider, deal: Deal) -> None:
        await provider._deals.wait_while(deal)

    monkeypatch.setattr(Provider, "_step", nothing)
    settings = Settings(
        data=tmp_path, deployments=tmp_path / "deployments", modules=(modules,), decline_window=1, submit_window=2
    )
    async with (
        local_network(settings, chain_port=0, market_port=0) as network,
        Lilypad(network.accounts.creator, network.settings) as lily,
    ):
        before = await lily.actor.funds(lily.actor.account)
        job = await lily.submit("cowsay", {"Message": "anybody there?"})
        *_, end = [step async for step in lily.follow(job)]
        after = await lily.actor.funds(lily.actor.account)
    assert end.stage is Stage.ENDED
    assert end.deal is not None
    assert end.deal.status is DealStatus.LATE
    assert after.locked == 0
    assert after.wallet + after.free == before.wallet + before.free + end.deal.terms.late_penalty
