"""A network with mediators and one creator, whose clock and blocks a test moves on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lilypad.agents.books.casework import find_cases
from lilypad.agents.court import CourtRoom
from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.disputing import CheckPolicy
from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.protocol.case import Case
from lilypad.protocol.deal import Deal
from lilypad.protocol.settlement import BURNED
from lilypad.settings import Settings
from lilypad.types import Address
from tests.faults.town import begin_epoch

BLOCKS_TO_DRAW = 12
PATIENCE = 120.0


@dataclass(frozen=True)
class Town:
    network: LocalNetwork
    lily: Lilypad
    others: dict[str, Address] = field(default_factory=dict)
    """Whose money is counted beside that of the network's own accounts."""

    @property
    def court(self) -> CourtRoom:
        return CourtRoom(self.lily.actor)

    async def money(self, account: Address) -> int:
        """All that is an account's, wherever it lies."""
        funds, stake = await self.lily.actor.funds(account), await self.court.stake_of(account)
        return funds.wallet + funds.free + funds.locked + stake.staked + stake.owed + await self.court.free(account)

    async def everybody(self) -> dict[str, int]:
        """Read again until nothing moves: a fee that is being collected would be seen twice, or not at all."""
        before, now = None, await self._everybody()
        async with asyncio.timeout(PATIENCE):
            while now != before:
                await asyncio.sleep(0.5)
                before, now = now, await self._everybody()
        return now

    async def _everybody(self) -> dict[str, int]:
        accounts = self.network.accounts
        names = {name: getattr(accounts, name).address for name in ("creator", "provider", "solver", "author", "owner")}
        names |= {f"mediator {i}": account.address for i, account in enumerate(accounts.mediators)}
        names |= self.others
        return {name: await self.money(address) for name, address in {**names, "burned": BURNED}.items()}

    async def submitted(self, module: str = "cowsay", policy: CheckPolicy | None = None) -> tuple[Job, Deal]:
        """A job whose provider has answered, and that nobody follows."""
        options = JobOptions(policy=policy or CheckPolicy())
        job = await self.lily.submit(module, {"Message": "who is right?"}, options)
        stages = self.lily.follow(job)
        async for progress in stages:
            if progress.stage is Stage.SUBMITTED:
                break
        await stages.aclose()
        assert progress.deal is not None
        return self.lily.jobs.find(job.id), progress.deal

    async def ended(self, job: Job) -> Progress:
        async with asyncio.timeout(PATIENCE):
            *_, end = [progress async for progress in self.lily.follow(job)]
        return end

    async def challenge(self, deal: Deal) -> None:
        await self.lily.challenge(deal)
        await self.pass_blocks()

    async def pass_blocks(self) -> None:
        """So many that the randomness of a draw is there."""
        await self.lily.actor.rpc.call("anvil_mine", hex(BLOCKS_TO_DRAW))

    async def pass_time(self, seconds: int) -> None:
        await self.lily.actor.rpc.call("evm_increaseTime", seconds)

    async def until(self, reached: Callable[[Case], bool]) -> None:
        """Until there is a case in this town, and the first one stands so; the chain has no event for it."""
        async with asyncio.timeout(PATIENCE):
            while not any(reached(each.case) for each in (await find_cases(self.lily.actor))[:1]):  # noqa: ASYNC110
                await asyncio.sleep(0.2)


@asynccontextmanager
async def court_town(modules: Path, folder: Path) -> AsyncIterator[Town]:
    settings = Settings(data=folder, deployments=folder / "deployments", modules=(modules,))
    async with (
        local_network(settings, chain_port=0, market_port=0) as network,
        Lilypad(network.accounts.creator, network.settings) as lily,
    ):
        await begin_epoch(lily.actor.rpc)
        yield Town(network, lily)
