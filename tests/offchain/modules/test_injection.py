"""An input fills its place in the command, and can do nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import ModuleInvalidError
from lilypad.modules.inputs import FileInput, validate_inputs
from lilypad.modules.spec import execution_spec
from lilypad.types import ExecutionSpec

from .samples import one_input, sample


def _spec(manifest: Any, given_inputs: dict[str, Any]) -> ExecutionSpec:
    return execution_spec(manifest, validate_inputs(manifest, given_inputs), "x.wasm", 1, b"")


def test_command__optional_inputs__leave_out_their_arguments_together() -> None:
    given_inputs: dict[str, Any] = {"Width": 5, "Picture": FileInput(bytes(32), 1)}
    without = _spec(sample(), given_inputs)
    with_all = _spec(sample(), {**given_inputs, "Title": "A cat; rm -rf /", "Code": "AB-1"})

    assert without.argv == ("resize", "--width=5", "png", "grey:false {sharp:1.0}", "/inputs/files/Picture")
    assert without.env == (("LANG", "C"),)
    assert with_all.argv[2:4] == ("--title", "A cat; rm -rf /")
    assert with_all.env == (("CODE", "<AB-1>"), ("LANG", "C"))


@pytest.mark.parametrize(
    ("argv", "value", "allowed"),
    [
        ("{X}", "-rf", False),
        ("{X}", "--", False),
        ("{X}", "-", False),
        ("{X}{X}", "-", False),
        ("file:{X}", "-rf", True),
        ("--name={X}", "-rf", True),
        ("{X}", "a -rf", True),
        ("{X}", " -rf", True),
        ("{X}", "\u2010rf", True),
    ],
)
def test_dash__where_it_could_begin_a_flag__is_refused(argv: str, value: str, allowed: bool) -> None:
    manifest = one_input({"type": "string"}, ["module", argv])
    if allowed:
        validate_inputs(manifest, {"X": value})
        return
    with pytest.raises(ModuleInvalidError, match="could take it for a flag"):
        validate_inputs(manifest, {"X": value})


def test_dash__behind_an_empty_input__is_refused() -> None:
    manifest = sample(("inputs.6.pattern", "[-a-z]*"), ("command.argv", ["x", "{Title}{Code}"]))
    given_inputs = {"Width": 5, "Picture": FileInput(bytes(32), 1)}

    with pytest.raises(ModuleInvalidError, match=r"inputs\.Code: begins with '-'"):
        validate_inputs(manifest, {**given_inputs, "Title": "", "Code": "-x"})


@pytest.mark.parametrize("definition", [{"type": "int"}, {"type": "float"}])
def test_dash__of_a_negative_number__is_refused_unless_allowed(definition: dict[str, Any]) -> None:
    with pytest.raises(ModuleInvalidError, match="could take it for a flag"):
        validate_inputs(one_input(definition), {"X": -1})

    allowed = one_input({**definition, "allow_leading_dash": True})
    assert _spec(allowed, {"X": -1}).argv[1].startswith("-1")


def test_dash__that_the_author_wrote__is_fine() -> None:
    assert _spec(one_input({"type": "choice", "choices": ["-a", "b"]}), {"X": "-a"}).argv == ("module", "-a")
    assert _spec(one_input({"type": "int"}, ["module", "-j{X}"]), {"X": 4}).argv == ("module", "-j4")


def test_command__longer_than_a_command_line__is_refused() -> None:
    manifest = one_input({"type": "string", "max_length": 65_536})

    with pytest.raises(ModuleInvalidError, match="should take a file instead"):
        validate_inputs(manifest, {"X": "\U0001f404" * 65_536})


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_string__stays_one_argument_and_no_flag(value: str) -> None:
    manifest = one_input({"type": "string"}, ["module", "--flag={X}", "{X}", "in {X} {{X}}"], env={"NAME": "{X}"})
    try:
        spec = _spec(manifest, {"X": value})
    except ModuleInvalidError:
        return
    assert spec.argv == ("module", f"--flag={value}", value, f"in {value} {{X}}")
    assert spec.env == (("NAME", value),)
    assert not value.startswith("-")
    assert not any(ord(c) < 0x20 for c in value)


@settings(deadline=None)
@given(st.text("{}aX-", max_size=12))
def test_any_template__is_refused_or_filled_exactly(template: str) -> None:
    try:
        manifest = one_input({"type": "string"}, ["module", template])
    except ModuleInvalidError:
        return
    (filled,) = _spec(manifest, {"X": "v"}).argv[1:]
    expected = template.replace("{{", "\1").replace("}}", "\2").replace("{X}", "v")
    assert filled == expected.replace("\1", "{").replace("\2", "}")
