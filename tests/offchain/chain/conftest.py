"""A real chain for the tests of this folder, and a contract whose events anybody can cause."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.chain.devnode import DevNode
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import SenderOptions
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
