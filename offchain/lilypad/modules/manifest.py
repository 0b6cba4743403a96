"""What a module.toml says."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lilypad.modules.template import Command
from lilypad.types import Engine, Resources

MIB = 1 << 20
FORMAT = 1
"""The version of the manifest's format; it is in every digest."""


DefaultValue = str | int | float | bool


class InputType(enum.StrEnum):
    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """One input that a job gives to the module. Which limits are there depends on the type."""

    name: str
    type: InputType
    description: str = ""
    required: bool = True
    default: DefaultValue | None = None
    choices: tuple[str, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_length: int = 4096
    """Characters of a string."""
    pattern: re.Pattern[str] | None = None
    max_bytes: int = 64 << 20
    """Bytes of a file."""
    multiline: bool = False
    """The string may hold newlines and tabs."""
    allow_leading_dash: bool = False
    """The value may begin with '-' even where the module could take it for a flag."""


@dataclass(frozen=True, slots=True)
class WasmArtifact:
    file: str
    """The .wasm file, relative to the module's folder."""
    sha256: bytes
    engine: str
    """Name and exact version, "wasmtime 50.0.1": the instruction count depends on it."""
    host_version: int
    """Version of the WASI host, for the same reason."""


@dataclass(frozen=True, slots=True)
class DockerArtifact:
    image: str | None
    """Image id, "sha256:..."; None until the module's build step has filled it in."""


@dataclass(frozen=True, slots=True)
class ModuleLimits:
    """What every run of the module may use; the instruction limit comes with the job."""

    memory_bytes: int
    output_bytes: int
    log_bytes: int
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """Instructions that a job may ask for: WASM fuel, or nanoseconds of CPU time."""

    default: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    version: str
    description: str
    artifact: WasmArtifact | DockerArtifact
    deterministic: bool
    inputs: tuple[InputDefinition, ...]
    command: Command
    limits: ModuleLimits
    resources: Resources
    budget: Budget
    royalty_bps: int = 0
    """The author's share of each paid run, in basis points."""
    build: Mapping[str, object] = field(default_factory=dict, compare=False)
    """How the artifact is made from its source: for the module's author, not part of the version."""

    @property
    def engine(self) -> Engine:
        return Engine.WASM if isinstance(self.artifact, WasmArtifact) else Engine.DOCKER

    @property
    def needs(self) -> Resources:
        """What a job of it has to ask for: a machine's memory is given away by it, so it is at least what a run may
        use."""
        return replace(self.resources, ram_mib=max(self.resources.ram_mib, -(-self.limits.memory_bytes // MIB)))

    def input(self, name: str) -> InputDefinition:
        return next(definition for definition in self.inputs if definition.name == name)
