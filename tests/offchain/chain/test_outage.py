"""Nodes that stop, come back, forget or set limits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from eth_account.signers.local import LocalAccount

from lilypad.chain.contracts import RawLog
from lilypad.chain.devnode import DevNode, dev_account
from lilypad.chain.feed import Feed, FeedOptions
from lilypad.chain.rpc import Rpc, to_hex
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import ChainUnavailableError
from lilypad.store.journal import Journal

from .consumer import Consumer
from .directory import Directory
from .proxy import Call, error, proxy

OPTIONS = FeedOptions(poll_seconds=0.02)


async def test_batches__node_stops_and_starts_again__goes_on(tmp_path: Path, journal: Journal) -> None:
    node = DevNode(chain_id=31_403, state=tmp_path / "state.json")
    async with node, Rpc([node.url], rounds=1) as rpc:
        directory = await Directory.deploy(rpc)
        consumer = Consumer(journal)
        feed = Feed(rpc, journal, [directory.address], options=replace(OPTIONS, heads_url=node.ws_url))
        reading = asyncio.create_task(consumer.read(feed, until=4))
        await directory.register(1, 2)
        await consumer.caught_up.wait()
        await node.stop()
        await node.start()
        await directory.register(3, 4)
        await reading
    assert consumer.numbers == [1, 2, 3, 4]
    assert consumer.rollbacks == []


async def test_send__node_stops_before_it_is_mined__same_key_finishes_it(
    tmp_path: Path, journal: Journal, quick: SenderOptions
) -> None:
    node = DevNode(chain_id=31_404, state=tmp_path / "state.json")
    async with node, Rpc([node.url], rounds=1) as rpc:
        directory = await Directory.deploy(rpc)
        sender = Sender(rpc, journal, dev_account(1), options=quick)
        await rpc.call("evm_setAutomine", False)
        sending = asyncio.create_task(sender.send(directory.address, directory.entry(1), key="k"))
        while (await rpc.call("txpool_status"))["pending"] != "0x1":
            pass
        await node.stop()
        [outcome] = await asyncio.gather(sending, return_exceptions=True)
        assert isinstance(outcome, ChainUnavailableError)
        await node.start()  # without its pool: the transaction is dropped
        receipt = await sender.send(directory.address, directory.entry(1), key="k")
        assert len(receipt.logs) == 1
        assert await rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"


def span_of(call: Call) -> int:
    asked = call["params"][0]
    return int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) + 1


async def test_batches__node_refuses_large_ranges__finds_what_it_takes(
    node: DevNode, journal: Journal, directory: Directory
) -> None:
    asked: list[int] = []

    async def limit(call: Call) -> Call | None:
        if call["method"] != "eth_getLogs":
            return None
        asked.append(span_of(call))
        return error(call, -32602, "block range is too large") if asked[-1] > 5 else None

    await directory.register(*range(30))
    consumer = Consumer(journal)
    async with proxy(node.url, limit) as url, Rpc([url]) as rpc:
        await consumer.read(Feed(rpc, journal, [directory.address], options=OPTIONS), until=30)
    assert consumer.numbers == list(range(30))
    accepted = [n for n in asked if n <= 5]
    assert len(asked) - len(accepted) < len(accepted)  # it does not keep asking for too much


async def test_batches__node_repeats_and_shuffles_logs__delivers_each_once(
    node: DevNode, rpc: Rpc, journal: Journal, directory: Directory
) -> None:
    async def stutter(call: Call) -> Call | None:
        if call["method"] != "eth_getLogs":
            return None
        logs: list[RawLog] = await rpc.call("eth_getLogs", *call["params"])
        removed = [{**g, "removed": True, "blockHash": "0x" + "00" * 32} for g in logs]
        return {"jsonrpc": "2.0", "id": call["id"], "result": [*reversed(logs), *logs, *removed]}

    await directory.register_together(*range(5))
    await directory.register(5, 6)
    consumer = Consumer(journal)
    async with proxy(node.url, stutter) as url, Rpc([url]) as shaky:
        await consumer.read(Feed(shaky, journal, [directory.address], options=OPTIONS), until=7)
    assert consumer.numbers == list(range(7))


async def test_batches__node_mixes_branches__does_not_believe_it(
    node: DevNode, rpc: Rpc, journal: Journal, directory: Directory
) -> None:
    """Logs from a server behind the same address that is on another branch, and without times."""
    answers = 0

    async def mix(call: Call) -> Call | None:
        nonlocal answers
        if call["method"] != "eth_getLogs":
            return None
        answers += 1
        logs: list[RawLog] = await rpc.call("eth_getLogs", *call["params"])
        logs = [{k: v for k, v in g.items() if k != "blockTimestamp"} for g in logs]
        if answers == 1:
            logs[-1] = {**logs[-1], "blockHash": "0x" + "ab" * 32}
        return {"jsonrpc": "2.0", "id": call["id"], "result": logs}

    await directory.register(1, 2)
    consumer = Consumer(journal)
    async with proxy(node.url, mix) as url, Rpc([url]) as mixed:
        await consumer.read(Feed(mixed, journal, [directory.address], options=OPTIONS), until=2)
    assert answers == 2
    block = await rpc.call("eth_getBlockByNumber", "latest", False)
    events = [event for batch in consumer.batches for event in batch.events()]
    assert to_hex(events[-1].block_hash) == block["hash"]
    assert events[-1].block_timestamp == int(block["timestamp"], 16)


async def test_batches__node_lags_behind_the_cursor__waits_without_a_rollback(
    node: DevNode, rpc: Rpc, journal: Journal, directory: Directory
) -> None:
    """A second endpoint that has not heard of the newest blocks yet."""
    lag = 0

    async def late(call: Call) -> Call | None:
        if call["method"] != "eth_getBlockByNumber" or call["params"][0] == "0x0":
            return None
        head = await directory.head() - lag
        wanted = head if call["params"][0] == "latest" else int(call["params"][0], 16)
        block = await rpc.call("eth_getBlockByNumber", hex(wanted), False) if wanted <= head else None
        return {"jsonrpc": "2.0", "id": call["id"], "result": block}

    consumer = Consumer(journal)
    await directory.register(1, 2, 3)
    async with proxy(node.url, late) as url, Rpc([url]) as lagging:
        feed = Feed(lagging, journal, [directory.address], options=OPTIONS)
        await consumer.read(feed, until=3)
        lag = 2
        reading = asyncio.create_task(consumer.read(feed, until=5))
        await directory.register(4)
        lag = 0
        await directory.register(5)
        await reading
    assert (consumer.numbers, consumer.rollbacks) == ([1, 2, 3, 4, 5], [])


async def test_send__accepted_but_called_refused__is_found_again(
    node: DevNode, rpc: Rpc, journal: Journal, directory: Directory, account: LocalAccount, quick: SenderOptions
) -> None:
    async def contradict(call: Call) -> Call | None:
        if call["method"] != "eth_sendRawTransaction":
            return None
        await rpc.call("eth_sendRawTransaction", *call["params"])
        return error(call, -32000, "insufficient funds for gas * price + value")

    async with proxy(node.url, contradict) as url, Rpc([url]) as odd:
        sender = Sender(odd, journal, account, options=quick)
        assert len((await sender.send(directory.address, directory.entry(1), key="k")).logs) == 1


async def test_send__first_endpoint_loses_the_answer__is_sent_once(
    node: DevNode, rpc: Rpc, journal: Journal, directory: Directory, account: LocalAccount, quick: SenderOptions
) -> None:
    """The transaction is mined, the answer never arrives, and the second endpoint has seen it already."""

    async def swallow(call: Call) -> Call | None:
        if call["method"] == "eth_sendRawTransaction":
            await rpc.call("eth_sendRawTransaction", *call["params"])
            await asyncio.Event().wait()
        return None

    async with proxy(node.url, swallow) as url, Rpc([url, node.url], timeout_seconds=0.2) as lossy:
        receipt = await Sender(lossy, journal, account, options=quick).send(
            directory.address, directory.entry(1), key="k"
        )
    assert len(receipt.logs) == 1
    assert await rpc.call("eth_getTransactionCount", account.address, "latest") == "0x1"
