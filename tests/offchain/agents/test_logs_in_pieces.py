"""Past logs from a node that answers for a few blocks at once alone, or for more of them badly."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lilypad.agents.network import Network
from lilypad.chain.deployments import Deployment
from lilypad.chain.rpc import Rpc, RpcError
from tests.invariants.network import ADDRESSES
from tests.offchain.chain.proxy import Call, error, proxy

NAMES = ("LilypadController", "LilypadPayments", "LilypadStorage", "LilypadModules", "LilypadUsers", "LilypadToken")
HEAD = 1_000


class Node:
    """Has a log in every hundredth block."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[range] = []

    async def call(self, method: str, *params: Any) -> Any:
        if method == "eth_blockNumber":
            return hex(HEAD)
        span = range(int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16) + 1)
        if len(span) > self.most:
            raise RpcError(method, -32005, "query returned more than 10000 results")
        self.asked.append(span)
        return [{"blockNumber": hex(number)} for number in span if number % 100 == 0]


def network(node: Node, start: int = 0) -> Network:
    return Network(node, Deployment(31337, start, dict.fromkeys(NAMES, ADDRESSES["judge"])))  # type: ignore[arg-type]


@pytest.mark.parametrize("most", [1, 7, 400, 5_000])
async def test_logs__of_a_node_with_a_limit__are_all_there_in_order(most: int) -> None:
    node = Node(most)
    here = network(node, start=150)
    found = await here.logs(here.controller)
    assert [int(log["blockNumber"], 16) for log in found] == list(range(200, HEAD + 1, 100))
    assert [number for span in node.asked for number in span] == list(range(150, HEAD + 1)), "each block once"


async def test_logs__of_a_node_that_refuses_one_block__are_an_error() -> None:
    here = network(Node(0))
    with pytest.raises(RpcError, match="more than 10000"):
        await here.logs(here.controller)


async def test_logs__refused_with_the_code_of_a_busy_node__are_asked_for_in_pieces() -> None:
    """By a real client of a node that has a log in every block and tells of a hundred at once."""

    async def answer(call: Call) -> Call:
        if call["method"] != "eth_getLogs":
            return {"jsonrpc": "2.0", "id": call["id"], "result": hex(HEAD)}
        span = range(int(call["params"][0]["fromBlock"], 16), int(call["params"][0]["toBlock"], 16) + 1)
        if len(span) > 100:
            return error(call, -32005, "query returned more than 100 results")
        return {"jsonrpc": "2.0", "id": call["id"], "result": [{"blockNumber": hex(number)} for number in span]}

    async with proxy("", answer) as url, Rpc([url]) as rpc:
        here = network(cast(Any, rpc))
        found = await here.logs(here.controller)
    assert [int(log["blockNumber"], 16) for log in found] == list(range(HEAD + 1))


async def test_logs__up_to_a_block__end_there() -> None:
    here = network(Node(5_000))
    found = await here.logs(here.controller, to_block=hex(300))
    assert [int(log["blockNumber"], 16) for log in found] == [0, 100, 200, 300]
