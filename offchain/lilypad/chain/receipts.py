"""What a mined transaction has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from lilypad.chain.contracts import RawLog
from lilypad.chain.rpc import from_hex
from lilypad.types import Address


@dataclass(frozen=True, slots=True)
class Receipt:
    tx_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    effective_gas_price: int
    logs: tuple[RawLog, ...]
    contract_address: Address | None
    """Of a deployment."""


def read_receipt(found: Mapping[str, Any]) -> Receipt:
    created = found.get("contractAddress")
    return Receipt(
        tx_hash=from_hex(found["transactionHash"]),
        block_number=int(found["blockNumber"], 16),
        block_hash=from_hex(found["blockHash"]),
        gas_used=int(found["gasUsed"], 16),
        effective_gas_price=int(found["effectiveGasPrice"], 16),
        logs=tuple(found["logs"]),
        contract_address=to_checksum_address(created) if created else None,
    )
