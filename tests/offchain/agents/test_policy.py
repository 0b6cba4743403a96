"""Which publications of its modules a provider offers, where there are more than an offer can name."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lilypad.agents.network import Publication
from lilypad.agents.provider.policy import choose_modules
from lilypad.errors import FaultError
from lilypad.protocol.allow_list import LONGEST
from lilypad.protocol.matching import ModuleStatus
from lilypad.types import ZERO_ADDRESS, Digest, Engine, ModuleId

COW, LINE = Digest(b"c" * 32), Digest(b"l" * 32)


class Registry:
    """Publications as strangers have made them, the oldest first."""

    def __init__(self, *manifests: Digest) -> None:
        self.published = [
            Publication(ModuleId(number.to_bytes(32, "big")), manifest, ZERO_ADDRESS, "whatever", "1")
            for number, manifest in enumerate(manifests)
        ]
        self.statuses = dict[ModuleId, ModuleStatus]()

    async def publications(self) -> list[Publication]:
        return self.published

    async def module_statuses(self) -> dict[ModuleId, ModuleStatus]:
        return self.statuses


def packages(**digests: Digest) -> Any:
    """Those of this machine, each for containers, so that no version of an engine matters."""
    found = {
        name: SimpleNamespace(
            manifest=SimpleNamespace(name=name, engine=Engine.DOCKER, artifact=None),
            digest=digest, folder=Path(), is_built=True,
        )
        for name, digest in digests.items()
    }  # fmt: skip

    class Here:
        def named(self, name: str) -> Any:
            return found[name]

        def __iter__(self) -> Any:
            return iter(found.values())

    return Here()


async def choose(registry: Registry, *names: str) -> set[int]:
    """The numbers of those that are offered."""
    here = packages(cowsay=COW, linreg=LINE)
    listed = await choose_modules(cast(Any, registry), here, [Engine.DOCKER], names)
    return {int.from_bytes(module, "big") for module in listed.modules}


async def test_choice__of_one_module_that_many_have_published__is_the_oldest_that_fit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever publishes somebody else's module again and again does not push it out."""
    with caplog.at_level(logging.WARNING):
        assert await choose(Registry(*[COW] * (LONGEST + 9)), "cowsay") == {*range(LONGEST)}
    assert [(r.message, r.__dict__["count"]) for r in caplog.records] == [("publications_left_out", 9)]


async def test_choice__of_many_publications__has_the_curated_ones_first() -> None:
    registry = Registry(*[COW] * (LONGEST + 9))
    newest = registry.published[-1].id
    registry.statuses[newest] = ModuleStatus.CURATED
    assert await choose(registry, "cowsay") == {*range(LONGEST - 1), LONGEST + 8}


async def test_choice__of_two_modules_one_of_which_many_have_published__has_both() -> None:
    chosen = await choose(Registry(*[COW] * LONGEST, LINE, LINE), "cowsay", "linreg")
    assert chosen == {*range(LONGEST - 2), LONGEST, LONGEST + 1}


async def test_choice__without_names__is_what_is_curated() -> None:
    registry = Registry(COW, COW, LINE, Digest(b"?" * 32))
    registry.statuses = {each.id: ModuleStatus.CURATED for each in registry.published[1:]}
    assert await choose(registry) == {1, 2}


async def test_choice__of_a_module_whose_publications_are_revoked__says_so() -> None:
    registry = Registry(COW, COW)
    registry.statuses = {each.id: ModuleStatus.REVOKED for each in registry.published}
    with pytest.raises(FaultError, match="cannot be offered: cowsay: it is revoked"):
        await choose(registry, "cowsay")
