"""What goes on chain for a result: one hash over everything a mediator compares, and one bill."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.types import Result


def commitment(result: Result) -> bytes:
    """keccak256(abi.encode(output, returned, uint32 exit status, stdout, stderr)), 32 bytes."""
    return keccak(
        encode(
            ["bytes32", "bytes32", "uint32", "bytes32", "bytes32"],
            [result.output, result.returned, int(result.exit_status), result.stdout, result.stderr],
        )
    )
