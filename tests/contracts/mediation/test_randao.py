"""The beacon chain's randomness, read from a block's header, on a node that makes real blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from lilypad.chain.contracts import Contract, creation_code
from lilypad.chain.devnode import DevNode
from lilypad.chain.header import header_of
from lilypad.types import Address

DELAY, BLOCK_TIME, SLACK = 3, 12, 8


@dataclass
class Chain:
    http: aiohttp.ClientSession
    url: str
    randao: Contract

    async def rpc(self, method: str, *parameters: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        async with self.http.post(self.url, json=request) as response:
            return await response.json()

    async def mine(self, blocks: int) -> None:
        await self.rpc("anvil_mine", hex(blocks), hex(BLOCK_TIME))

    async def head(self) -> dict[str, Any]:
        return (await self.rpc("eth_getBlockByNumber", "latest", False))["result"]

    async def header(self, number: int) -> bytes:
        return header_of((await self.rpc("eth_getBlockByNumber", hex(number), False))["result"])

    async def read(self, function: str, kinds: list[str], *arguments: Any) -> Any:
        call = {"to": self.randao.address, "data": "0x" + self.randao.encode(function, *arguments).hex()}
        answer = await self.rpc("eth_call", call, "latest")
        if "error" in answer:
            return bytes.fromhex(answer["error"]["data"][2:])[:4]
        values = decode(kinds, bytes.fromhex(answer["result"][2:]))
        return values if len(values) > 1 else values[0]


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    async with DevNode() as node, aiohttp.ClientSession() as http:
        deployed = Chain(http, node.url, Contract("Randao", Address("0x" + "00" * 20)))
        sender = (await deployed.rpc("eth_accounts"))["result"][0]
        code = "0x" + creation_code("Randao", DELAY, BLOCK_TIME).hex()
        sent = await deployed.rpc("eth_sendTransaction", {"from": sender, "data": code})
        await deployed.mine(1)
        receipt = (await deployed.rpc("eth_getTransactionReceipt", sent["result"]))["result"]
        deployed.randao = Contract("Randao", Address(receipt["contractAddress"]))
        yield deployed


def error(signature: str) -> bytes:
    return keccak(text=signature)[:4]


async def test_seed__is_the_randao_of_the_tickets_block__whenever_it_is_asked_for(chain: Chain) -> None:
    head = int((await chain.head())["number"], 16)
    ticket = await chain.read("arm", ["uint256"], 0)
    assert ticket in (head + DELAY + SLACK, head + 1 + DELAY + SLACK)
    assert await chain.read("seed", ["bytes32", "uint256"], ticket, b"") == error("Randomness_NotYet(uint256,uint256)")
    await chain.mine(DELAY + SLACK + 3)
    block = (await chain.rpc("eth_getBlockByNumber", hex(ticket), False))["result"]
    expected = (bytes.fromhex(block["mixHash"][2:]), int(block["timestamp"], 16) - SLACK * BLOCK_TIME)
    header = await chain.header(ticket)
    assert await chain.read("seed", ["bytes32", "uint256"], ticket, header) == expected
    await chain.mine(100)
    assert await chain.read("seed", ["bytes32", "uint256"], ticket, header) == expected
    assert await chain.read("isMissed", ["bool"], ticket) is False


async def test_seed__with_another_header_or_a_changed_one__is_refused(chain: Chain) -> None:
    await chain.mine(20)
    header = await chain.header(10)
    bad = error("Randomness_BadProof(uint256)")
    for proof in (b"", await chain.header(11), header[:-1], header[:300] + b"\x01" + header[301:]):
        assert await chain.read("seed", ["bytes32", "uint256"], 10, proof) == bad


async def test_seed__older_than_what_the_chain_remembers__is_missed(chain: Chain) -> None:
    await chain.mine(20)
    header = await chain.header(10)
    await chain.mine(300)
    assert await chain.read("isMissed", ["bool"], 10) is True
    missed = error("Randomness_Missed(uint256,uint256)")
    assert await chain.read("seed", ["bytes32", "uint256"], 10, header) == missed


async def test_arm__for_later__counts_the_blocks_until_then(chain: Chain) -> None:
    head = await chain.head()
    ticket = await chain.read("arm", ["uint256"], int(head["timestamp"], 16) + 3_600)
    assert int(head["number"], 16) + 3_600 // BLOCK_TIME <= ticket <= int(head["number"], 16) + 1 + 301 + SLACK
