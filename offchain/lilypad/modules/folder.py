"""The files of a module and of a job's inputs on disk.

<module>/module.toml and its artifact
<inputs>/inputs.json and, for each file input, files/<name>
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from lilypad.errors import ModuleInvalidError
from lilypad.modules.inputs import FileInput, Inputs, decode_inputs, encode_inputs, validate_inputs
from lilypad.modules.manifest import Manifest, WasmArtifact
from lilypad.modules.reading import parse_manifest

MANIFEST_FILE = "module.toml"
INPUTS_FILE = "inputs.json"
FILES = "files"


def load_manifest(path: Path) -> Manifest:
    """From a module's folder or from its module.toml."""
    file = path / MANIFEST_FILE if path.is_dir() else path
    try:
        return parse_manifest(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModuleInvalidError(f"The manifest cannot be read: {error}", path=file) from error
    except ModuleInvalidError as error:
        raise ModuleInvalidError(error.message, path=file) from error


def find_wasm_file(manifest: Manifest, module: Path) -> Path:
    """The .wasm file of a module's folder, checked against the manifest."""
    if not isinstance(manifest.artifact, WasmArtifact):
        raise ModuleInvalidError("The module is not WebAssembly.", module=manifest.name)
    path = module / manifest.artifact.file
    if not path.is_file():
        raise ModuleInvalidError("The module's .wasm file is missing; build the module.", path=path)
    actual = _file_input(path).sha256
    if actual != manifest.artifact.sha256:
        raise ModuleInvalidError(
            "The module's .wasm file is not the one that the manifest names; build it again, or write its "
            "sha256 into module.toml and raise the version.",
            path=path,
            expected=manifest.artifact.sha256,
            actual=actual,
        )
    return path


def write_inputs(manifest: Manifest, values: Mapping[str, object], directory: Path) -> Inputs:
    """Checks the inputs and writes them into an empty directory. File inputs are given as a Path."""
    given = {n: _file_input(v) if isinstance(v, Path) else v for n, v in values.items()}
    inputs = validate_inputs(manifest, given)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / INPUTS_FILE).write_bytes(encode_inputs(inputs))
    for name, value in values.items():
        if isinstance(value, Path):
            (directory / FILES).mkdir(exist_ok=True)
            shutil.copyfile(value, directory / FILES / name)
    return inputs


def read_inputs(manifest: Manifest, directory: Path) -> Inputs:
    """The inputs that somebody else wrote. Raises ModuleInvalidError if anything is wrong, missing or too much."""
    try:
        inputs = decode_inputs(manifest, (directory / INPUTS_FILE).read_bytes())
        found = {p.relative_to(directory).as_posix() for p in directory.rglob("*") if not p.is_dir()}
        files = {f"{FILES}/{name}": value for name, value in inputs.items() if isinstance(value, FileInput)}
        if found != {INPUTS_FILE, *files}:
            wrong = sorted(found ^ {INPUTS_FILE, *files})
            raise ModuleInvalidError(f"The inputs lack these files or have them too much: {', '.join(wrong)}.")
        for path, expected in files.items():
            if _file_input(directory / path) != expected:
                raise ModuleInvalidError("An input file is not the one that inputs.json names.", path=path)
    except OSError as error:
        raise ModuleInvalidError(f"The inputs cannot be read: {error}", path=directory) from error
    return inputs


def _file_input(path: Path) -> FileInput:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return FileInput(digest, file.tell())
