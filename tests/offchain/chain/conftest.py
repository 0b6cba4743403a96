"""A real chain for the tests of this folder, and a contract whose events anybody can cause."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.chain.devnode import DevNode
from lilypad.chain.outbox import Outbox
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.store.journal import Journal

from .directory import Directory

CHAIN_ID = 31_401


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node() -> AsyncIterator[DevNode]:
    async with DevNode(chain_id=CHAIN_ID) as node:
        yield node


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rpc(node: DevNode) -> AsyncIterator[Rpc]:
    async with Rpc([node.url], chain_id=CHAIN_ID) as rpc:
        yield rpc


@pytest_asyncio.fixture
async def directory(rpc: Rpc) -> Directory:
    """Of this test's own, on the chain that all tests share."""
    return await Directory.deploy(rpc)


@pytest_asyncio.fixture
async def account(rpc: Rpc) -> LocalAccount:
    """Nobody else's, with ether."""
    account: LocalAccount = Account.create()
    await rpc.call("anvil_setBalance", account.address, hex(10**20))
    return account


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


@pytest.fixture
def quick() -> SenderOptions:
    return SenderOptions(poll_seconds=0.02, stuck_seconds=0.2)


@pytest.fixture
def sender(rpc: Rpc, journal: Journal, account: LocalAccount, quick: SenderOptions) -> Sender:
    return Sender(rpc, journal, account, options=quick)


@pytest_asyncio.fixture
async def outbox(rpc: Rpc, journal: Journal, sender: Sender) -> Outbox:
    return Outbox(journal, await rpc.chain_id(), sender.address)


@pytest_asyncio.fixture
async def unmined(rpc: Rpc, directory: Directory) -> AsyncIterator[None]:
    """Nothing is mined until the test says so: for modules that have a chain of their own."""
    await rpc.call("evm_setAutomine", False)
    yield
    await rpc.call("evm_setAutomine", True)
    await rpc.call("evm_mine")
