"""The RLP header of a block, out of what a node tells of it: the proof that contracts/mediation/Randao.sol asks for."""

from __future__ import annotations

from collections.abc import Mapping

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from lilypad.errors import FaultError

FIELDS = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot",
    "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip
"""In the order of the header; later ones came with later forks, and are missing before."""
NUMBERS = frozenset(
    ("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas")
)


def header_of(block: Mapping[str, object]) -> bytes:
    """
    Args:
        block: as eth_getBlockByNumber answers.

    Raises:
        FaultError: it has fields that are not known here, so that its header would have another hash.
    """
    present = [field for field in FIELDS if block.get(field) is not None]
    header: bytes = rlp.encode([_value(field, str(block[field])) for field in present])
    if "0x" + keccak(header).hex() != block["hash"]:
        raise FaultError("the header of this block has fields that this version does not know", block=block["number"])
    return header


def _value(field: str, text: str) -> int | bytes:
    return int(text, 16) if field in NUMBERS else bytes.fromhex(text.removeprefix("0x"))
