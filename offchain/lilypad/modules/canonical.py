"""The bytes and the digest that a module version is pinned by.

The bytes hold the whole manifest but for its build section, with every default written out, and can be read
back. Whatever decides a result is in them: name, version, engine, engine and host version, digest of the
artifact, command, inputs, limits.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from lilypad.modules.inputs import canonical_json
from lilypad.modules.manifest import FORMAT, DockerArtifact, InputDefinition, InputType, Manifest
from lilypad.modules.reading import MAX_MANIFEST_BYTES, read_manifest
from lilypad.modules.reading_inputs import KEYS_OF_TYPE
from lilypad.modules.tables import fail
from lilypad.types import Digest


def manifest_bytes(manifest: Manifest) -> bytes:
    return canonical_json({"format": FORMAT, **_plain(manifest)})


def manifest_digest(manifest: Manifest) -> Digest:
    """SHA-256 of manifest_bytes(): also the digest in the CID of those bytes as one raw block."""
    return Digest(hashlib.sha256(manifest_bytes(manifest)).digest())


def manifest_from_bytes(data: bytes) -> Manifest:
    """Reads what manifest_bytes() made. Raises ModuleInvalidError for anything else."""
    if len(data) > MAX_MANIFEST_BYTES:
        fail("manifest", f"has more than {MAX_MANIFEST_BYTES} bytes.")
    try:
        manifest = read_manifest(json.loads(data))
    except (ValueError, RecursionError) as error:
        fail("manifest", f"is not JSON: {error}.")
    if manifest_bytes(manifest) != data:
        fail("manifest", "is not in canonical form; write it with manifest_bytes().")
    return manifest


def _plain(manifest: Manifest) -> dict[str, Any]:
    """In the shape of a module.toml."""
    command = manifest.command
    return {
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "deterministic": manifest.deterministic,
        "royalty_bps": manifest.royalty_bps,
        manifest.engine.value: _plain_artifact(manifest),
        "inputs": [_plain_input(definition) for definition in manifest.inputs],
        "command": {
            "argv": [[argument.source for argument in group] for group in command.argv],
            "env": {name: value.source for name, value in command.env},
        },
        "limits": asdict(manifest.limits),
        "resources": asdict(manifest.resources),
        "budget": asdict(manifest.budget),
    }


def _plain_artifact(manifest: Manifest) -> dict[str, Any]:
    artifact = manifest.artifact
    if isinstance(artifact, DockerArtifact):
        if artifact.image is None:
            fail("docker.image", "is not known yet; run the module's build step first.")
        return {"image": artifact.image}
    return {**asdict(artifact), "sha256": artifact.sha256.hex()}


def _plain_input(definition: InputDefinition) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": definition.name,
        "type": definition.type.value,
        "description": definition.description,
        "required": definition.required,
    }
    if definition.default is not None:
        plain["default"] = definition.default
    for key in KEYS_OF_TYPE[definition.type]:
        value = getattr(definition, key)
        if value is not None:
            plain[key] = value
    if definition.type is InputType.STRING and definition.pattern:
        plain["pattern"] = definition.pattern.pattern
    return plain
