"""One `[[inputs]]` entry of a manifest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from lilypad.modules.inputs import LARGEST_INT, check_characters, check_value
from lilypad.modules.manifest import DefaultValue, InputDefinition, InputType
from lilypad.modules.patterns import compile_pattern
from lilypad.modules.tables import Table, fail, nearest

_COMMON = ("name", "type", "description", "required", "default")
KEYS_OF_TYPE: dict[InputType, tuple[str, ...]] = {
    InputType.STRING: ("max_length", "pattern", "multiline", "allow_leading_dash"),
    InputType.INT: ("minimum", "maximum", "allow_leading_dash"),
    InputType.FLOAT: ("minimum", "maximum", "allow_leading_dash"),
    InputType.BOOL: (),
    InputType.CHOICE: ("choices",),
    InputType.FILE: ("max_bytes",),
}
MAX_STRING = 65_536


def read_input_definition(entry: object, number: int) -> InputDefinition:
    where = f"inputs[{number}]"
    kind = _read_type(entry, where)
    table = Table(entry, where, (*_COMMON, *KEYS_OF_TYPE[kind]))
    name = table.text("name", pattern=r"[A-Za-z][A-Za-z0-9_]{0,63}", means="a name of letters, digits and _")
    table.where = f"inputs.{name}"
    max_length = table.whole("max_length", 4096, least=1, most=MAX_STRING)
    definition = InputDefinition(
        name=name,
        type=kind,
        description=table.text("description", ""),
        required=table.flag("required", not table.has("default")),
        choices=_read_choices(table) if kind is InputType.CHOICE else (),
        minimum=_read_bound(table, "minimum", kind),
        maximum=_read_bound(table, "maximum", kind),
        max_length=max_length,
        pattern=compile_pattern(table.text("pattern", ""), max_length, table.at("pattern"))
        if table.has("pattern")
        else None,
        max_bytes=table.whole("max_bytes", 64 << 20, least=0, most=1 << 40),
        multiline=table.flag("multiline", False),
        allow_leading_dash=table.flag("allow_leading_dash", False),
    )
    return _with_default(table, definition)


def _read_type(entry: object, where: str) -> InputType:
    given = entry.get("type") if isinstance(entry, dict) else None
    if given not in list(InputType):
        fail(f"{where}.type", f"{given!r} is not a type; {nearest(str(given), [t.value for t in InputType])}")
    return InputType(given)


def _read_choices(table: Table) -> tuple[str, ...]:
    choices = table.list("choices")
    if not choices or not all(isinstance(choice, str) for choice in choices):
        fail(table.at("choices"), "expected a list of at least one string.")
    if len(set(choices)) != len(choices):
        fail(table.at("choices"), "a choice is there twice.")
    for choice in choices:
        check_characters(choice, table.at("choices"), multiline=False)
    return tuple(choices)


def _read_bound(table: Table, key: str, kind: InputType) -> Any:
    if not table.has(key):
        return None
    if kind is InputType.INT:
        return table.whole(key, least=-LARGEST_INT, most=LARGEST_INT)
    return table.number(key, above=float("-inf"), most=1.7e308)


def _with_default(table: Table, definition: InputDefinition) -> InputDefinition:
    low, high = definition.minimum, definition.maximum
    if low is not None and high is not None and low > high:
        fail(table.at("minimum"), "is above the maximum.")
    if not table.has("default"):
        return definition
    if definition.type is InputType.FILE:
        fail(table.at("default"), "a file has no default; write required = false.")
    if definition.required:
        fail(table.at("required"), "an input with a default is not required; remove one of the two.")
    default = check_value(definition, table.value("default"), table.at("default"))
    return replace(definition, default=cast(DefaultValue, default))
