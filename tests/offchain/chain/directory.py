"""A LilypadUsers contract as a source of events: each entry carries a number, so that a test can count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from eth_utils.address import to_checksum_address

from lilypad.chain.contracts import Contract, Event, creation_code
from lilypad.chain.devnode import dev_account
from lilypad.chain.rpc import Rpc, to_hex
from lilypad.types import Address


async def transact(rpc: Rpc, data: bytes, *, to: Address | None = None) -> dict:
    """By the node's own key; waits until it is mined."""
    request = {"from": dev_account(0).address, "data": to_hex(data), **({"to": to} if to else {})}
    tx_hash = await rpc.call("eth_sendTransaction", request)
    while (receipt := await rpc.call("eth_getTransactionReceipt", tx_hash)) is None:
        pass
    assert receipt["status"] == "0x1"
    return receipt


@dataclass(frozen=True)
class Directory:
    rpc: Rpc
    contract: Contract

    @classmethod
    async def deploy(cls, rpc: Rpc) -> Self:
        receipt = await transact(rpc, creation_code("LilypadUsers"))
        return cls(rpc, Contract("LilypadUsers", to_checksum_address(receipt["contractAddress"])))

    @property
    def address(self) -> Address:
        return self.contract.address

    def entry(self, number: int) -> bytes:
        return self.contract.encode("register", 2, f"http://{number}", number.to_bytes(32))

    async def register(self, *numbers: int) -> None:
        """One block for each."""
        for number in numbers:
            await transact(self.rpc, self.entry(number), to=self.address)

    async def register_together(self, *numbers: int) -> None:
        """All in one block."""
        await self.rpc.call("evm_setAutomine", False)
        account = dev_account(0).address
        request = {"from": account, "to": self.address, "gas": hex(200_000)}
        calls = [("eth_sendTransaction", [request | {"data": to_hex(self.entry(n))}]) for n in numbers]
        await self.rpc.batch(calls)
        await self.rpc.call("evm_mine")
        await self.rpc.call("evm_setAutomine", True)

    async def head(self) -> int:
        return int(await self.rpc.call("eth_blockNumber"), 16)


def number_of(event: Event) -> int:
    assert event.name == "UserChanged"
    return int.from_bytes(event.args["metadata"])
