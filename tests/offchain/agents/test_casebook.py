"""A court's cases, from a node that answers late or from another branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from eth_abi import abi

from lilypad.agents.books.cases import CaseBook
from lilypad.agents.network import Network
from lilypad.chain.artifacts import load_artifact
from lilypad.chain.contracts import Contract, RawLog
from lilypad.chain.deployments import Deployment
from lilypad.chain.feed import Batch
from lilypad.chain.rpc import RpcError, to_hex
from lilypad.errors import LilypadError
from lilypad.store.journal import Journal
from tests.invariants.network import ADDRESSES

NAMES = ("LilypadController", "LilypadPayments", "LilypadStorage", "LilypadModules", "LilypadUsers", "LilypadToken")


class Node:
    """Knows nothing of the deal: there, it was never made."""

    def __init__(self, refusal: LilypadError | None) -> None:
        self._refusal = refusal

    async def call(self, method: str, *params: Any) -> Any:
        assert method == "eth_getLogs"
        if self._refusal is not None:
            raise self._refusal
        return []


def opened() -> RawLog:
    court = Contract("LilypadMediation", ADDRESSES["judge"])
    event = next(e for e in load_artifact("LilypadMediation").abi if e.get("name") == "CaseOpened")
    plain = [each["type"] for each in event["inputs"] if not each["indexed"]]
    zeros = [bytes(32) if kind.startswith("bytes") else 0 for kind in plain]
    return {
        "address": court.address, "topics": [court.topic("CaseOpened"), "0x" + "11" * 32],
        "data": to_hex(abi.encode(plain, zeros)), "blockNumber": "0x5", "blockTimestamp": "0x5", "blockHash": "0x00",
        "transactionHash": "0x00", "logIndex": "0x0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("refusal", "says"),
    [(None, "a deal that nobody disputes"), (RpcError("eth_getLogs", -32000, "header not found"), "header not found")],
)
async def test_case__whose_deal_the_node_does_not_tell_of__is_read_again(
    tmp_path: Path, refusal: LilypadError | None, says: str
) -> None:
    """The node has gone on to a branch where there is no such deal, or has not come to this block: no mediator ends."""
    deployment = Deployment(31337, 0, dict.fromkeys(NAMES, ADDRESSES["judge"]))
    with Journal(tmp_path / "journal.sqlite") as journal:
        book = CaseBook(Network(cast(Any, Node(refusal)), deployment), journal, "mediator")
        batch = Batch(5, 5, 5, 5, (opened(),), None, journal.transaction, lambda tx: None)
        assert await book.absorb(batch) == []
        assert batch.given_back is not None
        assert says in str(batch.given_back)
