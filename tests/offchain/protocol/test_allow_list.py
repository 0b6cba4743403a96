"""The modules that a provider runs: a list beside its offer, a root in it, and a proof for the chain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.errors import OfferInvalidError
from lilypad.protocol.allow_list import ANY_CURATED, EVERY_CURATED, LONGEST, AllowList
from lilypad.protocol.matching import module_leaf
from lilypad.protocol.merkle import root_of
from lilypad.types import ModuleId

MODULES = st.lists(st.binary(min_size=32, max_size=32).map(ModuleId), min_size=1, max_size=20)


@given(MODULES, st.randoms())
def test_list__in_any_order_and_with_repetitions__has_one_root(modules: list[ModuleId], random: object) -> None:
    mixed = [*modules, *modules[:3]]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert AllowList.of(mixed) == AllowList.of(modules)
    assert AllowList.of(mixed).root == AllowList.of(modules).root != ANY_CURATED


@given(MODULES)
def test_proof__of_each_module__leads_to_the_root(modules: list[ModuleId]) -> None:
    allowed = AllowList.of(modules)
    for module in modules:
        assert root_of(module_leaf(module), allowed.proof(module)) == allowed.root


@given(MODULES, st.binary(min_size=32, max_size=32).map(ModuleId))
def test_proof__of_another_module__leads_nowhere(modules: list[ModuleId], other: ModuleId) -> None:
    allowed = AllowList.of(modules)
    if other not in modules:
        assert root_of(module_leaf(other), allowed.proof(other)) != allowed.root


def test_list__of_nothing__is_every_curated_module() -> None:
    assert AllowList.of([]) == EVERY_CURATED
    assert EVERY_CURATED.root == bytes(32)


def test_list__that_is_too_long__is_refused() -> None:
    with pytest.raises(OfferInvalidError, match="at most 256"):
        AllowList.of(ModuleId(number.to_bytes(32, "big")) for number in range(LONGEST + 1))
