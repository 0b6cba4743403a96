"""Module manifests: what is read, and how each mistake is explained."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.errors import ModuleInvalidError
from lilypad.modules.manifest import Budget, DockerArtifact, InputType, WasmArtifact
from lilypad.modules.reading import parse_manifest, read_manifest
from lilypad.types import Engine, Resources

from .samples import SHA256, sample, with_changes


def test_manifest__everything_given__is_read() -> None:
    manifest = sample()

    assert (manifest.name, manifest.version, manifest.royalty_bps) == ("resize", "1.2.3", 250)
    assert manifest.artifact == WasmArtifact("resize.wasm", bytes.fromhex(SHA256), "wasmtime 50.0.1", 1)
    assert manifest.engine is Engine.WASM
    assert manifest.deterministic
    assert manifest.input("Width").type is InputType.INT
    assert (manifest.input("Width").minimum, manifest.input("Width").maximum) == (1, 4000)
    assert manifest.limits.memory_bytes == 1 << 26
    assert manifest.resources == Resources(cpu_milli=1000, ram_mib=128)
    assert manifest.budget == Budget(default=1000, maximum=5000)


def test_manifest__docker__may_get_its_image_later() -> None:
    source = with_changes(("wasm", None), ("docker", {"image": ""}), ("deterministic", True))
    assert read_manifest(source).artifact == DockerArtifact(None)

    source["docker"]["image"] = f"sha256:{SHA256}"
    assert read_manifest(source).artifact == DockerArtifact(f"sha256:{SHA256}")
    assert read_manifest(source).engine is Engine.DOCKER


def test_parse__not_toml__says_where() -> None:
    with pytest.raises(ModuleInvalidError, match=r"is not TOML: .*line 2"):
        parse_manifest('name = "x"\nversion = =')


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("nmae", "x", "module.toml: unknown key 'nmae'; did you mean 'name'?"),
        ("limits.memory", 5, "limits: unknown key 'memory'; did you mean 'memory_bytes'?"),
        ("inputs.1.min", 5, "inputs[1]: unknown key 'min'; did you mean 'minimum'?"),
        ("inputs.1.pattern", "a", "inputs[1]: unknown key 'pattern'"),
        ("name", None, "name: is missing; give a string."),
        ("name", 7, "name: expected a string, got a whole number (7)."),
        ("name", "Re size", "name: 'Re size' is not a name: lower-case letters, digits and dashes."),
        ("version", "1.0", "version: '1.0' is not a version such as 1.0.0."),
        ("description", "x" * 2001, "description: has 2001 characters; at most 2000 are allowed."),
        ("royalty_bps", 2001, "royalty_bps: 2001 is out of range; choose a number from 0 to 2000."),
        ("royalty_bps", True, "royalty_bps: expected a whole number, got true or false (True)."),
        ("format", 2, "format: 2 is out of range; choose a number from 1 to 1."),
        ("wasm", None, "module.toml: needs exactly one of the sections [wasm] and [docker]."),
        ("docker", {}, "module.toml: needs exactly one of the sections [wasm] and [docker]."),
        ("wasm.file", "../x.wasm", "wasm.file: '../x.wasm' lies outside the module's folder."),
        ("wasm.file", "/x.wasm", "wasm.file: '/x.wasm' lies outside the module's folder."),
        ("wasm.sha256", "abc", "wasm.sha256: 'abc' is not a SHA-256"),
        ("wasm.engine", "wasmtime", "wasm.engine: 'wasmtime' is not an engine and its exact version"),
        ("wasm.host_version", None, "wasm.host_version: is missing; give a whole number."),
        ("deterministic", False, "deterministic: a WebAssembly module always is; remove the line."),
        ("inputs", {}, "inputs: expected a list, got a table ({})."),
        ("inputs.0.type", "flie", "inputs[0].type: 'flie' is not a type; did you mean 'file'?"),
        ("inputs.0.name", "a b", "inputs[0].name: 'a b' is not a name of letters, digits and _."),
        ("inputs.0.name", "Width", "inputs: two inputs are called 'Width'; rename one."),
        ("inputs.0.default", "x", "inputs.Picture.default: a file has no default; write required = false."),
        ("inputs.1.default", 5000, "inputs.Width.default: 5000 is too large; the most is 4000."),
        ("inputs.1.minimum", 5000, "inputs.Width.minimum: is above the maximum."),
        ("inputs.2.required", True, "inputs.Sharpness.required: an input with a default is not required"),
        ("inputs.3.choices", [], "inputs.Format.choices: expected a list of at least one string."),
        ("inputs.3.choices", ["a", "a"], "inputs.Format.choices: a choice is there twice."),
        ("inputs.6.pattern", "(a+)+", "inputs.Code.pattern: '(a+)+' is not a pattern that is allowed here."),
        ("inputs.6.pattern", "[z-a]", "inputs.Code.pattern: '[z-a]' is not a regular expression"),
        ("inputs.6.pattern", "a*" * 8, "has 8 parts of open length, which is slow on 12 characters."),
        ("command.argv", [], "command.argv: is empty; its first entry is the program's name."),
        ("command.argv", "resize {Width}", "command.argv: expected a list, got a string"),
        ("command.argv", ["x", 5], "command.argv[1]: expected a string without control characters, got 5."),
        ("command.argv", ["x", "{width}"], "an input 'width' that is not declared; did you mean 'Width'?"),
        ("command.argv", ["x", "{Width"], "command.argv[1]: '{Width' has a single '{'; write {Name} for"),
        ("command.argv", ["x", "--{Title}"], "'--{Title}' lets an input name a flag"),
        ("command.argv", ["x", "-o{Title}=1"], "'-o{Title}=1' lets an input name a flag"),
        ("command.env", {"A=B": "x"}, "command.env: 'A=B' is not a variable's name."),
        ("command.env", {"A": "x\0"}, "command.env.A: expected a string without control characters"),
        ("limits.wall_seconds", 0, "limits.wall_seconds: 0 is out of range"),
        ("limits.wall_seconds", float("nan"), "limits.wall_seconds: nan is out of range"),
        ("resources.gpu", -1, "resources.gpu: -1 is out of range; choose a number from 0 to 2147483647."),
        ("resources.ram_mib", 1 << 31, "resources.ram_mib: 2147483648 is out of range"),
        ("resources.gpu", 1, "resources.gpu: a WebAssembly module is given no GPU; remove the line"),
        ("budget", None, "budget: is missing; give a table."),
        ("budget.default", 5001, "budget.default: 5001 is out of range; choose a number from 1 to 5000."),
    ],
)
def test_manifest__mistake__says_what_where_and_what_to_do(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(ModuleInvalidError) as error:
        sample((path, value))
    assert complaint in str(error.value)


def test_pattern__whatever_passes__is_fast() -> None:
    """The slowest pattern that is let through, on the longest value that it is let through for."""
    import time

    manifest = sample(("inputs.6.pattern", "a*a*a*b"), ("inputs.6.max_length", 215))
    pattern = manifest.input("Code").pattern
    assert pattern is not None
    begun = time.perf_counter()
    assert not pattern.fullmatch("a" * 215)
    assert time.perf_counter() - begun < 1
