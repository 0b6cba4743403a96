"""Offers on the wire: they come back as they went, and whatever else comes is one kind of error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import OfferInvalidError
from lilypad.protocol.offers import InstantDeal, JobOffer, ResourceOffer, Signable

from .strategies import jobs, offers, signables

KINDS = st.sampled_from([JobOffer, ResourceOffer, InstantDeal])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
texts = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"\A(0x)?[0-9a-fA-F_ +-]{0,80}\Z"),
    st.integers(-(2**300), 2**300).map(str),
    st.integers(0, 2**300).map(hex),
)


@given(signables)
def test_json__there_and_back__is_the_same(message: Signable) -> None:
    wire = json.loads(json.dumps(message.to_json()))
    back = type(message).from_json(wire)
    assert back == message
    assert back.values() == message.values()
    assert back.struct_hash() == message.struct_hash()


@given(signables, st.data())
@settings(max_examples=300)
def test_from_json__one_field_hostile__is_refused_or_means_one_thing(message: Signable, data: st.DataObject) -> None:
    plain: dict[str, Any] = dict(message.to_json())
    name = data.draw(st.sampled_from(sorted(plain)))
    plain[name] = data.draw(st.one_of(values, texts))
    try:
        found = type(message).from_json(plain)
    except OfferInvalidError:
        return
    assert type(message).from_json(found.to_json()) == found
    found.struct_hash()


@given(KINDS, values)
def test_from_json__anything_at_all__is_refused(kind: Any, plain: Any) -> None:
    with pytest.raises(OfferInvalidError):
        kind.from_json(plain)


@given(st.one_of(jobs, offers), st.data())
def test_from_json__field_missing_or_unknown__is_named(message: Signable, data: st.DataObject) -> None:
    plain = message.to_json()
    name = data.draw(st.sampled_from(sorted(plain)))
    del plain[name]
    with pytest.raises(OfferInvalidError, match=name):
        type(message).from_json(plain)
    with pytest.raises(OfferInvalidError, match="tip"):
        type(message).from_json({**message.to_json(), "tip": "1"})


@pytest.mark.parametrize(
    ("name", "bit", "says"),
    [
        ("resources", 31, "cpu_milli must fit 31 bits"),
        ("resources", 159, "disk_mib must fit 31 bits"),
        ("resources", 160, "not a uint160"),
        ("windows", 96, "not a uint96"),
        ("verification", 224, "mean nothing"),
        ("verification", 255, "mean nothing"),
    ],
)
@given(job=jobs)
def test_from_json__word_with_bits_that_mean_nothing__is_refused(name: str, bit: int, says: str, job: JobOffer) -> None:
    plain = job.to_json()
    plain[name] = hex(int(plain[name], 16) | 1 << bit)
    with pytest.raises(OfferInvalidError, match=says):
        JobOffer.from_json(plain)


@pytest.mark.parametrize(
    ("name", "bits"),
    [("nonce", 32), ("lane", 64), ("expiry", 40), ("solverBps", 16), ("paymentCeiling", 96), ("collateral", 96)],
)
@given(job=jobs)
def test_from_json__number_of_more_bits_than_its_type__is_refused(name: str, bits: int, job: JobOffer) -> None:
    """What is taken can travel: every field has its place in a word."""
    plain = {**job.to_json(), name: str((1 << bits) - 1)}
    assert len(JobOffer.from_json(plain).words()) == 7
    with pytest.raises(OfferInvalidError, match=f"{name} is not a uint{bits}"):
        JobOffer.from_json({**plain, name: str(1 << bits)})


def test_from_json__keys_that_are_no_text__are_refused() -> None:
    with pytest.raises(OfferInvalidError):
        JobOffer.from_json({1: "2", None: "3"})
