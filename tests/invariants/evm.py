"""The contracts inside this process, on revm: thousands of calls a second, and no node."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyrevm
import pytest
from eth_abi.abi import decode, encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.types import Address

ARTIFACTS = Path(__file__).parents[2] / "offchain" / "lilypad" / "chain" / "artifacts"
CHAIN_ID = 1
DEPLOYER = "0x" + "d0" * 20
BUILT_IN = (
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


class RevertError(Exception):
    """A call was reverted with the error `name` and these fields; without data, the name is empty."""

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        super().__init__(f"{name}({', '.join(f'{key}={value}' for key, value in fields.items())})")
        self.name = name
        self.fields = fields


@dataclass(frozen=True)
class Contract:
    name: str
    address: Address


@dataclass(frozen=True)
class Receipt:
    value: Any
    """None, one value, or a tuple of several."""
    events: Sequence[tuple[str, Mapping[str, Any]]]
    gas_used: int


class Evm:
    def __init__(self, now: int) -> None:
        self._evm = pyrevm.EVM(gas_limit=30_000_000, spec_id="CANCUN")
        self.now = now

    @property
    def now(self) -> int:
        """Time of the block in which the next call runs."""
        return self._now

    @now.setter
    def now(self, timestamp: int) -> None:
        self._now = timestamp
        self._evm.set_block_env(pyrevm.BlockEnv(timestamp=timestamp, number=1))

    def deploy(self, name: str, *arguments: Any) -> Contract:
        artifact = _artifact(name)
        inputs = next((entry["inputs"] for entry in artifact["abi"] if entry["type"] == "constructor"), [])
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
        address = self._evm.deploy(DEPLOYER, code + encode([_kind(i) for i in inputs], arguments))
        return Contract(name, Address(to_checksum_address(address)))

    def call(self, sender: str, contract: Contract, function: str, *arguments: Any) -> Receipt:
        """Runs as a transaction of `sender`; nothing is kept of it when it reverts.

        Raises:
            RevertError: the contract refused.
        """
        return self.call_raw(sender, contract, function, _encode(contract.name, function, arguments))

    def call_raw(self, sender: str, contract: Contract, function: str, arguments: bytes) -> Receipt:
        """As `call`, with arguments that are encoded already, however badly."""
        entry = _entry(contract.name, "function", function)
        data = _selector(entry) + arguments
        try:
            output = self._evm.message_call(sender, contract.address, calldata=data)
        except RuntimeError as error:
            match = re.search(r"output: 0x([0-9a-f]*)", str(error))
            if match is None:
                raise
            raise RevertError(*_decode_error(bytes.fromhex(match[1]))) from None
        values = decode([_kind(o) for o in entry["outputs"]], bytes(output))
        result = self._evm.result
        events = [event for log in result.logs if (event := _decode_event(log)) is not None]
        return Receipt(values[0] if len(values) == 1 else values or None, events, result.gas_used)

    def raw(self, address: str, data: bytes) -> bytes:
        """For what has no ABI, such as a precompile."""
        return bytes(self._evm.message_call(DEPLOYER, address, calldata=data))

    def store(self, contract: Contract, slot: int, value: int) -> None:
        """Past everything that the contract would say to it."""
        self._evm.insert_account_storage(contract.address, slot, value)

    def read(self, contract: Contract, function: str, *arguments: Any) -> Any:
        return self.call(DEPLOYER, contract, function, *arguments).value


# ------------------------------------------------------------ ABIs


def calldata(contract: Contract, function: str, *arguments: Any) -> bytes:
    """For a contract that makes the call."""
    return _selector(_entry(contract.name, "function", function)) + _encode(contract.name, function, arguments)


def _encode(contract: str, function: str, arguments: Sequence[Any]) -> bytes:
    return encode([_kind(entry) for entry in _entry(contract, "function", function)["inputs"]], arguments)


@cache
def _artifact(name: str) -> Any:
    path = ARTIFACTS / f"{name}.json"
    if not path.exists():
        pytest.skip("the contracts are not compiled: ape run export_artifacts")
    return json.loads(path.read_text())


def _kind(entry: Mapping[str, Any]) -> str:
    kind = entry["type"]
    if not kind.startswith("tuple"):
        return str(kind)
    return f"({','.join(map(_kind, entry['components']))}){kind.removeprefix('tuple')}"


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(map(_kind, entry['inputs']))})"


@cache
def _entries(contract: str) -> Mapping[tuple[str, str], Any]:
    return {(entry["type"], entry["name"]): entry for entry in _artifact(contract)["abi"] if "name" in entry}


def _entry(contract: str, kind: str, name: str) -> Any:
    return _entries(contract)[kind, name]


@cache
def _known(kind: str) -> Mapping[bytes, Any]:
    """All errors or events of all artifacts, by the hash of their signature."""
    paths = ARTIFACTS.glob("*.json")
    entries = [entry for path in paths for (k, _), entry in _entries(path.stem).items() if k == kind]
    if kind == "error":
        entries += BUILT_IN
    return {keccak(text=_signature(entry)): entry for entry in entries}


@cache
def _selectors() -> Mapping[bytes, Any]:
    return {topic[:4]: entry for topic, entry in _known("error").items()}


@cache
def _selector_of(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def _selector(entry: Mapping[str, Any]) -> bytes:
    return _selector_of(_signature(entry))


def error_name(selector: bytes) -> str:
    """Empty for the zeros that stand for a revert without data."""
    return str(_selectors()[selector]["name"]) if any(selector) else ""


def _decode_error(data: bytes) -> tuple[str, Mapping[str, Any]]:
    if not data:
        return "", {}
    entry = _selectors()[data[:4]]
    values = decode([_kind(i) for i in entry["inputs"]], data[4:])
    return entry["name"], dict(zip((i["name"] for i in entry["inputs"]), values, strict=True))


def _decode_event(log: Any) -> tuple[str, Mapping[str, Any]] | None:
    topics, data = log.data
    entry = _known("event").get(bytes(topics[0]))
    if entry is None:
        return None
    plain = [i for i in entry["inputs"] if not i["indexed"]]
    values = dict(zip((i["name"] for i in plain), decode([_kind(i) for i in plain], bytes(data)), strict=True))
    indexed = [i for i in entry["inputs"] if i["indexed"]]
    for field, topic in zip(indexed, topics[1:], strict=True):
        (values[field["name"]],) = decode([_kind(field)], bytes(topic))
    for field in entry["inputs"]:
        if field["type"] == "address":
            values[field["name"]] = to_checksum_address(values[field["name"]])
    return entry["name"], values
