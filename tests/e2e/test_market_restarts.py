"""A market that goes away: the chain and the creator's disk are enough to go on."""

from __future__ import annotations

import re
import shutil

import pytest
from aiohttp.test_utils import unused_port

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Stage
from lilypad.agents.localnet import LocalNetwork
from lilypad.errors import OfferInvalidError

from .beside import SOLVER, market, provider
from .terminal import Terminal, read_until


async def test_job__whose_market_lost_everything__is_announced_again_by_resume(network: LocalNetwork) -> None:
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    creator = network.settings.model_copy(update={"market": url})
    here = creator.model_copy(update={"listen_port": port})
    async with Lilypad(network.accounts.creator, creator) as lily:
        async with market(network, here):
            job = await lily.submit("cowsay", {"Message": "still there"})
            await lily.announce(job)
        shutil.rmtree(here.data / "solver" / "31337" / SOLVER.address.lower())
        stages = lily.follow(job)
        assert (await anext(stages)).stage is Stage.OFFERED
        away = await anext(stages)
        assert away.obstacles == ("MarketAway",)
        async with market(network, here), provider(network, creator):
            *_, end = [step async for step in stages]
    assert end.stage is Stage.ACCEPTED
    assert end.result is not None
    assert b"< still there >" in end.result.stdout


async def test_resume__of_a_job_with_a_deal__needs_no_market(network: LocalNetwork, terminal: Terminal) -> None:
    process = await terminal.start("run", "talks")
    job = re.findall(r"job ([0-9a-f]{12})", await read_until(process.stderr, "agreed"))[0]
    process.kill()
    await process.wait()
    nowhere = Terminal(network.settings.model_copy(update={"market": f"http://127.0.0.1:{unused_port()}"}))
    done = await nowhere("resume", job)
    assert done.code == 0, done.err
    assert done.out.startswith("one\ntwo\n")


async def test_follow__of_a_job_that_another_process_cancels__ends_at_once(network: LocalNetwork) -> None:
    port = unused_port()
    settings = network.settings.model_copy(update={"market": f"http://127.0.0.1:{port}", "listen_port": port})
    async with market(network, settings), Lilypad(network.accounts.creator, settings) as lily:
        job = await lily.submit("cowsay", {"Message": "never mind"})
        stages = lily.follow(job)
        await anext(stages)
        assert (await lily.cancel(job)).outcome == "cancelled"
        with pytest.raises(OfferInvalidError, match="cancelled"):
            _ = [step async for step in stages]
