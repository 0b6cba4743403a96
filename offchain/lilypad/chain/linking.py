"""Whether what a node has answered piece by piece belongs to one branch of its chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lilypad.chain.contracts import RawLog
from lilypad.chain.rpc import quantity


def block_call(number: int | str) -> tuple[str, list[Any]]:
    return "eth_getBlockByNumber", [number if isinstance(number, str) else quantity(number), False]


def are_linked(headers: Sequence[Mapping[str, Any] | None], parent: bytes | None) -> bool:
    """Whether all are there, each the child of the one before, the first the child of `parent`."""
    expected = None if parent is None else "0x" + parent.hex()
    for header in headers:
        if header is None or (expected is not None and header["parentHash"] != expected):
            return False
        expected = header["hash"]
    return True


def in_order(logs: Sequence[RawLog], times: Mapping[int, str]) -> tuple[RawLog, ...]:
    """Without repetitions and without those that the node itself calls removed; with their time where it is known."""
    unique = {(g["blockHash"], int(g["logIndex"], 16)): g for g in logs if not g.get("removed")}
    for key, log_ in unique.items():
        number = int(log_["blockNumber"], 16)
        if "blockTimestamp" not in log_ and number in times:
            unique[key] = {**log_, "blockTimestamp": times[number]}
    return tuple(sorted(unique.values(), key=lambda g: (int(g["blockNumber"], 16), int(g["logIndex"], 16))))


def belong(logs: Sequence[RawLog], hashes: Mapping[int, str]) -> bool:
    """Whether no log comes from another branch than the headers."""
    return all(hashes.get(int(g["blockNumber"], 16), g["blockHash"]) == g["blockHash"] for g in logs)
