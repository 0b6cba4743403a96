"""The one way in which tests look at a revert: the error's name and every one of its fields.

`ape.reverts(SomeError)` also passes when a different error is raised, so the linter forbids it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ape import project
from ape.exceptions import ContractLogicError
from ape_foundry.provider import FoundryProvider
from eth_abi.abi import decode
from eth_utils.crypto import keccak

BUILT_IN = {
    "Error": ("Error(string)", ["message"], ["string"]),
    "Panic": ("Panic(uint256)", ["code"], ["uint256"]),
}
OVERFLOW = 0x11


class WrongRevertError(AssertionError):
    """Nothing was reverted, or not for the reason that the test expects."""


@contextmanager
def reverts_with(name: str, **fields: Any) -> Iterator[None]:
    """The block must end in a revert with the error `name` and exactly these fields.

    Without a name, reverts with no data at all are meant: `reverts_with("")`.
    """
    try:
        # Ape draws the trace of every failed call, which takes seconds; the bytes of the revert are enough here.
        with patch.object(FoundryProvider, "get_virtual_machine_error", _plain_error):
            yield
    except WrongRevertError:
        raise
    except Exception as error:
        found, values = decode_revert(revert_data(error))
        wanted = {key: _plain(value) for key, value in fields.items()}
        if (found, values) != (name, wanted):
            raise WrongRevertError(f"expected {name}({wanted}), reverted with {found}({values}): {error}") from error
        return
    raise WrongRevertError(f"expected {name}, but nothing was reverted")


def decode_revert(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and fields of the error; the name is empty when the revert carried no data."""
    if not data:
        return "", {}
    known = _known_errors()
    if data[:4] not in known:
        raise WrongRevertError(f"no contract declares an error with the selector {data[:4].hex()}")
    name, keys, kinds = known[data[:4]]
    values = map(_plain, decode(kinds, data[4:]))
    return name, dict(zip(keys, values, strict=True))


def name_of(selector: bytes) -> str:
    """The error's name; empty for the zeros that stand for a revert without data."""
    return _known_errors()[selector][0] if any(selector) else ""


def revert_data(error: BaseException) -> bytes:
    """The bytes of the revert, out of whatever the layers between the node and the test made of them."""
    seen: BaseException | None = error
    while seen is not None:
        for text in map(str, seen.args):
            if match := re.fullmatch(r"0x((?:[0-9a-f]{2})*)", text):
                return bytes.fromhex(match[1])
            if match := re.search(r"custom error 0x([0-9a-f]{8})(?:: )?(.*)", text, re.DOTALL):
                return bytes.fromhex(match[1]) + _fields_in(match[2])
            if "EVM error OutOfGas" in text:
                return b""
        seen = seen.__cause__ or seen.__context__
    raise WrongRevertError(f"not a revert: {error!r}") from error


def _fields_in(text: str) -> bytes:
    """Of a call that was not sent, the node tells the fields as hex, or as text if the bytes happen to be some."""
    return bytes.fromhex(text) if re.fullmatch(r"(?:[0-9a-f]{64})*", text) else text.encode()


def _plain_error(_: FoundryProvider, error: Exception, **__: Any) -> ContractLogicError:
    return ContractLogicError(base_err=error)


def _known_errors() -> dict[bytes, tuple[str, list[str], list[str]]]:
    if not _cache:
        for name, (signature, keys, kinds) in BUILT_IN.items():
            _cache[keccak(text=signature)[:4]] = (name, keys, kinds)
        for contract in project.contracts.values():
            for abi in contract.errors:
                kinds = [field.canonical_type for field in abi.inputs]
                _cache[keccak(text=abi.selector)[:4]] = (abi.name, [f.name for f in abi.inputs], kinds)
    return _cache


_cache: dict[bytes, tuple[str, list[str], list[str]]] = {}


def _plain(value: Any) -> Any:
    """Accounts and contracts as lower-case addresses, bytes as hex, enums as numbers."""
    if hasattr(value, "address"):
        value = value.address
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    if isinstance(value, str) and value.startswith("0x"):
        return value.lower()
    if hasattr(value, "pack"):
        return value.pack()
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
