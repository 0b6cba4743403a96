"""What a job gives to a module: checked against the manifest, in one canonical form, encoded as inputs.json.

The canonical form has every default filled in and nothing else than the manifest declares, so that the same
job always has the same bytes, hence the same content digest and the same random seed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lilypad.errors import ModuleInvalidError
from lilypad.modules.filling import fill_command
from lilypad.modules.manifest import InputDefinition, InputType, Manifest
from lilypad.modules.tables import describe, fail, nearest

MAX_INPUTS_BYTES = 8 << 20
LARGEST_INT = 1 << 53
"""Whole numbers above this are not the same in every JSON reader."""


@dataclass(frozen=True, slots=True)
class FileInput:
    """A file of the job: its bytes lie beside inputs.json, under files/<name>."""

    sha256: bytes
    size: int


InputValue = str | int | float | bool | FileInput
Inputs = Mapping[str, InputValue]


def validate_inputs(manifest: Manifest, given: Mapping[str, object]) -> Inputs:
    """The canonical inputs. Raises ModuleInvalidError at the first one that the manifest does not allow."""
    names = [definition.name for definition in manifest.inputs]
    for name in given:
        if name not in names:
            hint = nearest(str(name), names) if names else "the module takes none."
            fail("inputs", f"there is no input {name!r}; {hint}")
    inputs: dict[str, InputValue] = {}
    for definition in sorted(manifest.inputs, key=lambda d: d.name):
        value = given.get(definition.name, definition.default)
        if value is not None:
            inputs[definition.name] = check_value(definition, value, f"inputs.{definition.name}")
        elif definition.required:
            fail(f"inputs.{definition.name}", f"is missing. {definition.description}".rstrip())
    fill_command(manifest, argument_texts(inputs))
    return inputs


def check_value(definition: InputDefinition, value: object, where: str) -> InputValue:
    """One value, in its canonical form."""
    match definition.type:
        case InputType.STRING:
            return _check_string(definition, value, where)
        case InputType.INT:
            if isinstance(value, bool) or not isinstance(value, int):
                fail(where, f"expected a whole number, got {describe(value)}.")
            return int(_check_range(definition, value, where))
        case InputType.FLOAT:
            if isinstance(value, bool) or not isinstance(value, int | float):
                fail(where, f"expected a number, got {describe(value)}.")
            return _check_float(definition, value, where)
        case InputType.BOOL:
            if not isinstance(value, bool):
                fail(where, f"expected true or false, got {describe(value)}.")
            return value
        case InputType.CHOICE:
            if value not in definition.choices or not isinstance(value, str):
                fail(where, f"{value!r} is not one of the choices: {', '.join(definition.choices)}.")
            return value
        case InputType.FILE:
            return _check_file(definition, value, where)


def _check_string(definition: InputDefinition, value: object, where: str) -> str:
    if not isinstance(value, str):
        fail(where, f"expected a string, got {describe(value)}.")
    if len(value) > definition.max_length:
        fail(where, f"has {len(value)} characters; at most {definition.max_length} are allowed.")
    check_characters(value, where, multiline=definition.multiline)
    if definition.pattern and not definition.pattern.fullmatch(value):
        fail(where, f"{describe(value)} does not match the pattern {definition.pattern.pattern!r}.")
    return value


def check_characters(value: str, where: str, *, multiline: bool) -> None:
    """No NUL, no control characters (newline and tab where a text may have lines), valid Unicode."""
    for char in value:
        point = ord(char)
        is_control = point < 0x20 or 0x7F <= point < 0xA0 or point in (0x2028, 0x2029)
        if is_control and not (multiline and char in "\n\t"):
            fail(where, f"has the control character U+{point:04X} in it; remove it.")
        if 0xD800 <= point < 0xE000:
            fail(where, f"has half a character (U+{point:04X}) in it; it is not valid Unicode.")


def _check_range(definition: InputDefinition, value: float, where: str) -> float:
    is_whole = definition.type is InputType.INT
    lowest = definition.minimum if definition.minimum is not None else -LARGEST_INT if is_whole else None
    highest = definition.maximum if definition.maximum is not None else LARGEST_INT if is_whole else None
    if lowest is not None and value < lowest:
        fail(where, f"{value} is too small; the least is {lowest}.")
    if highest is not None and value > highest:
        fail(where, f"{value} is too large; the most is {highest}.")
    return value


def _check_float(definition: InputDefinition, value: float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        fail(where, f"{value} is not a finite number.")
    return float(_check_range(definition, number, where)) + 0.0  # makes 0.0 of -0.0


def _check_file(definition: InputDefinition, value: object, where: str) -> FileInput:
    if isinstance(value, Mapping):
        value = _file_from_json(value, where)
    if not isinstance(value, FileInput):
        fail(where, f"expected a file, got {describe(value)}.")
    if not 0 <= value.size <= definition.max_bytes:
        fail(where, f"has {value.size} bytes; at most {definition.max_bytes} are allowed.")
    return value


def _file_from_json(value: Mapping[str, Any], where: str) -> FileInput:
    sha256, size = value.get("sha256"), value.get("size")
    if set(value) != {"sha256", "size"} or not isinstance(size, int) or isinstance(size, bool):
        fail(where, "a file is written as its sha256 and its size.")
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        fail(where, f"{sha256!r} is not a SHA-256 (64 lower-case hexadecimal digits).")
    return FileInput(bytes.fromhex(sha256), size)


def argument_texts(inputs: Inputs) -> dict[str, str]:
    """Each input as the text that takes its place in the command."""
    return {name: _argument_text(name, value) for name, value in inputs.items()}


def _argument_text(name: str, value: InputValue) -> str:
    if isinstance(value, FileInput):
        return f"/inputs/files/{name}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def encode_inputs(inputs: Inputs) -> bytes:
    """The bytes of inputs.json."""
    plain = {
        name: {"sha256": value.sha256.hex(), "size": value.size} if isinstance(value, FileInput) else value
        for name, value in inputs.items()
    }
    return canonical_json(plain)


def canonical_json(data: object) -> bytes:
    """Sorted keys, no spaces, UTF-8, no NaN: one value has one encoding."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def decode_inputs(manifest: Manifest, data: bytes) -> Inputs:
    """Reads inputs.json and checks it. Raises ModuleInvalidError for any bytes that encode_inputs() does not make."""
    if len(data) > MAX_INPUTS_BYTES:
        fail("inputs.json", f"has more than {MAX_INPUTS_BYTES} bytes.")
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModuleInvalidError(f"inputs.json: is not JSON: {error}.") from error
    if not isinstance(given, dict):
        fail("inputs.json", f"expected an object, got {describe(given)}.")
    inputs = validate_inputs(manifest, given)
    if encode_inputs(inputs) != data:
        fail("inputs.json", "is not in canonical form; write it with encode_inputs().")
    return inputs


def input_from_text(manifest: Manifest, name: str, text: str) -> object:
    """What a person typed, as the type that the manifest asks for. Not checked any further."""
    definition = next((d for d in manifest.inputs if d.name == name), None)
    try:
        match definition.type if definition else None:
            case InputType.INT:
                return int(text)
            case InputType.FLOAT:
                return float(text)
            case InputType.BOOL:
                return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        pass  # stays text, which validate_inputs() explains
    return text
