"""One account at a node: signs, puts on the wire, asks what became of it. Remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from lilypad.chain.fees import Fees
from lilypad.chain.outbox import Attempt, Outgoing, Request
from lilypad.chain.rpc import Rpc, RpcError, to_hex
from lilypad.types import Address

# What nodes of several makes say, in lower case.
_KNOWN = ("already known", "known transaction", "already imported", "already in", "alreadyknown")
_USED = ("nonce too low", "nonce is too low", "oldnonce")
_TAKEN = ("replacement", "could not replace", "replacenotallowed")


def nonce_used(error: RpcError) -> bool:
    """A transaction with this nonce is in the chain already."""
    return _says(error, _USED)


def nonce_taken(error: RpcError) -> bool:
    """Another transaction with this nonce is waiting, and this one does not pay enough to replace it."""
    return _says(error, _TAKEN)


def _says(error: RpcError, words: tuple[str, ...]) -> bool:
    return any(word in error.reason.lower() for word in words)


@dataclass(frozen=True, slots=True)
class Wire:
    rpc: Rpc
    account: LocalAccount

    @property
    def address(self) -> Address:
        return Address(self.account.address)

    def sign(self, chain_id: int, request: Request, nonce: int, fees: Fees) -> Attempt:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "data": request.data,
            "value": request.value,
            "gas": request.gas,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.tip,
        }
        if request.to is not None:
            fields["to"] = request.to
        signed = self.account.sign_transaction(fields)
        return Attempt(bytes(signed.hash), bytes(signed.raw_transaction), fees.max_fee, fees.tip)

    async def broadcast(self, attempt: Attempt) -> None:
        """Harmless when it is there already."""
        try:
            await self.rpc.call("eth_sendRawTransaction", to_hex(attempt.raw))
        except RpcError as error:
            if not _says(error, _KNOWN):
                raise

    async def known(self, *attempts: Attempt) -> bool:
        """Whether the node has one of them, mined or waiting."""
        found = await self.rpc.batch([("eth_getTransactionByHash", [to_hex(a.hash)]) for a in attempts])
        return any(transaction is not None for transaction in found)

    async def receipt(self, outgoing: Outgoing) -> dict[str, Any] | None:
        """Of whichever attempt was mined."""
        calls = [("eth_getTransactionReceipt", [to_hex(a.hash)]) for a in outgoing.attempts]
        return next((receipt for receipt in await self.rpc.batch(calls) if receipt is not None), None)

    async def count(self, block: str) -> int:
        """How many transactions of this account are in the chain, or with "pending" also in the node's pool."""
        return int(await self.rpc.call("eth_getTransactionCount", self.address, block), 16)
