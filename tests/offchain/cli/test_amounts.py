"""LILY and wei: exact both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.cli.amounts import format_bytes, format_lily, parse_lily, parse_price


@given(st.integers(0, (1 << 128) - 1))
def test_parse__of_what_was_formatted__is_the_same_wei(wei: int) -> None:
    assert parse_lily(format_lily(wei)) == wei


@pytest.mark.parametrize(
    ("text", "wei"), [("0", 0), ("1", 10**18), ("0.10", 10**17), ("0.000000000000000001", 1), ("007", 7 * 10**18)]
)
def test_parse__of_a_plain_number__is_exact(text: str, wei: int) -> None:
    assert parse_lily(text) == wei


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        ".5",
        "1.",
        "1,5",
        "1_000",
        "NaN",
        "inf",
        "0x1",
        " 1",
        "1\n",
        "٣",
        "0." + "1" * 19,
        str(1 << 128),
    ],
)
def test_parse__of_anything_else__is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_lily(text)


def test_format__of_few_wei__has_no_exponent() -> None:
    assert format_lily(1) == "0.000000000000000001"


def test_price__per_giga_instructions__is_whole_wei_per_instruction() -> None:
    assert parse_price("0.5") == 500_000_000
    with pytest.raises(ValueError, match="no whole number"):
        parse_price("0.0000000001")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (4096, "4.00 KiB"),
        (20 << 30, "20.0 GiB"),
        (300 << 20, "300 MiB"),
        (1 << 60, "1048576 TiB"),
    ],
)
def test_format_bytes__count__has_three_digits(count: int, text: str) -> None:
    assert format_bytes(count) == text
