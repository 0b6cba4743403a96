"""The packed words: each value has one word, and each word that means something one value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.protocol.words import LONGEST_WINDOW, Shares, Verification, Windows
from lilypad.types import ZERO_ADDRESS, Resources

from .strategies import resources, shares, verifications, windows

WIDTHS = {Resources: 160, Windows: 128, Verification: 224, Shares: 48}
words = st.one_of(resources, windows, verifications, shares)


@given(words)
def test_pack__then_unpack__is_the_same(value: Any) -> None:
    assert type(value).unpack(value.pack()) == value


@given(st.sampled_from(list(WIDTHS)), st.integers(0, 2**256 - 1))
def test_unpack__then_pack__keeps_the_lanes_alone(kind: Any, word: int) -> None:
    assert kind.unpack(word).pack() == word & (1 << WIDTHS[kind]) - 1


def test_pack__first_field__is_lowest() -> None:
    assert Resources(1, 2, 3, 4, 5).pack() == sum((i + 1) << 32 * i for i in range(5))
    assert Windows(1, 2, 3, 4).pack() == sum((i + 1) << 32 * i for i in range(4))
    assert Shares(1, 2, 3).pack() == 1 | 2 << 16 | 3 << 32
    assert Verification(ZERO_ADDRESS, 1, 3, 2, 9).pack() == 1 << 160 | 3 << 192 | 2 << 200 | 9 << 208


@pytest.mark.parametrize("kind", [Windows, Shares])
def test_pack__lane_too_wide_or_negative__raises(kind: Any) -> None:
    lanes = 4 if kind is Windows else 3
    for value in (-1, 1 << 32):
        for lane in range(lanes):
            with pytest.raises(ValueError, match="must fit"):
                kind(*(value if lane == i else 0 for i in range(lanes))).pack()


def test_resources__too_wide_or_negative__cannot_exist() -> None:
    for value in (-1, 1 << 32):
        with pytest.raises(ValueError, match="gpu"):
            Resources(gpu=value)


@given(resources, resources)
def test_fit_in__is_each_lane(needed: Resources, available: Resources) -> None:
    lanes = [(word.pack() >> 32 * i) & 0xFFFFFFFF for word in (needed, available) for i in range(5)]
    assert needed.fit_in(available) == all(a <= b for a, b in zip(lanes[:5], lanes[5:], strict=True))


@given(windows, windows)
def test_accepts__is_more_time_to_work_and_less_to_be_judged(limits: Windows, asked: Windows) -> None:
    enough = all(getattr(asked, name) >= getattr(limits, name) for name in ("decline", "submit", "mediate"))
    assert limits.accepts(asked) == (enough and asked.judge <= limits.judge)


@given(windows)
def test_valid__says_when_windows_make_sense(asked: Windows) -> None:
    some = min(asked.submit, asked.judge, asked.mediate) > 0
    short = max(asked.submit, asked.judge, asked.mediate) <= LONGEST_WINDOW
    assert asked.valid == (some and short and asked.decline <= asked.submit)


def test_total_bps__is_the_sum() -> None:
    assert Shares(1, 20, 300).total_bps == 321
