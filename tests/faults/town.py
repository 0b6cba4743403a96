"""A chain with the contracts on it, a solver, and accounts made for one test each: what agents live and die in."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp.test_utils import unused_port
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.archive import Standing, find_standings
from lilypad.agents.creator.jobs import Job, JobFolder, creator_folder
from lilypad.agents.faucet import fund
from lilypad.agents.localnet import Accounts, found, younger_chain
from lilypad.agents.network import Network
from lilypad.agents.service import base
from lilypad.chain.deployments import Deployment
from lilypad.chain.devnode import DevNode
from lilypad.chain.rpc import Rpc
from lilypad.settings import ETHER, Settings
from lilypad.types import Address

from .processes import Agent, Life

PASSWORD = "x"
STAKE = 40 * ETHER
EPOCH = 600
"""Of scripts/params/local.yaml."""
GIFT = 100 * ETHER


@dataclass
class Town:
    folder: Path
    node: DevNode
    settings: Settings
    deployment: Deployment
    network: Network
    agents: list[Agent] = field(default_factory=list)

    @property
    def rpc(self) -> Rpc:
        return self.network.rpc

    async def head(self) -> int:
        return int(await self.rpc.call("eth_blockNumber"), 16)

    async def pass_time(self, seconds: float) -> None:
        """Really: a chain whose clock was set forward is ahead of everybody's for ever."""
        await asyncio.sleep(seconds)
        await self.rpc.call("evm_mine")

    async def account(self) -> LocalAccount:
        """Somebody new, with money."""
        account: LocalAccount = Account.create()
        await self.rpc.call("anvil_setBalance", account.address, hex(10 * ETHER))
        await fund(self.network, Address(account.address), GIFT)
        return account

    async def provider(self, data: Path | None = None, **settings: object) -> Provider:
        account = await self.account()
        data = data or self.folder / f"provider-{secrets.token_hex(3)}"
        own = self.settings.model_copy(update={"data": data})
        async with base(own, self.deployment, account, "provider") as here:
            await here.actor.deposit(STAKE, key="stake")
        port = unused_port()
        arguments = ("--log-text", "provider", "start", "--places", "1")
        agent = self._agent(data, arguments, account, listen_port=port, ops_port=0, **settings)
        return Provider(agent, account, data)

    def mediator(self, account: LocalAccount, **settings: object) -> Agent:
        data = self.folder / f"mediator-{secrets.token_hex(3)}"
        return self._agent(data, ("--log-text", "mediator", "start"), account, ops_port=0, **settings)

    async def watcher(self, **settings: object) -> Watcher:
        """Looks at every result, at once."""
        account = await self.account()
        data = self.folder / f"watcher-{secrets.token_hex(3)}"
        arguments = ("--log-text", "watcher", "start", "--check", "1", "--wait", "0")
        return Watcher(self._agent(data, arguments, account, ops_port=0, **settings), account, data)

    def solver(self, port: int, **settings: object) -> Agent:
        data = self.folder / f"solver-{secrets.token_hex(3)}"
        arguments = ("--log-text", "solver", "start", "--port", str(port))
        return self._agent(data, arguments, Accounts.development().solver, ops_port=0, **settings)

    async def creator(self, data: Path | None = None) -> Creator:
        account = await self.account()
        data = data or self.folder / f"creator-{secrets.token_hex(3)}"
        agent = self._agent(data, ("--log-text",), account)
        return Creator(self, account, self.settings.model_copy(update={"data": data}), agent)

    def _agent(self, data: Path, arguments: tuple[str, ...], account: LocalAccount, **others: object) -> Agent:
        data.mkdir(parents=True, exist_ok=True)
        keystore, password = data / "wallet.json", data / "password"
        # Encrypted with next to nothing: a hundred starts should not spend a hundred seconds on it.
        keystore.write_text(json.dumps(Account.encrypt(account.key, PASSWORD, kdf="pbkdf2", iterations=2)))
        password.write_text(PASSWORD)
        given = self.settings
        environment = {
            "LILYPAD_DATA": str(data),
            "LILYPAD_DEPLOYMENTS": str(given.deployments),
            "LILYPAD_MODULES": ",".join(map(str, given.modules)),
            "LILYPAD_PASSWORD_FILE": str(password),
            "LILYPAD_RPC": given.rpc[0],
            "LILYPAD_MARKET": given.market,
            "XDG_CONFIG_HOME": str(data / "config"),
        }
        windows = ("decline_window", "submit_window", "judge_window", "mediate_window")
        environment |= {f"LILYPAD_{name.upper()}": str(getattr(given, name)) for name in windows}
        environment |= {f"LILYPAD_{name.upper()}": str(value) for name, value in others.items()}
        notebook = self.folder / f"agent-{secrets.token_hex(3)}"  # not among the data: their disk may be full
        self.agents.append(Agent(notebook, arguments, environment))
        return self.agents[-1]


@dataclass
class Provider:
    agent: Agent
    account: LocalAccount
    data: Path

    @property
    def folder(self) -> Path:
        """Its journal, its blocks, and one folder for each deal in hand."""
        return self.data / "provider" / "31337" / self.account.address.lower()

    async def restart(self, crash_at: str = "") -> Life:
        await self.agent.end()
        return self.agent.start(crash_at=crash_at)

    def deal_folders(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "deals").glob("*"))


@dataclass
class Watcher:
    agent: Agent
    account: LocalAccount
    data: Path

    def left_on_disk(self) -> list[Path]:
        return [*self.data.glob("watcher/31337/*/results/*")]


@dataclass
class Creator:
    town: Town
    account: LocalAccount
    settings: Settings
    agent: Agent
    """Its command, for tests that kill it."""

    def open(self) -> Lilypad:
        """As a program of its own would use it."""
        return Lilypad(self.account, self.settings)

    async def standings(self) -> list[Standing]:
        """Of all its jobs that have a deal."""
        return list((await find_standings(self.town.network, self.jobs())).values())

    def jobs(self) -> list[Job]:
        """Newest first."""
        return JobFolder(creator_folder(self.settings, Address(self.account.address)) / "jobs").all()


@asynccontextmanager
async def town(folder: Path, modules: Path, mediators: int = 0, **changes: object) -> AsyncIterator[Town]:
    """With its solver's market at a port that stays, but no solver yet. Mediators have staked, but none runs."""
    settings = Settings(
        data=folder / "founders", deployments=folder / "deployments", modules=(modules,), decline_window=60
    )
    accounts = Accounts.development(mediators)
    async with DevNode(state=folder / "chain.json", extra=younger_chain() if mediators else ()) as node:
        settings = settings.model_copy(
            update={"rpc": (node.url,), "market": f"http://127.0.0.1:{unused_port()}", **changes}
        )
        deployment = await found(settings, accounts)
        async with Rpc(settings.rpc, chain_id=31337) as rpc:
            if mediators:
                await begin_epoch(rpc)
            here = Town(folder, node, settings, deployment, Network(rpc, deployment))
            try:
                yield here
            finally:
                for agent in here.agents:
                    await agent.end()


async def begin_epoch(rpc: Rpc) -> None:
    """Now, or a little later: a draw waits for the first half of an epoch, and for randomness that is all of it."""
    now = int(time.time())
    passed = now % EPOCH
    later = max(30 - passed, 0) if passed < EPOCH // 2 - 60 else EPOCH - passed + 30
    await rpc.call("evm_setTime", now + later)


async def until(is_so: Callable[[], bool], patience: float = 30.0) -> None:
    """What happens in another process is nobody's event, so this looks."""
    async with asyncio.timeout(patience):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
