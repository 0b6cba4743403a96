"""Stuck, dropped, crashed, reverted after all: one key stays one effect."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from eth_account.signers.local import LocalAccount

from lilypad.chain.devnode import DevNode
from lilypad.chain.outbox import Outbox, Status
from lilypad.chain.rpc import Rpc, to_hex
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.store.journal import Journal

from .directory import Directory
from .pool import until_pooled

CHAIN_ID = 31_405


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rpc() -> AsyncIterator[Rpc]:
    async with DevNode(chain_id=CHAIN_ID) as node, Rpc([node.url]) as rpc:
        yield rpc


async def until_attempts(outbox: Outbox, rpc: Rpc, key: str, count: int) -> None:
    async with asyncio.timeout(5):
        while (row := outbox.find(key)) is None or len(row.attempts) < count:
            await rpc.call("eth_blockNumber")


class CrashError(BaseException):
    """The process ends here."""


class Dying(Rpc):
    """Ends the process when a method is about to be called, or right after."""

    def __init__(self, url: str, method: str, *, after: bool) -> None:
        super().__init__([url])
        self.method, self.after = method, after

    async def call(self, method: str, *params: Any) -> Any:
        if method == self.method:
            if self.after:
                await super().call(method, *params)
            raise CrashError
        return await super().call(method, *params)


@pytest.mark.usefixtures("unmined")
async def test_send__not_mined_for_long__is_replaced_with_higher_fees(
    sender: Sender, outbox: Outbox, rpc: Rpc, directory: Directory
) -> None:
    sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="k"))
    await until_attempts(outbox, rpc, "k", 3)
    await rpc.call("evm_mine")
    receipt = await sending
    row = outbox.find("k")
    assert row is not None
    assert receipt.tx_hash in {a.hash for a in row.attempts[1:]}
    fees = [a.max_fee for a in row.attempts]
    assert all(later > earlier * 9 // 8 for earlier, later in itertools.pairwise(fees))
    assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"


@pytest.mark.usefixtures("unmined")
async def test_send__fee_limit_reached__is_not_raised_further(
    rpc: Rpc, journal: Journal, account: LocalAccount, outbox: Outbox, directory: Directory
) -> None:
    base = int((await rpc.call("eth_getBlockByNumber", "latest", False))["baseFeePerGas"], 16)
    options = SenderOptions(poll_seconds=0.02, stuck_seconds=0.05, fee_limit=2 * base)
    sender = Sender(rpc, journal, account, options=options)
    sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="k"))
    await until_pooled(rpc, sender.address)
    await asyncio.wait([sending], timeout=0.3)
    row = outbox.find("k")
    assert row is not None
    assert [a.max_fee for a in row.attempts] == [2 * base]
    await rpc.call("evm_mine")
    await sending


@pytest.mark.parametrize("after", [False, True])
async def test_send__crash_around_the_broadcast__same_key_finds_the_same_transaction(
    after: bool, rpc: Rpc, journal: Journal, account: LocalAccount, quick: SenderOptions, directory: Directory
) -> None:
    dying = Dying(rpc.urls[0], "eth_sendRawTransaction", after=after)
    async with dying:
        with pytest.raises(CrashError):
            await Sender(dying, journal, account, options=quick).send(directory.address, directory.entry(1), key="k")
    journal.close()
    with Journal(journal.path) as reopened:
        recorded = Outbox(reopened, CHAIN_ID, account.address).find("k")
        assert recorded is not None
        sender = Sender(rpc, reopened, account, options=quick)
        receipt = await sender.send(directory.address, directory.entry(1), key="k")
        assert receipt.tx_hash == recorded.attempts[0].hash
        assert await sender.send(directory.address, directory.entry(1), key="k") == receipt
    assert await rpc.call("eth_getTransactionCount", account.address, "latest") == "0x1"


async def test_resume__mined_while_down__is_recorded(
    rpc: Rpc, journal: Journal, account: LocalAccount, outbox: Outbox, directory: Directory
) -> None:
    async with Dying(rpc.urls[0], "eth_sendRawTransaction", after=True) as dying:
        with pytest.raises(CrashError):
            await Sender(dying, journal, account).send(directory.address, directory.entry(1), key="k")
    await Sender(rpc, journal, account).resume()
    row = outbox.find("k")
    assert row is not None
    assert row.status is Status.MINED


async def test_resume__crash_before_the_broadcast__other_keys_are_not_held_up(
    rpc: Rpc, journal: Journal, account: LocalAccount, directory: Directory
) -> None:
    quick = SenderOptions(poll_seconds=0.02, stuck_seconds=60)
    async with Dying(rpc.urls[0], "eth_sendRawTransaction", after=False) as dying:
        with pytest.raises(CrashError):
            await Sender(dying, journal, account, options=quick).send(directory.address, directory.entry(1), key="a")
    sender = Sender(rpc, journal, account, options=quick)
    await sender.resume()
    await sender.send(directory.address, directory.entry(2), key="b")
    assert await rpc.call("eth_getTransactionCount", account.address, "latest") == "0x2"
    assert len((await sender.send(directory.address, directory.entry(1), key="a")).logs) == 1
    assert await rpc.call("eth_getTransactionCount", account.address, "latest") == "0x2"


async def test_send__crash_before_the_simulation_ends__leaves_no_trace(
    rpc: Rpc, journal: Journal, account: LocalAccount, directory: Directory
) -> None:
    async with Dying(rpc.urls[0], "eth_estimateGas", after=True) as dying:
        with pytest.raises(CrashError):
            await Sender(dying, journal, account).send(directory.address, directory.entry(1), key="k")
    assert Outbox(journal, CHAIN_ID, account.address).find("k") is None


@pytest.mark.usefixtures("unmined")
async def test_send__cancelled_while_waiting__same_key_waits_on(sender: Sender, rpc: Rpc, directory: Directory) -> None:
    sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="k"))
    (waiting,) = await until_pooled(rpc, sender.address)
    sending.cancel()
    await asyncio.wait([sending])
    await rpc.call("evm_mine")
    receipt = await sender.send(directory.address, directory.entry(1), key="k")
    assert to_hex(receipt.tx_hash) == waiting["hash"]


async def test_send__two_senders_of_one_account__both_get_through(
    rpc: Rpc, journal: Journal, account: LocalAccount, tmp_path: Path, directory: Directory
) -> None:
    """Two commands in two terminals: not how it is meant, but nobody is stuck and nothing is sent twice."""
    patient = SenderOptions(poll_seconds=0.02, stuck_seconds=60)
    with Journal(tmp_path / "other.sqlite") as other:
        senders = [Sender(rpc, j, account, options=patient) for j in (journal, other)]
        sending = [s.send(directory.address, directory.entry(n), key=f"{n}") for n in range(10) for s in senders]
        receipts = await asyncio.gather(*sending)
    assert len({r.tx_hash for r in receipts}) == 20
    assert await rpc.call("eth_getTransactionCount", account.address, "latest") == hex(20)


@pytest.mark.usefixtures("unmined")
async def test_send__nonce_taken_by_a_stranger__is_sent_with_another(
    sender: Sender, outbox: Outbox, rpc: Rpc, directory: Directory, account: LocalAccount
) -> None:
    """Somebody uses the same account from elsewhere and pays more."""
    sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="k"))
    await until_pooled(rpc, sender.address)
    fields = {"type": 2, "chainId": CHAIN_ID, "nonce": 0, "to": account.address, "value": 0, "gas": 21_000}
    fees = {"maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**11}
    foreign = account.sign_transaction(fields | fees)
    await rpc.call("eth_sendRawTransaction", to_hex(bytes(foreign.raw_transaction)))
    await rpc.call("evm_mine")
    await rpc.call("evm_setAutomine", True)
    receipt = await sending
    assert len(receipt.logs) == 1
    row = outbox.find("k")
    assert row is not None
    assert row.nonce == 1
