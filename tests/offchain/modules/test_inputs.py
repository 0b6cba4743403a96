"""A job's inputs: what the manifest lets through, in one canonical form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import ModuleInvalidError
from lilypad.modules.inputs import FileInput, decode_inputs, encode_inputs, input_from_text, validate_inputs

from .samples import one_input, sample

PICTURE = FileInput(bytes(32), 10)
GIVEN: dict[str, Any] = {"Width": 100, "Picture": PICTURE}


def test_validate__defaults__are_filled_in() -> None:
    inputs = validate_inputs(sample(), GIVEN)

    assert inputs == {"Format": "png", "Grey": False, "Picture": PICTURE, "Sharpness": 1.0, "Width": 100}
    assert isinstance(inputs["Sharpness"], float)


def test_encode__is_canonical_json_in_the_order_of_names() -> None:
    encoded = encode_inputs(validate_inputs(sample(), {**GIVEN, "Title": 'Ünïcode \\ "'}))

    assert encoded.decode() == (
        '{"Format":"png","Grey":false,"Picture":{"sha256":"' + "00" * 32 + '","size":10},'
        '"Sharpness":1.0,"Title":"Ünïcode \\\\ \\"","Width":100}'
    )


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("Widht", 1, "inputs: there is no input 'Widht'; did you mean 'Width'?"),
        ("Width", None, "inputs.Width: is missing. In pixels."),
        ("Width", "100", "inputs.Width: expected a whole number, got a string ('100')."),
        ("Width", True, "inputs.Width: expected a whole number, got true or false (True)."),
        ("Width", 1.0, "inputs.Width: expected a whole number, got a number (1.0)."),
        ("Width", 0, "inputs.Width: 0 is too small; the least is 1."),
        ("Width", 4001, "inputs.Width: 4001 is too large; the most is 4000."),
        ("Sharpness", float("nan"), "inputs.Sharpness: nan is not a finite number."),
        ("Sharpness", float("inf"), "inputs.Sharpness: inf is not a finite number."),
        ("Sharpness", 10**400, "is not a finite number."),
        ("Grey", 0, "inputs.Grey: expected true or false, got a whole number (0)."),
        ("Format", "gif", "inputs.Format: 'gif' is not one of the choices: png, jpeg, -raw."),
        ("Format", ["png"], "is not one of the choices"),
        ("Title", "x" * 21, "inputs.Title: has 21 characters; at most 20 are allowed."),
        ("Title", "a\0b", "inputs.Title: has the control character U+0000 in it; remove it."),
        ("Title", "a\nb", "inputs.Title: has the control character U+000A in it; remove it."),
        ("Title", "a\x85b", "inputs.Title: has the control character U+0085 in it; remove it."),
        ("Title", "a\ud800b", "inputs.Title: has half a character (U+D800) in it; it is not valid Unicode."),
        ("Code", "AB-12\n", "control character"),
        ("Code", "ab-12", "inputs.Code: a string ('ab-12') does not match the pattern '[A-Z]{2}-[0-9]+'."),
        ("Picture", "cat.png", "inputs.Picture: expected a file, got a string ('cat.png')."),
        ("Picture", FileInput(bytes(32), 1001), "inputs.Picture: has 1001 bytes; at most 1000 are allowed."),
        ("Picture", {"sha256": "x", "size": 1}, "inputs.Picture: 'x' is not a SHA-256"),
        ("Picture", {"sha256": "00" * 32}, "inputs.Picture: a file is written as its sha256 and its size."),
    ],
)
def test_validate__wrong_input__says_what_is_wrong(name: str, value: Any, complaint: str) -> None:
    with pytest.raises(ModuleInvalidError) as error:
        validate_inputs(sample(), {**GIVEN, name: value})
    assert complaint in str(error.value)


def test_validate__multiline_string__may_have_newlines_and_tabs_only() -> None:
    manifest = one_input({"type": "string", "multiline": True})

    assert validate_inputs(manifest, {"X": "a\n\tb"}) == {"X": "a\n\tb"}
    with pytest.raises(ModuleInvalidError, match=r"U\+000D"):
        validate_inputs(manifest, {"X": "a\r\n"})


def test_validate__minus_zero__is_zero() -> None:
    inputs = validate_inputs(one_input({"type": "float"}), {"X": -0.0})

    assert encode_inputs(inputs) == b'{"X":0.0}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"X": 1}',
        b'{"X":1} ',
        b'{"X":1,"X":1}',
        b'{"X":1.0}',
        b'{"X":true}',
        b'{"X":1,"Y":2}',
        b"{}",
        b'{"X":NaN}',
        b"[" * 100_000,
        b'{"X":' + b"1" * 5000 + b"}",
    ],
)
def test_decode__not_canonical__is_rejected(data: bytes) -> None:
    with pytest.raises(ModuleInvalidError):
        decode_inputs(one_input({"type": "int"}), data)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=20)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "Width": st.integers(1, 4000),
            "Picture": st.builds(FileInput, st.binary(min_size=32, max_size=32), st.integers(0, 1000)),
        },
        optional={
            "Sharpness": st.floats(0, allow_nan=False, allow_infinity=False),
            "Grey": st.booleans(),
            "Format": st.sampled_from(["png", "jpeg", "-raw"]),
            "Title": _TEXT.filter(lambda t: not t.startswith("-")),
        },
    )
)
def test_encode_then_decode__gives_the_same_inputs(given_inputs: dict[str, Any]) -> None:
    manifest = sample()
    inputs = validate_inputs(manifest, given_inputs)
    encoded = encode_inputs(inputs)

    assert decode_inputs(manifest, encoded) == inputs
    assert encode_inputs(decode_inputs(manifest, encoded)) == encoded


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_decode__any_bytes__are_rejected_or_canonical(data: bytes) -> None:
    manifest = one_input({"type": "string", "required": False})
    try:
        inputs = decode_inputs(manifest, data)
    except ModuleInvalidError:
        return
    assert encode_inputs(inputs) == data


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Width", "7", 7),
        ("Width", "x", "x"),
        ("Sharpness", "1e3", 1000.0),
        ("Grey", "True", True),
        ("Title", "7", "7"),
    ],
)
def test_input_from_text__takes_the_type_from_the_manifest(name: str, text: str, value: object) -> None:
    assert input_from_text(sample(), name, text) == value
