"""From a manifest and a job's inputs to what an executor runs. Provider and mediator compute the same."""

from __future__ import annotations

import hashlib

from lilypad.modules.filling import fill_command
from lilypad.modules.inputs import Inputs, argument_texts
from lilypad.modules.manifest import DockerArtifact, Manifest
from lilypad.modules.tables import fail
from lilypad.types import Digest, ExecutionSpec, Limits


def seed_from_inputs(content_digest: Digest) -> bytes:
    """The seed of the module's random source: the same whenever the same inputs are run again."""
    return hashlib.sha256(b"lilypad seed" + content_digest).digest()


def execution_spec(
    manifest: Manifest, inputs: Inputs, artifact: str, instruction_limit: int, seed: bytes
) -> ExecutionSpec:
    """`inputs` are canonical; `artifact` is the path of the .wasm file, or the image id.

    Raises ModuleInvalidError where the manifest does not allow the instruction limit.
    """
    if not 1 <= instruction_limit <= manifest.budget.maximum:
        fail(
            "instruction limit",
            f"{instruction_limit} is out of range; {manifest.name} allows 1 to {manifest.budget.maximum}.",
        )
    argv, env = fill_command(manifest, argument_texts(inputs))
    limits = manifest.limits
    return ExecutionSpec(
        engine=manifest.engine,
        artifact=artifact,
        artifact_digest=_artifact_digest(manifest),
        argv=argv,
        env=env,
        limits=Limits(
            instructions=instruction_limit,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
            log_bytes=limits.log_bytes,
            wall_seconds=limits.wall_seconds,
        ),
        seed=seed,
        cpu_milli=manifest.resources.cpu_milli,
        gpu=manifest.resources.gpu,
    )


def _artifact_digest(manifest: Manifest) -> bytes:
    artifact = manifest.artifact
    if not isinstance(artifact, DockerArtifact):
        return artifact.sha256
    if artifact.image is None:
        fail("docker.image", "is not known yet; run the module's build step first.")
    return bytes.fromhex(artifact.image.removeprefix("sha256:"))
