"""Manifests to make mistakes in."""

from __future__ import annotations

import copy
from typing import Any

from lilypad.modules.manifest import Manifest
from lilypad.modules.reading import read_manifest

SHA256 = "ab" * 32

WASM: dict[str, Any] = {
    "name": "resize",
    "version": "1.2.3",
    "description": "Makes a picture smaller.",
    "royalty_bps": 250,
    "wasm": {"file": "resize.wasm", "sha256": SHA256, "engine": "wasmtime 50.0.1", "host_version": 1},
    "inputs": [
        {"name": "Picture", "type": "file", "max_bytes": 1000},
        {"name": "Width", "type": "int", "minimum": 1, "maximum": 4000, "description": "In pixels."},
        {"name": "Sharpness", "type": "float", "default": 1, "minimum": 0.0},
        {"name": "Format", "type": "choice", "choices": ["png", "jpeg", "-raw"], "default": "png"},
        {"name": "Grey", "type": "bool", "default": False},
        {"name": "Title", "type": "string", "required": False, "max_length": 20},
        {"name": "Code", "type": "string", "required": False, "pattern": "[A-Z]{2}-[0-9]+", "max_length": 12},
    ],
    "command": {
        "argv": [
            "resize",
            "--width={Width}",
            ["--title", "{Title}"],
            "{Format}",
            "grey:{Grey} {{sharp:{Sharpness}}}",
            "{Picture}",
        ],
        "env": {"LANG": "C", "CODE": "<{Code}>"},
    },
    "limits": {"memory_bytes": 1 << 26, "wall_seconds": 30},
    "resources": {"ram_mib": 128},
    "budget": {"default": 1000, "maximum": 5000},
}


def with_changes(*changes: tuple[str, Any]) -> dict[str, Any]:
    """A copy of the sample with some keys set; a value of None removes the key. `inputs.0.type` names an item."""
    data = copy.deepcopy(WASM)
    for path, value in changes:
        *parents, last = path.split(".")
        table: Any = data
        for parent in parents:
            table = table[int(parent)] if isinstance(table, list) else table[parent]
        if value is None:
            del table[last]
        else:
            table[last] = value
    return data


def sample(*changes: tuple[str, Any]) -> Manifest:
    return read_manifest(with_changes(*changes))


def one_input(definition: dict[str, Any], argv: list[Any] | None = None, **more: Any) -> Manifest:
    """A module with one input, named X."""
    return read_manifest(
        {
            **WASM,
            "inputs": [{"name": "X", **definition}],
            "command": {"argv": argv or ["module", "{X}"], **more},
        }
    )
