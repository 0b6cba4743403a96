"""What a transaction offers for its place in a block (EIP-1559)."""

from __future__ import annotations

from dataclasses import dataclass

from lilypad.chain.rpc import Rpc
from lilypad.errors import FaultError


@dataclass(frozen=True, slots=True)
class Fees:
    max_fee: int
    """The most per gas, base fee and tip together."""
    tip: int
    """The most of it for whoever makes the block."""

    @property
    def least(self) -> int:
        """Of a quote: what it takes now, base fee and tip."""
        return (self.max_fee + self.tip) // 2

    def capped(self, most: int | None) -> Fees:
        if most is None:
            return self
        return Fees(min(self.max_fee, most), min(self.tip, most))

    def replacing(self, old: Fees) -> Fees:
        """At least a quarter above the old ones: nodes want a tenth, some an eighth."""
        return Fees(max(self.max_fee, old.max_fee * 5 // 4 + 1), max(self.tip, old.tip * 5 // 4 + 1))


async def quote_fees(rpc: Rpc) -> Fees:
    """Twice the base fee survives six full blocks in a row."""
    latest, tip = await rpc.batch(
        [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])],
    )
    if "baseFeePerGas" not in latest:
        raise FaultError("the chain has no base fee (EIP-1559); Lilypad does not support it")
    suggested = int(tip, 16)
    return Fees(2 * int(latest["baseFeePerGas"], 16) + suggested, suggested)
