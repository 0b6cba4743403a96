"""From a module.toml (or the canonical bytes made of one) to the manifest."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from lilypad.modules.manifest import (
    FORMAT,
    Budget,
    DockerArtifact,
    InputDefinition,
    InputType,
    Manifest,
    ModuleLimits,
    WasmArtifact,
)
from lilypad.modules.reading_inputs import read_input_definition
from lilypad.modules.tables import Table, fail
from lilypad.modules.template import Command, Template, parse_template
from lilypad.types import Limits, Resources

MAX_MANIFEST_BYTES = 256 * 1024
MAX_INPUTS = 64
MAX_ROYALTY_BPS = 2_000
"""What the contract LilypadModules allows."""
_MANIFEST_KEYS = (
    "format", "name", "version", "description", "deterministic", "royalty_bps", "wasm", "docker", "build",
    "inputs", "command", "limits", "resources", "budget",
)  # fmt: skip
_U63 = (1 << 63) - 1
_NAME = r"[a-z][a-z0-9-]{0,63}"
_VERSION = r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(-[a-z0-9.]{1,32})?"
_SHA256 = r"[0-9a-f]{64}"


def parse_manifest(text: str) -> Manifest:
    """Reads the text of a module.toml. Raises ModuleInvalidError, naming the first mistake."""
    if len(text) > MAX_MANIFEST_BYTES:
        fail("module.toml", f"has more than {MAX_MANIFEST_BYTES} characters.")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        fail("module.toml", f"is not TOML: {error}.")
    return read_manifest(data)


def read_manifest(data: dict[str, Any]) -> Manifest:
    """The same from data that is already parsed."""
    table = Table(data, "", _MANIFEST_KEYS)
    table.whole("format", FORMAT, least=FORMAT, most=FORMAT)
    artifact = _read_artifact(table)
    inputs = _read_inputs(table)
    return Manifest(
        name=table.text("name", pattern=_NAME, means="a name: lower-case letters, digits and dashes"),
        version=table.text("version", pattern=_VERSION, means="a version such as 1.0.0"),
        description=table.text("description", max_length=2000),
        artifact=artifact,
        deterministic=_read_deterministic(table, artifact),
        inputs=inputs,
        command=_read_command(table, {definition.name: definition for definition in inputs}),
        limits=_read_limits(table),
        resources=_read_resources(table, artifact),
        budget=_read_budget(table),
        royalty_bps=table.whole("royalty_bps", 0, least=0, most=MAX_ROYALTY_BPS),
        build=table.mapping("build", {}),
    )


def _read_artifact(manifest: Table) -> WasmArtifact | DockerArtifact:
    if manifest.has("wasm") == manifest.has("docker"):
        fail("module.toml", "needs exactly one of the sections [wasm] and [docker].")
    if manifest.has("docker"):
        docker = manifest.table("docker", ("image",))
        image = docker.text("image", "", pattern=f"(sha256:{_SHA256})?", means="an image id (sha256:...)")
        return DockerArtifact(image or None)
    wasm = manifest.table("wasm", ("file", "sha256", "engine", "host_version"))
    file = wasm.text("file", pattern=r"[\w./-]+\.wasm", means="the name of a .wasm file")
    if file.startswith("/") or ".." in file.split("/"):
        fail(wasm.at("file"), f"{file!r} lies outside the module's folder.")
    return WasmArtifact(
        file=file,
        sha256=bytes.fromhex(
            wasm.text("sha256", pattern=_SHA256, means="a SHA-256 (64 lower-case hexadecimal digits)")
        ),
        engine=wasm.text(
            "engine",
            pattern=r"[a-z]+ \d+\.\d+\.\d+",
            means='an engine and its exact version ("wasmtime 50.0.1")',
        ),
        host_version=wasm.whole("host_version", least=1, most=1 << 31),
    )


def _read_deterministic(manifest: Table, artifact: WasmArtifact | DockerArtifact) -> bool:
    if isinstance(artifact, DockerArtifact):
        return manifest.flag("deterministic")
    if not manifest.flag("deterministic", True):
        fail("deterministic", "a WebAssembly module always is; remove the line.")
    return True


def _read_inputs(manifest: Table) -> tuple[InputDefinition, ...]:
    entries = manifest.list("inputs", [])
    if len(entries) > MAX_INPUTS:
        fail("inputs", f"there are {len(entries)}; at most {MAX_INPUTS} are allowed.")
    inputs = tuple(read_input_definition(entry, number) for number, entry in enumerate(entries))
    names = [definition.name for definition in inputs]
    for name in names:
        if names.count(name) > 1:
            fail("inputs", f"two inputs are called {name!r}; rename one.")
    return inputs


def _read_command(manifest: Table, inputs: dict[str, InputDefinition]) -> Command:
    table = manifest.table("command", ("argv", "env"))
    argv = []
    for number, entry in enumerate(table.list("argv")):
        where = f"command.argv[{number}]"
        group = entry if isinstance(entry, list) else [entry]
        argv.append(tuple(_read_argument(argument, where, inputs) for argument in group))
    if not argv:
        fail("command.argv", "is empty; its first entry is the program's name.")
    env = []
    for name, value in sorted(table.mapping("env", {}).items()):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            fail("command.env", f"{name!r} is not a variable's name.")
        env.append((name, _read_template(value, f"command.env.{name}", inputs)))
    return Command(tuple(argv), tuple(env))


def _read_argument(source: object, where: str, inputs: dict[str, InputDefinition]) -> Template:
    template = _read_template(source, where, inputs)
    if template.builds_flag_name and any(
        inputs[name].type in (InputType.STRING, InputType.FILE) for name in template.inputs
    ):
        fail(where, f'{source!r} lets an input name a flag; write "--flag={{Name}}" or two arguments.')
    return template


def _read_template(source: object, where: str, inputs: dict[str, InputDefinition]) -> Template:
    if not isinstance(source, str) or any(ord(c) < 0x20 or ord(c) == 0x7F for c in source):
        fail(where, f"expected a string without control characters, got {source!r}.")
    return parse_template(source, where, inputs)


def _read_limits(manifest: Table) -> ModuleLimits:
    usual = Limits(instructions=0)
    table = manifest.table("limits", ("memory_bytes", "output_bytes", "log_bytes", "wall_seconds"), {})
    return ModuleLimits(
        memory_bytes=table.whole("memory_bytes", usual.memory_bytes, least=1 << 16, most=1 << 40),
        output_bytes=table.whole("output_bytes", usual.output_bytes, least=0, most=1 << 40),
        log_bytes=table.whole("log_bytes", usual.log_bytes, least=0, most=64 << 20),
        wall_seconds=table.number("wall_seconds", usual.wall_seconds, above=0, most=7 * 86_400),
    )


def _read_resources(manifest: Table, artifact: WasmArtifact | DockerArtifact) -> Resources:
    names = ("cpu_milli", "gpu", "ram_mib", "vram_mib", "disk_mib")
    table = manifest.table("resources", names, {})
    usual = {"cpu_milli": 1000}
    found = Resources(**{n: table.whole(n, usual.get(n, 0), least=0, most=(1 << 31) - 1) for n in names})
    if found.gpu and not isinstance(artifact, DockerArtifact):
        fail(table.at("gpu"), "a WebAssembly module is given no GPU; remove the line, or make it a container.")
    return found


def _read_budget(manifest: Table) -> Budget:
    table = manifest.table("budget", ("default", "maximum"))
    maximum = table.whole("maximum", least=1, most=_U63)
    return Budget(default=table.whole("default", maximum, least=1, most=maximum), maximum=maximum)
