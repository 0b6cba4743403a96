"""Lost by the node, thrown out with its block, reverted after all: what was wanted still happens, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.chain.contracts import Contract, creation_code
from lilypad.chain.devnode import DevNode
from lilypad.chain.outbox import Outbox
from lilypad.chain.rpc import Rpc, to_hex
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import TransactionRevertedError
from lilypad.store.journal import Journal

from .directory import Directory
from .pool import until_pooled

CHAIN_ID = 31_407


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rpc() -> AsyncIterator[Rpc]:
    async with DevNode(chain_id=CHAIN_ID) as node, Rpc([node.url]) as rpc:
        yield rpc


@pytest.mark.usefixtures("unmined")
async def test_send__dropped_by_the_node__is_sent_again(sender: Sender, rpc: Rpc, directory: Directory) -> None:
    sending = [asyncio.create_task(sender.send(directory.address, directory.entry(n), key=f"k{n}")) for n in range(3)]
    await until_pooled(rpc, sender.address, 3)
    await rpc.call("anvil_dropAllTransactions")
    await until_pooled(rpc, sender.address, 3)
    await rpc.call("evm_mine")
    receipts = await asyncio.gather(*sending)
    assert len({r.tx_hash for r in receipts}) == 3


async def test_send__reverted_when_mined__names_the_error(
    sender: Sender, outbox: Outbox, rpc: Rpc, account: LocalAccount
) -> None:
    deployed = await sender.send(None, creation_code("LilypadToken", account.address), key="deploy")
    assert deployed.contract_address is not None
    token = Contract("LilypadToken", deployed.contract_address)
    everything = await token.call(rpc, "balanceOf", account.address)
    transfer = token.encode("transfer", Account.create().address, everything)
    await rpc.call("evm_setAutomine", False)
    sending = [asyncio.create_task(sender.send(token.address, transfer, key=k)) for k in "ab"]
    await until_pooled(rpc, account.address, 2)
    await rpc.call("evm_mine")
    await rpc.call("evm_setAutomine", True)
    outcomes = await asyncio.gather(*sending, return_exceptions=True)
    (error,) = (o for o in outcomes if isinstance(o, BaseException))
    assert isinstance(error, TransactionRevertedError)
    assert (error.name, error.arguments) == ("ERC20InsufficientBalance", (account.address, 0, everything))
    key = str(error.fields["key"])
    assert outbox.find(key) is None, "what had no effect may be tried again"
    with pytest.raises(TransactionRevertedError, match="ERC20InsufficientBalance"):
        await sender.send(token.address, transfer, key=key)


async def test_send__gas_limit_too_low__says_out_of_gas(
    rpc: Rpc, journal: Journal, account: LocalAccount, directory: Directory
) -> None:
    options = SenderOptions(poll_seconds=0.02, gas_margin=0.9, gas_extra=0)
    with pytest.raises(TransactionRevertedError) as caught:
        await Sender(rpc, journal, account, options=options).send(directory.address, directory.entry(1), key="k")
    assert caught.value.name == "OutOfGas"


async def test_send__reorganised_out__same_key_puts_it_back(sender: Sender, rpc: Rpc, directory: Directory) -> None:
    first = await sender.send(directory.address, directory.entry(1), key="k")
    await rpc.call("anvil_reorg", 1, [])
    await rpc.call("anvil_dropAllTransactions")
    assert await rpc.call("eth_getTransactionReceipt", to_hex(first.tx_hash)) is None
    again = await sender.send(directory.address, directory.entry(1), key="k")
    assert again.tx_hash == first.tx_hash
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"


@pytest.mark.parametrize(("next_key", "count"), [("b", "0x2"), ("c", "0x3")])
async def test_send__earlier_ones_reorganised_out__puts_them_back_first(
    next_key: str, count: str, rpc: Rpc, journal: Journal, account: LocalAccount, directory: Directory
) -> None:
    """Long before anything counts as stuck."""
    options = SenderOptions(poll_seconds=0.02, missing_seconds=0.1, stuck_seconds=60)
    sender = Sender(rpc, journal, account, options=options)
    for key in "ab":
        await sender.send(directory.address, directory.entry(1), key=key)
    await rpc.call("anvil_reorg", 2, [])
    await rpc.call("anvil_dropAllTransactions")
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x0"
    await asyncio.wait_for(sender.send(directory.address, directory.entry(1), key=next_key), 10)
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == count


@pytest.mark.usefixtures("unmined")
async def test_send__lost_with_its_block_while_waiting__is_sent_again(
    rpc: Rpc, journal: Journal, account: LocalAccount, directory: Directory
) -> None:
    options = SenderOptions(poll_seconds=0.02, missing_seconds=0.1, stuck_seconds=60)
    sending = asyncio.create_task(
        Sender(rpc, journal, account, options=options).send(directory.address, directory.entry(1), key="k")
    )
    await until_pooled(rpc, account.address)
    await rpc.call("anvil_dropAllTransactions")
    await until_pooled(rpc, account.address)
    await rpc.call("evm_mine")
    await asyncio.wait_for(sending, 10)


async def test_send__reverted_when_mined__can_be_sent_again_once_the_chain_would_take_it(
    sender: Sender, rpc: Rpc, account: LocalAccount
) -> None:
    """As a result that was mined before the agreement that a reorganisation had taken back."""
    deployed = await sender.send(None, creation_code("LilypadToken", account.address), key="deploy")
    assert deployed.contract_address is not None
    token = Contract("LilypadToken", deployed.contract_address)
    friend = Account.create().address
    allow = token.encode("approve", account.address, 5)
    take = token.encode("transferFrom", account.address, friend, 5)
    await sender.send(token.address, allow, key="allow")
    await rpc.call("evm_setAutomine", False)
    sending = [asyncio.create_task(sender.send(token.address, take, key=k)) for k in "ab"]
    await until_pooled(rpc, account.address, 2)
    await rpc.call("evm_mine")
    await rpc.call("evm_setAutomine", True)
    outcomes = await asyncio.gather(*sending, return_exceptions=True)
    (refused,) = [key for key, outcome in zip("ab", outcomes, strict=True) if isinstance(outcome, BaseException)]
    await sender.send(token.address, allow, key="allow once more")
    await sender.send(token.address, take, key=refused)
    assert await token.call(rpc, "balanceOf", friend) == 10
