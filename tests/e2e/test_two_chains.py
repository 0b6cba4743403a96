"""Agents of several chains in one process: each follows its own, and neither knows of the other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import local_network
from lilypad.settings import Settings

CHAINS = (31337, 31338)


async def test_agents__of_two_chains_in_one_process__share_folders_and_accounts_and_nothing_else(
    modules: Path, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        creators = []
        for chain in CHAINS:
            settings = Settings(data=tmp_path, deployments=tmp_path / "deployments", modules=(modules,), chain_id=chain)
            here = await stack.enter_async_context(local_network(settings, chain_port=0, market_port=0, mediators=0))
            creators.append(await stack.enter_async_context(Lilypad(here.accounts.creator, here.settings)))
        results = await asyncio.gather(
            *(lily.run("cowsay", {"Message": f"chain {chain}"}) for lily, chain in zip(creators, CHAINS, strict=True))
        )
        for lily, chain, result in zip(creators, CHAINS, results, strict=True):
            assert f"< chain {chain} >".encode() in result.stdout
            assert lily.actor.deployment.chain_id == chain
            assert [job.inputs["Message"] for job in lily.jobs.all()] == [f"chain {chain}"]
    for role in ("creator", "provider", "solver"):
        assert {path.name for path in (tmp_path / role).iterdir()} == {str(chain) for chain in CHAINS}
