"""The packed words: each value has one word, and each word that means something one value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.protocol.offers import pack_requirements, unpack_requirements
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import LONGEST_WINDOW, Shares, Verification, Windows, pack_funds, unpack_funds, word
from lilypad.types import ZERO_ADDRESS, Address, Resources

from .strategies import addresses, any_terms, bytes32, challenges, resources, shares, uint, verifications, windows

LANES = {Windows: 24, Shares: 16}
WIDTHS = {Windows: 96, Verification: 224, Shares: 48}
ONE = Address("0x0000000000000000000000000000000000000001")  # type: ignore[arg-type]
values = st.one_of(resources, windows, verifications, shares)


@given(values)
def test_pack__then_unpack__is_the_same(value: Any) -> None:
    assert type(value).unpack(value.pack()) == value


@given(st.sampled_from(list(WIDTHS)), st.integers(0, 2**256 - 1))
def test_unpack__then_pack__keeps_the_lanes_alone(kind: Any, packed: int) -> None:
    assert kind.unpack(packed).pack() == packed & (1 << WIDTHS[kind]) - 1


def test_pack__first_field__is_lowest() -> None:
    assert Resources(1, 2, 3, 4, 5).pack() == sum((i + 1) << 32 * i for i in range(5))
    assert Windows(1, 2, 3, 4).pack() == sum((i + 1) << 24 * i for i in range(4))
    assert Shares(1, 2, 3).pack() == 1 | 2 << 16 | 3 << 32
    assert Verification(ZERO_ADDRESS, 1, 3, 2, 9).pack() == 1 << 160 | 3 << 192 | 2 << 200 | 9 << 208
    assert pack_funds(ONE, 2) == (1 | 2 << 160).to_bytes(32, "big")
    assert pack_requirements(Resources(1), Windows(2, 0, 0, 0)) == (1 | 2 << 160).to_bytes(32, "big")


@pytest.mark.parametrize("kind", LANES)
def test_pack__lane_too_wide_or_negative__raises(kind: Any) -> None:
    lanes = 4 if kind is Windows else 3
    for value in (-1, 1 << LANES[kind]):
        for lane in range(lanes):
            with pytest.raises(ValueError, match="must fit"):
                kind(*(value if lane == i else 0 for i in range(lanes))).pack()


def test_word__is_all_of_its_lanes_or_nothing() -> None:
    assert word(("low", 1, 8), ("high", 2, 248)) == (1 | 2 << 8).to_bytes(32, "big")
    with pytest.raises(ValueError, match="high must fit 248 bits"):
        word(("low", 1, 8), ("high", 1 << 248, 248))


@pytest.mark.parametrize("value", [-1, 1 << 31, 1 << 32])
def test_resources__too_wide_or_negative__cannot_exist(value: int) -> None:
    with pytest.raises(ValueError, match="gpu"):
        Resources(gpu=value)


@given(addresses, uint(96))
def test_funds__there_and_back__are_the_same(account: Address, amount: int) -> None:
    assert unpack_funds(pack_funds(account, amount)) == (account, amount)


@pytest.mark.parametrize("amount", [-1, 1 << 96])
def test_funds__of_more_than_96_bits__are_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="amount must fit 96 bits"):
        pack_funds(ZERO_ADDRESS, amount)


@given(resources, windows)
def test_requirements__there_and_back__are_the_same(needs: Resources, asked: Windows) -> None:
    assert unpack_requirements(pack_requirements(needs, asked)) == (needs, asked)


@given(any_terms)
def test_terms__there_and_back__are_the_same(deal: DealTerms) -> None:
    back = DealTerms.from_words(*deal.words())
    assert back == deal
    assert back.id == deal.id


@given(any_terms, st.integers(240, 255))
def test_terms__word_with_bits_that_mean_nothing__are_refused(deal: DealTerms, bit: int) -> None:
    *others, conditions, agreement = deal.words()
    dirty = (int.from_bytes(conditions, "big") | 1 << bit).to_bytes(32, "big")
    with pytest.raises(ValueError, match="mean nothing"):
        DealTerms.from_words(*others, dirty, agreement)


@given(challenges)
def test_challenge__is_two_words_of_whose_and_how_much(dispute: Challenge) -> None:
    challenger, mediation = map(unpack_funds, dispute.words())
    assert challenger == (dispute.challenger, dispute.bond)
    assert mediation == (dispute.mediation, dispute.fee)


@given(st.lists(bytes32, min_size=4, max_size=4), shares, uint(16), uint(16), windows, uint(64), bytes32)
def test_terms__from_any_clean_words__pack_to_them_again(
    funds: list[bytes], split: Shares, late: int, decline: int, asked: Windows, lane: int, agreement: bytes
) -> None:
    conditions = split.pack() | late << 48 | decline << 64 | asked.pack() << 80 | lane << 176
    words = (*funds, conditions.to_bytes(32, "big"), agreement)
    assert DealTerms.from_words(*words).words() == words


# ------------------------------------------------------------ what is compared lane by lane


@given(resources, resources)
def test_fit_in__is_each_lane(needed: Resources, available: Resources) -> None:
    lanes = [(both.pack() >> 32 * i) & 0xFFFFFFFF for both in (needed, available) for i in range(5)]
    assert needed.fit_in(available) == all(a <= b for a, b in zip(lanes[:5], lanes[5:], strict=True))


@given(windows, windows)
def test_accepts__is_more_time_to_work_and_less_to_be_judged(limits: Windows, asked: Windows) -> None:
    enough = all(getattr(asked, name) >= getattr(limits, name) for name in ("decline", "submit", "mediate"))
    sane = max(*limits.lanes, *asked.lanes) < 1 << 23
    assert limits.accepts(asked) == (sane and enough and asked.judge <= limits.judge)


@given(windows)
def test_valid__says_when_windows_make_sense(asked: Windows) -> None:
    some = min(asked.submit, asked.judge, asked.mediate) > 0
    short = max(asked.submit, asked.judge, asked.mediate) <= LONGEST_WINDOW
    assert asked.valid == (some and short and asked.decline <= asked.submit)


def test_total_bps__is_the_sum() -> None:
    assert Shares(1, 20, 300).total_bps == 321
