"""What becomes of a version: curated or not, deprecated by its author, and revoked once and for all."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.matching import ModuleStatus
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with

from .registry import CURATED, DEPRECATED, MANIFEST, NONE, PUBLISHED, REVOKED, ROYALTY

LISTED = [PUBLISHED, CURATED, DEPRECATED, REVOKED]


def name(status: ModuleStatus) -> str:
    return status.name


@pytest.mark.parametrize("to", LISTED, ids=name)
@pytest.mark.parametrize("start", [PUBLISHED, CURATED, DEPRECATED], ids=name)
def test_curate__from_any_status_but_revoked__sets_any(
    modules: Any, published: bytes, curator: Any, author: Any, start: ModuleStatus, to: ModuleStatus
) -> None:
    modules.curate(published, start, sender=curator)
    since = modules.moduleOf(published).publishedAt
    receipt = modules.curate(published, to, sender=curator)

    (event,) = modules.ModuleStatusChanged.from_receipt(receipt)
    assert (bytes(event.id), event.status) == (published, to)
    assert tuple(modules.moduleOf(published)) == (author, ROYALTY, to, since)


def test_curate__by_anyone_else__reverts(modules: Any, published: bytes, author: Any, roles: Any) -> None:
    for caller in (author, roles.governor, roles.holder, roles.stranger):
        for status in (CURATED, REVOKED):
            with reverts_with("OwnableUnauthorizedAccount", account=caller):
                modules.curate(published, status, sender=caller)
    assert modules.moduleOf(published).status == PUBLISHED


def test_curate__unknown_module__reverts(modules: Any, curator: Any) -> None:
    for status in LISTED:
        with reverts_with("Modules_NotPublished", id=MANIFEST):
            modules.curate(MANIFEST, status, sender=curator)


def test_curate__to_no_status__reverts(modules: Any, published: bytes, curator: Any) -> None:
    """Or it could be published again, for another royalty."""
    with reverts_with("Modules_NotPublished", id=published):
        modules.curate(published, NONE, sender=curator)
    with reverts_with(""):
        modules.curate(published, max(ModuleStatus) + 1, sender=curator)
    assert modules.moduleOf(published).status == PUBLISHED


def test_revoked__nobody_brings_it_back(modules: Any, published: bytes, curator: Any, author: Any) -> None:
    modules.curate(published, REVOKED, sender=curator)
    for status in LISTED:
        with reverts_with("Modules_Revoked", id=published):
            modules.curate(published, status, sender=curator)
    with reverts_with("Modules_Revoked", id=published):
        modules.deprecate(published, sender=author)
    with reverts_with("Modules_AlreadyPublished", id=published):
        modules.publish(MANIFEST, "linreg", "2.0.0", ROYALTY, sender=author)
    assert modules.moduleOf(published).status == REVOKED


@pytest.mark.parametrize("start", [PUBLISHED, CURATED, DEPRECATED], ids=name)
def test_deprecate__by_author__advises_against_it(
    modules: Any, published: bytes, curator: Any, author: Any, start: ModuleStatus
) -> None:
    modules.curate(published, start, sender=curator)
    since = modules.moduleOf(published).publishedAt
    receipt = modules.deprecate(published, sender=author)

    (event,) = modules.ModuleStatusChanged.from_receipt(receipt)
    assert (bytes(event.id), event.status) == (published, DEPRECATED)
    assert tuple(modules.moduleOf(published)) == (author, ROYALTY, DEPRECATED, since)


def test_deprecate__by_anyone_else__reverts(
    modules: Any, published: bytes, author: Any, curator: Any, stranger: Any
) -> None:
    for caller in (curator, stranger):
        with reverts_with("Modules_NotAuthor", id=published, author=author, caller=caller):
            modules.deprecate(published, sender=caller)
    assert modules.moduleOf(published).status == PUBLISHED


def test_deprecate__unknown_module__reverts(modules: Any, author: Any) -> None:
    with reverts_with("Modules_NotAuthor", id=MANIFEST, author=ZERO_ADDRESS, caller=author):
        modules.deprecate(MANIFEST, sender=author)


def test_curators__hand_over__only_when_the_heir_accepts(
    modules: Any, published: bytes, curator: Any, stranger: Any
) -> None:
    modules.transferOwnership(stranger, sender=curator)
    with reverts_with("OwnableUnauthorizedAccount", account=stranger):
        modules.curate(published, CURATED, sender=stranger)
    modules.acceptOwnership(sender=stranger)
    modules.curate(published, CURATED, sender=stranger)
    with reverts_with("OwnableUnauthorizedAccount", account=curator):
        modules.curate(published, REVOKED, sender=curator)


def test_curators__gone__every_version_stays_as_it_is(
    modules: Any, published: bytes, curator: Any, author: Any, stranger: Any
) -> None:
    """Authors still publish and deprecate their own."""
    modules.renounceOwnership(sender=curator)
    with reverts_with("OwnableUnauthorizedAccount", account=curator):
        modules.curate(published, REVOKED, sender=curator)
    modules.publish(MANIFEST, "linreg", "2.0.0", 0, sender=stranger)
    modules.deprecate(published, sender=author)
