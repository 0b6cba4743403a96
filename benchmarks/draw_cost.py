"""What a draw costs among ever more mediators, on a node of its own: for a table and a chart of docs/mediation.md.

python -m benchmarks.draw_cost

Whole transactions as in gas_mediation.py, with the real source of randomness. Every mediator stakes by a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import log10
from typing import Any

import aiohttp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from benchmarks.chart import Axis, Series, chart
from benchmarks.collusion import PAGE, ROOT, with_tables
from benchmarks.gas import ADDRESSES, Node
from benchmarks.gas_mediation import KEYS, STAKE, Mediated
from lilypad.chain.devnode import DevNode
from lilypad.protocol.docket import UNIT
from lilypad.protocol.offers import JobOffer, ResourceOffer

CHART = ROOT / "docs" / "draw-cost.svg"
SIZES = (10, 100, 1_000, 10_000)
DRAWS = 8
SLICE = 500
"""Transactions in a block."""
FREE = ("--no-mining", "--auto-impersonate", "--gas-price", "0", "--base-fee", "0", "--gas-limit", "1000000000")


@dataclass(frozen=True)
class Cost:
    mediators: int
    levels: int
    """Of the tree: five to a group."""
    join: int
    """The last that staked, on average over those of its block."""
    draw: int


class Growing(Mediated):
    def offers(self, shared: bool, lane: int = 1, *_: Any) -> tuple[JobOffer, ResourceOffer]:
        """Each in a lane of its own, since none of these disputes is ended."""
        return super().offers(shared, self.nonce("lane") + 2)

    async def crowd(self, functions: Sequence[tuple[str, str, bytes]]) -> int:
        """From whom, to which contract, what: in one block. The gas of each, on average."""
        common = {"gas": hex(1_000_000), "gasPrice": "0x0"}
        calls = [
            {"from": who, "to": self.contracts[name].address, "data": "0x" + data.hex(), **common}
            for who, name, data in functions
        ]
        sent = [await self.node.call("eth_sendTransaction", call) for call in calls]
        await self.node.call("evm_mine")
        receipts = [await self.node.call("eth_getTransactionReceipt", transaction) for transaction in sent]
        if any(receipt["status"] != "0x1" for receipt in receipts):
            raise RuntimeError("a mediator could not join")
        return sum(int(receipt["gasUsed"], 16) for receipt in receipts) // len(receipts)

    async def join(self, mediators: Sequence[str]) -> int:
        """Gas of one that stakes for the first time."""
        vault, members = self.contracts["LilypadPayments"], self.contracts["LilypadMediators"]
        funds = [vault.encode("deposit", members.address, mediator, STAKE * UNIT) for mediator in mediators]
        await self.crowd([(ADDRESSES["holder"], "LilypadPayments", data) for data in funds])
        stake = members.encode("stake", STAKE)
        return await self.crowd([(mediator, "LilypadMediators", stake) for mediator in mediators])

    async def draw(self) -> int:
        dispute = await self.disputed()
        proof, _ = await self.seed(dispute)
        arguments = (dispute.docket.words(), dispute.deal.terms.words(), proof)
        gas, events = await self.send_logged("stranger", "draw", *arguments)
        if len(events["CaseDrawn"]["seats"]) != dispute.docket.wanted:
            raise RuntimeError("nobody was drawn")
        return gas

    async def grow(self) -> list[Cost]:
        people = (to_checksum_address(keccak(text=f"one of many {i}")[12:]) for i in count())
        costs, members, join = [], len(KEYS), 0
        for size in SIZES:
            while members < size:
                more = list(islice(people, min(SLICE, size - members)))
                join, members = await self.join(more), members + len(more)
            await self.next_epoch()
            draws = [await self.draw() for _ in range(DRAWS)]
            levels = next(level for level in count(1) if 5**level >= size)
            costs.append(Cost(size, levels, join, sum(draws) // DRAWS))
        return costs


async def measure() -> list[Cost]:
    async with DevNode(extra=FREE) as chain, aiohttp.ClientSession() as http:
        bench = Growing(Node(http, chain.url))
        await bench.set_up()
        return await bench.grow()


def main() -> None:
    costs = asyncio.run(measure())
    rows = ["| mediators | levels of the tree | `draw` of three | the last `stake` |", "| ---: | ---: | ---: | ---: |"]
    rows += [f"| {c.mediators:,} | {c.levels} | {c.draw:,} | {f'{c.join:,}' if c.join else ''} |" for c in costs]
    PAGE.write_text(with_tables(PAGE.read_text(), {"draw-cost": rows}))
    x = Axis("mediators (logarithmic)", [(size, f"{size:,}") for size in SIZES], log10)
    y = Axis("gas", [(gas, f"{gas:,}") for gas in range(0, 200_001, 50_000)])
    line = [(cost.mediators, cost.draw) for cost in costs]
    CHART.write_text(chart("A draw of three", x, y, [Series("draw", line, line)]))


if __name__ == "__main__":
    main()
