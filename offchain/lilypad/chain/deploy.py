"""The whole network as one deployment plan: the same addresses on every chain.

Each contract is created by the well-known CREATE2 factory, so its address depends on its code, its constructor
arguments and the salt alone, not on who sends the transaction, nor when, nor on which chain. The plan is pure;
`scripts/deploy.py` carries it out with ape, `lilypad up` with an agent's own sender.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import yaml
from eth_utils.address import is_checksum_address, to_checksum_address
from eth_utils.crypto import keccak

from lilypad.chain.contracts import creation_code
from lilypad.errors import FaultError
from lilypad.types import Address

FACTORY = to_checksum_address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
"""Arachnid's deterministic deployment proxy: data = salt (32 bytes) + creation code."""


@dataclass(frozen=True, slots=True)
class DeployParameters:
    """What a person decides about a deployment, from scripts/params/<network>.yaml."""

    salt: str
    token_holder: Address
    """Receives the whole token supply."""
    governor: Address
    """Owns the two parameters of the controller."""
    curator: Address
    """Curates modules."""
    treasury: Address
    """Credited with the protocol's share."""
    mock_judge: Address | None = None
    """Decides every dispute by decree: for local chains only."""

    @classmethod
    def load(cls, path: Path) -> Self:
        if not path.exists():
            raise FaultError(
                f"{path} is missing: copy local.yaml beside it and set whom this network belongs to"
            )
        plain = yaml.safe_load(path.read_text())
        names = {field.name for field in fields(cls)}
        if unknown := set(plain) - names:
            raise FaultError(
                f"{path}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(names))}"
            )
        for name, value in plain.items():
            if name != "salt" and not is_checksum_address(value):
                raise FaultError(f"{path}: {name} must be a checksummed address, got {value!r}")
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class Step:
    """One contract to create."""

    name: str
    address: Address
    creation_code: bytes
    salt: bytes

    @property
    def factory_data(self) -> bytes:
        return self.salt + self.creation_code


def plan(parameters: DeployParameters) -> Iterator[Step]:
    """All contracts in an order in which each finds those it needs."""
    salt = keccak(text=parameters.salt)

    def step(name: str, *arguments: Any) -> Step:
        code = creation_code(name, *arguments)
        return Step(name, create2_address(salt, code), code, salt)

    token = step("LilypadToken", parameters.token_holder)
    payments = step("LilypadPayments", token.address)
    storage = step("LilypadStorage")
    modules = step("LilypadModules", parameters.curator)
    yield from (token, payments, storage, modules, step("LilypadUsers"))
    parts = (payments.address, storage.address, modules.address)
    yield step("LilypadController", *parts, parameters.treasury, parameters.governor)
    if parameters.mock_judge is not None:
        yield step("MockMediation", parameters.mock_judge)


def create2_address(salt: bytes, creation_code: bytes) -> Address:
    packed = b"\xff" + bytes.fromhex(FACTORY[2:]) + salt + keccak(creation_code)
    return to_checksum_address(keccak(packed)[12:])
