"""From a manifest and inputs to an execution spec."""

from __future__ import annotations

import pytest

from lilypad.errors import ModuleInvalidError
from lilypad.modules.inputs import validate_inputs
from lilypad.modules.spec import execution_spec, seed_from_inputs
from lilypad.types import Digest, Engine, Limits

from .samples import SHA256, one_input


def test_spec__takes_everything_from_the_manifest() -> None:
    manifest = one_input({"type": "int"})
    spec = execution_spec(manifest, validate_inputs(manifest, {"X": 1}), "/some/x.wasm", 4000, b"seed")

    assert (spec.engine, spec.artifact, spec.artifact_digest.hex()) == (Engine.WASM, "/some/x.wasm", SHA256)
    assert spec.limits == Limits(4000, memory_bytes=1 << 26, wall_seconds=30)
    assert (spec.seed, spec.cpu_milli) == (b"seed", 1000)


@pytest.mark.parametrize("limit", [0, -1, 5001])
def test_spec__instruction_limit_that_the_manifest_does_not_allow__is_refused(limit: int) -> None:
    manifest = one_input({"type": "int"})

    with pytest.raises(ModuleInvalidError, match="allows 1 to 5000"):
        execution_spec(manifest, {"X": 1}, "", limit, b"")


def test_seed__depends_on_the_inputs_alone() -> None:
    one, other = Digest(bytes(32)), Digest(bytes(31) + b"\1")

    assert seed_from_inputs(one) == seed_from_inputs(one)
    assert seed_from_inputs(one) != seed_from_inputs(other)
