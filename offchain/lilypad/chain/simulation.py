"""Transactions tried without sending them, and the reasons of those that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lilypad.chain.contracts import DecodedError, decode_error
from lilypad.chain.outbox import Request
from lilypad.chain.rpc import Rpc, RpcError, quantity, to_hex
from lilypad.errors import FaultError
from lilypad.types import Address


def call_object(request: Request, sender: Address) -> dict[str, str]:
    call = {"from": sender, "data": to_hex(request.data), "value": quantity(request.value)}
    if request.to is not None:
        call["to"] = request.to
    return call


async def estimate_gas(rpc: Rpc, request: Request, sender: Address, *, key: str) -> int:
    """The gas that the request uses now. A revert becomes TransactionRevertedError, nothing is sent."""
    call = call_object(request, sender)
    try:
        return int(await rpc.call("eth_estimateGas", call), 16)
    except RpcError as error:
        if error.revert is None:
            raise explain_refusal(error, sender) from error
        data = error.revert or await revert_data(rpc, call, "latest")
        raise decode_error(data or b"").raised(key=key, to=request.to) from None


async def explain_mined_revert(rpc: Rpc, request: Request, sender: Address, receipt: Mapping[str, Any]) -> DecodedError:
    """Replays it on the state after its block, then on the one before: an earlier one in the block may be the cause."""
    if int(receipt["gasUsed"], 16) >= request.gas:
        return DecodedError("OutOfGas", {"limit": request.gas})
    call = call_object(request, sender) | {"gas": quantity(request.gas)}
    number = int(receipt["blockNumber"], 16)
    for block in (number, number - 1):
        data = await revert_data(rpc, call, quantity(block))
        if data is not None:
            return decode_error(data)
    return DecodedError("NoReason", {})


async def revert_data(rpc: Rpc, call: Mapping[str, str], block: str) -> bytes | None:
    """None when the call does not revert there, or the node no longer has that state."""
    try:
        await rpc.call("eth_call", call, block)
    except RpcError as error:
        return error.revert
    return None


def explain_refusal(error: RpcError, sender: Address) -> RpcError | FaultError:
    """An account without ether stays without until a person acts; anything else may pass."""
    if "insufficient" in error.reason.lower() and "fund" in error.reason.lower():
        return FaultError(f"the account cannot pay for gas, send it ether: {error.reason}", account=sender)
    return error
