"""What the chain's part of an agent tells, on a real node: transactions, endpoints, how far the feed is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.chain.contracts import Contract
from lilypad.chain.devnode import DevNode
from lilypad.chain.feed import Batch, Feed, FeedOptions
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import ChainUnavailableError, TransactionRevertedError
from lilypad.ops.operations import Operations
from lilypad.store.journal import Journal
from tests.offchain.chain.directory import Directory
from tests.offchain.chain.proxy import Call, Refusal, proxy

from .helpers import operations, scrape_here, until

CHAIN_ID = 31_421
QUICK = SenderOptions(poll_seconds=0.02, stuck_seconds=0.2)
ONE_BY_ONE = FeedOptions(first_range=1)
DEAD = "http://127.0.0.1:9"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node() -> AsyncIterator[DevNode]:
    async with DevNode(chain_id=CHAIN_ID) as node:
        yield node


@pytest.fixture
def watched() -> Operations:
    return operations()


@pytest.fixture
async def rpc(node: DevNode, watched: Operations) -> AsyncIterator[Rpc]:
    async with Rpc([node.url], chain_id=CHAIN_ID, observer=watched) as rpc:
        yield rpc


@pytest.fixture
async def directory(rpc: Rpc) -> Directory:
    return await Directory.deploy(rpc)


@pytest.fixture
async def account(rpc: Rpc) -> LocalAccount:
    account: LocalAccount = Account.create()
    await rpc.call("anvil_setBalance", account.address, hex(10**20))
    return account


@pytest.fixture
async def sender(rpc: Rpc, account: LocalAccount, tmp_path: Path) -> AsyncIterator[Sender]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield Sender(rpc, journal, account, options=QUICK)


async def test_transaction__that_is_mined__counts_as_sent_and_mined_and_costs_gas(
    watched: Operations, sender: Sender, directory: Directory
) -> None:
    receipt = await sender.send(directory.address, directory.entry(1), key="one")
    numbers = scrape_here(watched)
    assert numbers("transactions_total", outcome="sent") == 1
    assert numbers("transactions_total", outcome="mined") == 1
    assert numbers("gas_spent_ether_total") == pytest.approx(receipt.gas_used * receipt.effective_gas_price / 1e18)


async def test_transaction__of_a_key_that_is_done__counts_no_second_time(
    watched: Operations, sender: Sender, directory: Directory
) -> None:
    for _ in range(2):
        await sender.send(directory.address, directory.entry(1), key="one")
    assert scrape_here(watched)("transactions_total", outcome="sent") == 1
    assert scrape_here(watched)("transactions_total", outcome="mined") == 1


async def test_transaction__that_is_stuck__counts_as_replaced(
    watched: Operations, rpc: Rpc, sender: Sender, directory: Directory
) -> None:
    await rpc.call("evm_setAutomine", False)
    try:
        sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="one"))
        await until(lambda: _is_replaced(watched))
        await rpc.call("evm_mine")
        await sending
    finally:
        await rpc.call("evm_setAutomine", True)
    assert scrape_here(watched)("transactions_total", outcome="sent") == 1
    assert scrape_here(watched)("transactions_total", outcome="mined") == 1


async def _is_replaced(watched: Operations) -> bool:
    return scrape_here(watched)("transactions_total", outcome="replaced") > 0


async def test_transaction__that_would_revert__counts_as_refused_and_not_as_sent(
    watched: Operations, sender: Sender, directory: Directory
) -> None:
    nonsense = Contract("LilypadPayments", directory.address).encode("cancelNonce", directory.address, 1)
    with pytest.raises(TransactionRevertedError):
        await sender.send(directory.address, nonsense, key="one")
    assert scrape_here(watched)("transactions_total", outcome="refused") == 1
    assert scrape_here(watched)("transactions_total", outcome="sent") == 0


async def test_endpoint__that_is_dead__counts_errors_and_one_failover(node: DevNode, watched: Operations) -> None:
    async with Rpc([DEAD, node.url], chain_id=CHAIN_ID, observer=watched) as rpc:
        await rpc.call("eth_blockNumber")
        await rpc.call("eth_blockNumber")
    numbers, alive = scrape_here(watched), node.url.removeprefix("http://")
    assert numbers("rpc_errors_total", endpoint="127.0.0.1:9", reason="ClientConnectorError") == 1
    assert numbers("rpc_failovers_total", endpoint=alive) == 1
    assert numbers("rpc_requests_total", endpoint=alive) == 2
    assert watched.health.unreachable_seconds() == 0


async def test_endpoint__with_a_key_in_its_path__is_shown_without(watched: Operations) -> None:
    async with Rpc([f"{DEAD}/v3/secret"], rounds=1, observer=watched) as rpc:
        with pytest.raises(ChainUnavailableError):
            await rpc.call("eth_blockNumber")
    numbers = scrape_here(watched)
    assert numbers("rpc_errors_total", endpoint="127.0.0.1:9", reason="ClientConnectorError") == 1
    assert numbers("rpc_unreachable_total") == 1
    assert watched.health.unreachable_seconds() > 0


async def test_feed__that_has_blocks_to_read__lags_by_them_and_then_not(
    watched: Operations, rpc: Rpc, directory: Directory, tmp_path: Path
) -> None:
    await directory.register(1, 2, 3)
    head = await directory.head()
    with Journal(tmp_path / "feed.sqlite") as journal:
        batches = Feed(rpc, journal, [directory.address], start_block=head - 1, options=ONE_BY_ONE).batches()
        batch = await anext(batches)
        assert scrape_here(watched)("feed_lag_blocks") == 2
        with batch.applying():
            pass
        following = asyncio.create_task(_follow(batches))
        await until(lambda: _is_at_head(watched))
        following.cancel()
        await asyncio.wait([following])
    numbers = scrape_here(watched)
    assert numbers("feed_block") == numbers("chain_head_block") == head
    assert numbers("feed_events_total", event="UserChanged") == 2


async def _follow(batches: AsyncIterator[Batch]) -> None:
    async for batch in batches:
        with batch.applying():
            pass


async def _is_at_head(watched: Operations) -> bool:
    return scrape_here(watched)("feed_lag_blocks") == 0


async def test_ready__while_the_node_is_away__is_false_and_then_true_again(node: DevNode, tmp_path: Path) -> None:
    watched, is_away = operations(ready_seconds=60), False

    async def hook(call: Call) -> None:
        if is_away:
            raise Refusal(status=503)

    async with proxy(node.url, hook) as url, Rpc([url], rounds=1, observer=watched) as rpc:
        with Journal(tmp_path / "feed.sqlite") as journal:
            batches = Feed(rpc, journal, [Account.create().address]).batches()
            with (await anext(batches)).applying():
                pass
            assert all(check.ok for check in await watched.health.checks())
            is_away = True
            with pytest.raises(ChainUnavailableError):
                await rpc.call("eth_blockNumber")
            assert {check.name for check in await watched.health.checks() if not check.ok} == {"rpc"}
            is_away = False
            await rpc.call("eth_blockNumber")
            assert all(check.ok for check in await watched.health.checks())
