"""The digest of a module version covers all that decides a result."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from lilypad.errors import ModuleInvalidError
from lilypad.modules.canonical import manifest_bytes, manifest_digest, manifest_from_bytes
from lilypad.modules.manifest import DockerArtifact, Manifest
from lilypad.modules.reading import read_manifest

from .samples import SHA256, sample, with_changes


def test_bytes__can_be_read_back() -> None:
    manifest = sample()

    assert manifest_from_bytes(manifest_bytes(manifest)) == manifest
    docker = replace(manifest, artifact=DockerArtifact(f"sha256:{SHA256}"), deterministic=False)
    assert manifest_from_bytes(manifest_bytes(docker)) == docker


def test_digest__of_the_sample__never_changes() -> None:
    """A published version would no longer be found. If this has to change, raise FORMAT."""
    assert manifest_digest(sample()).hex() == "70e6fe39f9d71fa2b043e88ce28db577ffe18e1ec29c23256c686942e0c03de4"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "other"),
        ("version", "1.2.4"),
        ("wasm.sha256", "cd" * 32),
        ("wasm.engine", "wasmtime 50.0.2"),
        ("wasm.host_version", 2),
        ("inputs.1.maximum", 5000),
        ("inputs.2.default", 2),
        ("inputs.3.choices", ["png"]),
        ("inputs.5.required", True),
        ("inputs.5.allow_leading_dash", True),
        ("inputs.5.multiline", True),
        ("inputs.6.pattern", "[A-Z]+"),
        ("command.argv", ["resize"]),
        ("command.env", {}),
        ("limits.memory_bytes", 1 << 27),
        ("limits.output_bytes", 1),
        ("limits.log_bytes", 1),
        ("limits.wall_seconds", 31),
        ("resources.ram_mib", 64),
        ("budget.maximum", 6000),
        ("royalty_bps", 0),
    ],
)
def test_digest__anything_that_matters_changes__is_another(path: str, value: Any) -> None:
    assert manifest_digest(sample((path, value))) != manifest_digest(sample())


def test_digest__build_section_and_spelled_out_defaults__do_not_matter() -> None:
    same = sample(
        ("build", {"sources": ["x.c"]}), ("format", 1), ("deterministic", True), ("limits.log_bytes", 1 << 20)
    )

    assert manifest_digest(same) == manifest_digest(sample())


def test_bytes__cover_every_field_of_the_manifest() -> None:
    import json

    plain = json.loads(manifest_bytes(sample()))
    assert set(plain) == {f.name for f in fields(Manifest)} - {"artifact", "build"} | {"format", "wasm"}


def test_bytes__of_an_image_that_is_not_built__are_refused() -> None:
    source = with_changes(("wasm", None), ("docker", {}), ("deterministic", True))

    with pytest.raises(ModuleInvalidError, match="run the module's build step first"):
        manifest_bytes(read_manifest(source))


@pytest.mark.parametrize(
    "change", [lambda b: b + b" ", lambda b: b.replace(b":", b": ", 1), lambda b: b"{}", lambda b: b"["]
)
def test_from_bytes__not_canonical__is_rejected(change: Any) -> None:
    with pytest.raises(ModuleInvalidError):
        manifest_from_bytes(change(manifest_bytes(sample())))
