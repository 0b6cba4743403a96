"""Offers on the wire: they come back as they went, and whatever else comes is one kind of error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import OfferInvalidError
from lilypad.protocol.offers import JobOffer, ResourceOffer, Signable
from lilypad.protocol.terms import DealTerms

from .strategies import jobs, offers, signables, terms

KINDS = st.sampled_from([JobOffer, ResourceOffer, DealTerms])
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


@given(st.one_of(signables, terms()))
def test_json__there_and_back__is_the_same(message: Signable) -> None:
    wire = json.loads(json.dumps(message.to_json()))
    back = type(message).from_json(wire)
    assert back == message
    assert back.words() == message.words()
    assert back.struct_hash() == message.struct_hash()


@given(st.one_of(jobs, offers, terms()), st.data())
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


@pytest.mark.parametrize("name", ["resources", "windows", "verification"])
@given(job=jobs)
def test_from_json__word_with_bits_that_mean_nothing__is_refused(name: str, job: JobOffer) -> None:
    plain = job.to_json()
    plain[name] = hex(int(plain[name], 16) | 1 << 255)
    with pytest.raises(OfferInvalidError, match="mean nothing"):
        JobOffer.from_json(plain)


def test_from_json__keys_that_are_no_text__are_refused() -> None:
    with pytest.raises(OfferInvalidError):
        JobOffer.from_json({1: "2", None: "3"})
