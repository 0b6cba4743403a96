"""A small binding: calls in, events and errors out, by the ABIs of the artifacts.

Logs stay raw JSON until someone asks for an event: decoding costs twenty times more than fetching.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lilypad.chain.abi import Entry, decode_values, encode_values, name_values
from lilypad.chain.artifacts import artifact_names, load_artifact
from lilypad.chain.rpc import Rpc, RpcError, from_hex, quantity, to_hex
from lilypad.errors import FaultError, TransactionRevertedError
from lilypad.types import Address

RawLog = Mapping[str, Any]
"""A log as the node's JSON has it."""

_BUILTIN_ERRORS = (
    {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    args: dict[str, Any]
    """By name; structs are dicts, addresses have their checksum."""
    address: Address
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int
    block_timestamp: int | None
    """None when the node does not put it into its logs; the feed's batches always have the head's."""


@dataclass(frozen=True, slots=True)
class DecodedError:
    name: str
    args: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={_show(v)}' for k, v in self.args.items())})"

    def raised(self, **fields: object) -> TransactionRevertedError:
        return TransactionRevertedError(str(self), name=self.name, args=tuple(self.args.values()), **fields)


class Contract:
    """One contract's ABI at an address."""

    def __init__(self, name: str, address: Address) -> None:
        self.name = name
        self.address = address
        self._functions: dict[str, Entry] = {}
        self._events: dict[str, Entry] = {}
        for entry in map(Entry, load_artifact(name).abi):
            if entry.abi["type"] == "function":
                self._functions[entry.signature] = entry
                # An overloaded name is only known by its signature.
                ambiguous = entry.name in self._functions
                self._functions[entry.name] = Entry({"name": ""}) if ambiguous else entry
            elif entry.abi["type"] == "event":
                self._events[entry.name] = entry

    def encode(self, function: str, *args: Any) -> bytes:
        """Calldata. `function` is a name, or a signature where the name is overloaded."""
        entry = self._function(function)
        return entry.selector + encode_values(entry.inputs, args)

    def decode_result(self, function: str, data: bytes) -> Any:
        """One value as itself, several as a tuple, none as None."""
        try:
            values = decode_values(self._function(function).outputs, data)
        except ValueError as error:
            where = {"contract": self.name, "address": self.address, "function": function}
            raise FaultError(f"is this the right address? {error}", **where) from error
        if not values:
            return None
        return values[0] if len(values) == 1 else values

    async def call(
        self, rpc: Rpc, function: str, *args: Any, block: int | str | bytes = "latest", sender: Address | None = None
    ) -> Any:
        """Asks the chain without changing it; a revert becomes TransactionRevertedError. A block's hash names a branch
        too: a node that does not know it refuses."""
        request = {"to": self.address, "data": to_hex(self.encode(function, *args))}
        if sender is not None:
            request["from"] = sender
        try:
            answer = await rpc.call("eth_call", request, _tag(block))
        except RpcError as error:
            if error.revert is None:
                raise
            raise decode_error(error.revert).raised(contract=self.name, function=function) from None
        return self.decode_result(function, from_hex(answer))

    def topic(self, event: str) -> str:
        """For a feed that wants this event alone."""
        return to_hex(self._events[event].topic)

    def _function(self, name: str) -> Entry:
        entry = self._functions.get(name)
        if entry is None or not entry.name:
            known = sorted(k for k in self._functions if "(" in k)
            raise FaultError(f"{self.name} has no single function {name}, but {', '.join(known)}")
        return entry


def _tag(block: int | str | bytes) -> str | dict[str, str]:
    if isinstance(block, bytes):
        return {"blockHash": to_hex(block)}
    return quantity(block) if isinstance(block, int) else block


def creation_code(name: str, *args: Any) -> bytes:
    """What to send to nobody to deploy a contract."""
    artifact = load_artifact(name)
    parameters: list[Any] = next((e["inputs"] for e in artifact.abi if e["type"] == "constructor"), [])
    return artifact.bytecode + encode_values(parameters, args)


def decode_event(log: RawLog) -> Event:
    """By the first topic, whichever of our contracts it came from."""
    topics = [from_hex(t) for t in log["topics"]]
    entry = _events().get((topics[0], len(topics))) if topics else None
    if entry is None:
        raise FaultError("an event that no contract of ours has", address=log["address"], topics=log["topics"])
    indexed = decode_values(entry.indexed, b"".join(topics[1:]))
    named = name_values(entry.indexed, indexed)
    named |= name_values(entry.unindexed, decode_values(entry.unindexed, from_hex(log["data"])))
    stamp = log.get("blockTimestamp")
    return Event(
        name=entry.name,
        args={p["name"]: named[p["name"]] for p in entry.inputs},
        address=_address(log["address"]),
        block_number=int(log["blockNumber"], 16),
        block_hash=from_hex(log["blockHash"]),
        tx_hash=from_hex(log["transactionHash"]),
        log_index=int(log["logIndex"], 16),
        block_timestamp=int(stamp, 16) if isinstance(stamp, str) else stamp,
    )


def decode_events(logs: Iterable[RawLog], *, address: Address | None = None) -> list[Event]:
    """All of a receipt's or a batch's; with an address those of one contract alone."""
    return [decode_event(g) for g in logs if address is None or g["address"].lower() == address.lower()]


def decode_error(data: bytes) -> DecodedError:
    """What a revert carried. Never raises: bytes that nobody knows are shown as they are."""
    if not data:
        return DecodedError("NoReason", {})
    entry = _errors().get(data[:4])
    if entry is not None:
        try:
            return DecodedError(entry.name, name_values(entry.inputs, decode_values(entry.inputs, data[4:])))
        except ValueError:
            pass
    return DecodedError("UnknownError", {"data": data})


@cache
def _events() -> dict[tuple[bytes, int], Entry]:
    """Keyed by topic and number of topics: tokens of different standards share their first topic."""
    found: dict[tuple[bytes, int], Entry] = {}
    for entry in _entries("event"):
        found[entry.topic, 1 + len(entry.indexed)] = entry
    return found


@cache
def _errors() -> dict[bytes, Entry]:
    return {e.selector: e for e in (*_entries("error"), *map(Entry, _BUILTIN_ERRORS))}


def _entries(kind: str) -> list[Entry]:
    return [Entry(e) for name in artifact_names() for e in load_artifact(name).abi if e["type"] == kind]


def _address(value: str) -> Address:
    (address,) = decode_values([{"name": "", "type": "address"}], bytes(12) + from_hex(value))
    return Address(address)


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, dict):
        return f"({', '.join(f'{k}={_show(v)}' for k, v in value.items())})"
    return f"[{', '.join(map(_show, value))}]" if isinstance(value, list) else str(value)
