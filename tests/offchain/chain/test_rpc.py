"""Endpoints that fail, lie, or are of another chain."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp.test_utils import unused_port

from lilypad.chain.devnode import DevNode
from lilypad.chain.rpc import Rpc, RpcError
from lilypad.errors import ChainUnavailableError, FaultError

from .conftest import CHAIN_ID
from .proxy import Call, Refusal, error, proxy


async def healthy(_: Call) -> None:
    return None


async def test_call__dead_endpoint_first__uses_the_next(node: DevNode) -> None:
    async with Rpc([f"http://127.0.0.1:{unused_port()}", node.url], rounds=1) as rpc:
        assert int(await rpc.call("eth_chainId"), 16) == CHAIN_ID


async def test_call__endpoint_that_never_answers__is_left_and_not_asked_again(node: DevNode) -> None:
    asked = 0
    released = asyncio.Event()

    async def silent(call: Call) -> None:
        nonlocal asked
        asked += 1
        await released.wait()

    async with proxy(node.url, silent) as liar, Rpc([liar, node.url], rounds=1, timeout_seconds=0.2) as rpc:
        began = time.monotonic()
        for _ in range(5):
            assert int(await rpc.call("eth_chainId"), 16) == CHAIN_ID
        released.set()
    assert asked == 1
    assert time.monotonic() - began < 1.0


async def test_call__no_endpoint_answers__names_them_without_their_paths() -> None:
    port = unused_port()
    async with Rpc([f"http://127.0.0.1:{port}/v2/secret-key"], rounds=2, backoff_seconds=0.01) as rpc:
        with pytest.raises(ChainUnavailableError, match=f"127.0.0.1:{port}") as caught:
            await rpc.call("eth_chainId")
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize(
    "refusal", [Refusal(429), Refusal(503), Refusal(200, "<html>"), Refusal(200, "[]"), Refusal(200, "{}")]
)
async def test_call__answer_is_none__tries_again(node: DevNode, refusal: Refusal) -> None:
    faults = [refusal, refusal]

    async def moody(call: Call) -> None:
        if call["method"] == "eth_blockNumber" and faults:
            raise faults.pop()

    async with proxy(node.url, moody) as url, Rpc([url], rounds=3, backoff_seconds=0.01) as rpc:
        assert int(await rpc.call("eth_blockNumber"), 16) >= 0
    assert not faults


async def test_call__node_is_busy__tries_again(node: DevNode) -> None:
    faults = [1]

    async def busy(call: Call) -> Call | None:
        return error(call, -32005, "rate limited") if call["method"] == "eth_blockNumber" and faults.pop() else None

    async with proxy(node.url, busy) as url, Rpc([url, node.url], rounds=1) as rpc:
        assert int(await rpc.call("eth_blockNumber"), 16) >= 0


async def test_call__endpoint_of_another_chain__is_a_fault(node: DevNode) -> None:
    async with Rpc([node.url], chain_id=1) as rpc:
        with pytest.raises(FaultError, match="another chain") as caught:
            await rpc.call("eth_blockNumber")
    assert caught.value.fields["actual"] == CHAIN_ID


async def test_call__second_endpoint_of_another_chain__is_a_fault_when_used(node: DevNode) -> None:
    async with (
        DevNode(chain_id=CHAIN_ID + 1) as other,
        Rpc([f"http://127.0.0.1:{unused_port()}", other.url], chain_id=CHAIN_ID, rounds=1) as rpc,
    ):
        with pytest.raises(FaultError, match="another chain"):
            await rpc.call("eth_blockNumber")


async def test_call__refused__is_not_tried_again(node: DevNode) -> None:
    asked = 0

    async def refuse(call: Call) -> Call | None:
        nonlocal asked
        if call["method"] != "eth_getLogs":
            return None
        asked += 1
        return error(call, -32602, "query returned more than 10000 results")

    async with proxy(node.url, refuse) as url, Rpc([url]) as rpc:
        with pytest.raises(RpcError, match="more than 10000") as caught:
            await rpc.call("eth_getLogs", {})
    assert (asked, caught.value.code, caught.value.revert) == (1, -32602, None)


@pytest.mark.parametrize(
    "message",
    ["query returned more than 10000 results", "limit exceeded", "only 2000 blocks"],
)
async def test_logs__too_many_at_once__are_refused_and_not_asked_for_again(node: DevNode, message: str) -> None:
    """With the code that nodes also give to whoever asks too often."""
    asked = 0

    async def refuse(call: Call) -> Call | None:
        nonlocal asked
        asked += call["method"] == "eth_getLogs"
        return error(call, -32005, message) if call["method"] == "eth_getLogs" else None

    async with proxy(node.url, refuse) as url, Rpc([url], backoff_seconds=0.01) as rpc:
        with pytest.raises(RpcError, match=message):
            await rpc.batch([("eth_getLogs", [{}]), ("eth_blockNumber", [])])
    assert asked == 1


@pytest.mark.parametrize("message", ["daily request count exceeded, request rate limited", "You reached the RPS limit"])
async def test_logs__asked_for_too_often__are_asked_for_again(node: DevNode, message: str) -> None:
    faults = [1]

    async def busy(call: Call) -> Call | None:
        return error(call, -32005, message) if call["method"] == "eth_getLogs" and faults and faults.pop() else None

    async with proxy(node.url, busy) as url, Rpc([url], backoff_seconds=0.01) as rpc:
        assert await rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x0"}) == []


async def test_call__unknown_method__is_a_fault(rpc: Rpc) -> None:
    with pytest.raises(FaultError, match="does not know a method"):
        await rpc.call("eth_nonsense")


@pytest.mark.parametrize("batches", [True, False])
async def test_batch__more_than_fits_one_message__answers_in_order(node: DevNode, batches: bool) -> None:
    async with proxy(node.url, healthy, batches=batches) as url, Rpc([url], batch_size=3) as rpc:
        addresses = [f"0x{n:040x}" for n in range(8)]
        calls = [("anvil_setBalance", [a, hex(n)]) for n, a in enumerate(addresses)]
        await rpc.batch(calls)
        found = await rpc.batch([("eth_getBalance", [a, "latest"]) for a in addresses])
    assert [int(balance, 16) for balance in found] == list(range(8))


async def test_batch__empty__asks_nobody() -> None:
    assert await Rpc(["http://127.0.0.1:1"]).batch([]) == []


async def test_chain_id__not_configured__is_the_endpoint_s(node: DevNode) -> None:
    async with Rpc([node.url]) as rpc:
        assert await rpc.chain_id() == CHAIN_ID


def test_rpc__no_endpoint__is_a_fault() -> None:
    with pytest.raises(FaultError, match="no endpoint"):
        Rpc([])
