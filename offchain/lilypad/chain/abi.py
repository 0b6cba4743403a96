"""Values by ABI: arguments given as dicts or sequences become bytes, bytes become dicts with names.

Nothing here knows a contract or a node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import eth_abi.abi
import eth_abi.exceptions
from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.registry import BaseEquals, registry
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.errors import FaultError

Parameter = Mapping[str, Any]
"""One entry of `inputs`, `outputs` or `components` in an ABI."""


class _AnyString(StringDecoder):
    """A string on chain is any bytes that its writer likes; no event of a stranger may be one that cannot be read."""

    def __init__(self) -> None:
        super().__init__("replace")  # type: ignore[no-untyped-call]


_READABLE = registry.copy()  # type: ignore[no-untyped-call]
_READABLE.unregister_decoder("string")
_READABLE.register_decoder(BaseEquals("string"), _AnyString, label="string")  # type: ignore[no-untyped-call]
_CODEC = ABICodec(_READABLE)


def type_of(parameter: Parameter) -> str:
    """The canonical type, tuples written out: `tuple[2]` of an address and a uint8 is `(address,uint8)[2]`."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(type_of, parameter['components']))}){kind.removeprefix('tuple')}"


def encode_values(parameters: Sequence[Parameter], values: Sequence[Any]) -> bytes:
    if len(parameters) != len(values):
        raise FaultError("wrong number of arguments", needed=len(parameters), given=len(values))
    plain = [_plain(p, v) for p, v in zip(parameters, values, strict=True)]
    try:
        return eth_abi.abi.encode([type_of(p) for p in parameters], plain)
    except (eth_abi.exceptions.EncodingError, TypeError) as error:
        raise FaultError(f"arguments do not fit the ABI: {error}") from error


def decode_values(parameters: Sequence[Parameter], data: bytes) -> tuple[Any, ...]:
    """Raises ValueError when the bytes are not these values."""
    try:
        values = _CODEC.decode([type_of(p) for p in parameters], data)
    except (eth_abi.exceptions.DecodingError, OverflowError) as error:
        raise ValueError(f"bytes do not fit the ABI: {error}") from error
    return tuple(_named(p, v) for p, v in zip(parameters, values, strict=True))


def _element(parameter: Parameter) -> Parameter | None:
    """What an array is made of; None for anything else."""
    kind: str = parameter["type"]
    return {**parameter, "type": kind[: kind.rindex("[")]} if kind.endswith("]") else None


def _plain(parameter: Parameter, value: Any) -> Any:
    """Dicts to tuples in the order of the ABI, however deep."""
    if (element := _element(parameter)) is not None:
        return [_plain(element, v) for v in value]
    if parameter["type"] != "tuple":
        return value
    components: Sequence[Parameter] = parameter["components"]
    names = [c["name"] for c in components]
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise FaultError(f"a {_struct(parameter)} has the fields {names}", given=sorted(value))
        value = [value[name] for name in names]
    if len(value) != len(components):
        raise FaultError(f"a {_struct(parameter)} has the fields {names}", given=len(value))
    return tuple(_plain(c, v) for c, v in zip(components, value, strict=True))


def _struct(parameter: Parameter) -> str:
    return str(parameter.get("internalType", "tuple")).removeprefix("struct ")


def _named(parameter: Parameter, value: Any) -> Any:
    """Tuples to dicts, however deep; addresses get their checksum."""
    if (element := _element(parameter)) is not None:
        return [_named(element, v) for v in value]
    if parameter["type"] == "tuple":
        return {c["name"]: _named(c, v) for c, v in zip(parameter["components"], value, strict=True)}
    return to_checksum_address(value) if parameter["type"] == "address" else value


def name_values(parameters: Sequence[Parameter], values: Sequence[Any]) -> dict[str, Any]:
    """By name, or by position where the ABI has none."""
    return {p["name"] or str(i): v for i, (p, v) in enumerate(zip(parameters, values, strict=True))}


@dataclass(frozen=True)
class Entry:
    """A function, event or error of an ABI."""

    abi: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.abi["name"])

    @property
    def inputs(self) -> Sequence[Parameter]:
        return list(self.abi.get("inputs", ()))

    @property
    def outputs(self) -> Sequence[Parameter]:
        return list(self.abi.get("outputs", ()))

    @cached_property
    def signature(self) -> str:
        return f"{self.name}({','.join(map(type_of, self.inputs))})"

    @cached_property
    def topic(self) -> bytes:
        """The first topic of an event."""
        return keccak(text=self.signature)

    @property
    def selector(self) -> bytes:
        """The first four bytes of a call or an error."""
        return self.topic[:4]

    @cached_property
    def indexed(self) -> Sequence[Parameter]:
        """Dynamic values are indexed by their hash, which is all a log has of them."""
        chosen = [p for p in self.inputs if p.get("indexed")]
        return [p if _is_word(p) else {"name": p["name"], "type": "bytes32"} for p in chosen]

    @cached_property
    def unindexed(self) -> Sequence[Parameter]:
        return [p for p in self.inputs if not p.get("indexed")]


def _is_word(parameter: Parameter) -> bool:
    kind = parameter["type"]
    return not (kind in ("string", "bytes") or kind.endswith("]") or kind.startswith("tuple"))
