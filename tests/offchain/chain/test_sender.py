"""Sending one transaction, and many, against a real node."""

from __future__ import annotations

import asyncio

import pytest
from eth_account.signers.local import LocalAccount

from lilypad.chain.contracts import creation_code, decode_events
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import FaultError, TransactionRevertedError
from lilypad.store.journal import Journal

from .directory import Directory, number_of


async def test_send__accepted__returns_the_receipt_with_its_logs(sender: Sender, directory: Directory) -> None:
    receipt = await sender.send(directory.address, directory.entry(7), key="register:7")
    assert receipt.block_number == await directory.head()
    assert receipt.gas_used > 21_000
    assert receipt.effective_gas_price > 0
    (event,) = decode_events(receipt.logs, address=directory.address)
    assert (number_of(event), event.args["account"], event.tx_hash) == (7, sender.address, receipt.tx_hash)


async def test_send__to_nobody__deploys(sender: Sender, rpc: Rpc) -> None:
    receipt = await sender.send(None, creation_code("LilypadUsers"), key="deploy")
    assert len(await rpc.call("eth_getCode", receipt.contract_address, "latest")) > 1000


async def test_send__simulated_revert__names_the_error(sender: Sender, directory: Directory, rpc: Rpc) -> None:
    data = directory.contract.encode("register", 1, "x" * 257, bytes(32))
    with pytest.raises(TransactionRevertedError) as caught:
        await sender.send(directory.address, data, key="too long")
    assert caught.value.name == "Users_EndpointTooLong"
    assert caught.value.arguments == (257, 256)
    assert "Users_EndpointTooLong(length=257, limit=256)" in str(caught.value)
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x0"


async def test_send__after_a_simulated_revert__the_key_is_still_free(sender: Sender, directory: Directory) -> None:
    data = directory.contract.encode("register", 1, "x" * 257, bytes(32))
    with pytest.raises(TransactionRevertedError):
        await sender.send(directory.address, data, key="k")
    assert (await sender.send(directory.address, directory.entry(1), key="k")).gas_used > 0


async def test_send__fifty_at_once__nonces_have_no_gap(sender: Sender, directory: Directory, rpc: Rpc) -> None:
    sending = [sender.send(directory.address, directory.entry(n), key=f"n:{n}") for n in range(50)]
    receipts = await asyncio.gather(*sending)
    assert len({r.tx_hash for r in receipts}) == 50
    assert int(await rpc.call("eth_getTransactionCount", sender.address, "latest"), 16) == 50


async def test_send__same_key_from_two_tasks__is_one_transaction(
    sender: Sender, directory: Directory, rpc: Rpc
) -> None:
    first, second = await asyncio.gather(*(sender.send(directory.address, directory.entry(1), key="k") for _ in "ab"))
    assert first == second
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"


async def test_send__same_key_for_other_data__is_a_fault(sender: Sender, directory: Directory) -> None:
    await sender.send(directory.address, directory.entry(1), key="k")
    with pytest.raises(FaultError, match="another transaction"):
        await sender.send(directory.address, directory.entry(2), key="k")


async def test_send__without_ether__says_whom_to_fund(
    rpc: Rpc, journal: Journal, directory: Directory, account: LocalAccount, quick: SenderOptions
) -> None:
    await rpc.call("anvil_setBalance", account.address, "0x0")
    with pytest.raises(FaultError, match=f"send it ether.*{account.address}"):
        await Sender(rpc, journal, account, options=quick).send(directory.address, directory.entry(1), key="k")


async def test_send__after_a_refusal__the_nonce_is_used_by_the_next(
    sender: Sender, directory: Directory, rpc: Rpc
) -> None:
    await rpc.call("anvil_setBalance", sender.address, "0x0")
    with pytest.raises(FaultError):
        await sender.send(directory.address, directory.entry(1), key="a")
    await rpc.call("anvil_setBalance", sender.address, hex(10**20))
    await sender.send(directory.address, directory.entry(2), key="b")
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"
