"""ABI and creation code of the contracts, as the compiler left them beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lilypad.errors import FaultError


@dataclass(frozen=True, slots=True)
class Artifact:
    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    """Creation code, without constructor arguments."""


@cache
def load_artifact(name: str) -> Artifact:
    file = resources.files(__package__) / "artifacts" / f"{name}.json"
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        raise FaultError("no such contract artifact; run `make` to compile the contracts", contract=name) from None
    return Artifact(name, tuple(content["abi"]), bytes.fromhex(content["bytecode"].removeprefix("0x")))


@cache
def artifact_names() -> tuple[str, ...]:
    folder = resources.files(__package__) / "artifacts"
    if not folder.is_dir():
        raise FaultError("the contracts are not compiled; run `make`")
    return tuple(sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json")))
