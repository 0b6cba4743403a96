"""A provider that agrees and does nothing, on a real network: everybody concerned is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import local_network
from lilypad.agents.provider.agent import Provider
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.settings import ETHER, Settings

from .conftest import MODULES
from .helpers import inbox, scrape, until


async def test_deal__that_ends_late__is_posted_by_both_sides_and_costs_the_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(provider: Provider, deal: Deal) -> None:
        await provider._deals.wait_while(deal)

    monkeypatch.setattr(Provider, "_step", nothing)
    async with inbox() as hook:
        settings = Settings(
            data=tmp_path, deployments=tmp_path / "deployments", modules=(MODULES,), decline_window=1, submit_window=2,
            alert_webhook=hook.url,
        )  # fmt: skip
        async with (
            local_network(settings, chain_port=0, market_port=0) as network,
            Lilypad(network.accounts.creator, network.settings) as lily,
        ):
            job = await lily.submit("cowsay", {"Message": "anybody there?"})
            *_, end = [step async for step in lily.follow(job)]
            assert end.deal is not None
            assert end.deal.status is DealStatus.LATE

            async def is_late() -> bool:
                return (await scrape(network.operations["provider"]))("deals", status="late") == 1

            await until(is_late)
            numbers = await scrape(network.operations["provider"])
            posted = [json.loads(body) for body in await hook.wait_for(2)]
    assert numbers("deal_lily", direction="outlay") == pytest.approx(end.deal.terms.late_penalty / ETHER)
    assert numbers("alerts_total", kind="missed_deadline") == 1
    assert {(alert["kind"], alert["agent"]["role"]) for alert in posted} == {
        ("missed_deadline", "creator"),
        ("missed_deadline", "provider"),
    }
    assert {alert["fields"]["deal"] for alert in posted} == {"0x" + end.deal.id.hex()}
