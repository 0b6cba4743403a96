"""The registry: immutable versions, and what the curators think of them."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.matching import ModuleStatus
from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with

NONE, PUBLISHED, CURATED, DEPRECATED, REVOKED = ModuleStatus
MANIFEST = keccak(text="another manifest")


@pytest.fixture
def modules(protocol: Any) -> Any:
    return protocol.modules


@pytest.fixture
def author(roles: Any) -> Any:
    return roles.author


@pytest.fixture
def curator(roles: Any) -> Any:
    return roles.curator


@pytest.fixture
def published(modules: Any, author: Any) -> bytes:
    modules.publish(MANIFEST, "linreg", "2.0.0", 2_000, sender=author)
    return keccak(encode(["address", "bytes32"], [author.address, MANIFEST]))


def test_publish__new_version__is_listed_for_ever(modules: Any, author: Any) -> None:
    receipt = modules.publish(MANIFEST, "linreg", "2.0.0", 2_000, sender=author)

    (event,) = modules.ModulePublished.from_receipt(receipt)
    deal = keccak(encode(["address", "bytes32"], [author.address, MANIFEST]))
    assert bytes(event.id) == deal == bytes(modules.moduleId(author, MANIFEST))
    assert (event.author, bytes(event.manifest)) == (author, MANIFEST)
    assert (event.event_arguments["name"], event.version, event.royaltyBps) == ("linreg", "2.0.0", 2_000)
    assert tuple(modules.moduleOf(deal)) == (author, 2_000, PUBLISHED, receipt.timestamp)


def test_publish__same_manifest_by_somebody_else__is_another_module(
    modules: Any, published: bytes, stranger: Any
) -> None:
    modules.publish(MANIFEST, "linreg", "2.0.0", 0, sender=stranger)
    assert bytes(modules.moduleId(stranger, MANIFEST)) != published
    assert modules.moduleOf(published).royaltyBps == 2_000


def test_publish__again__reverts(modules: Any, published: bytes, author: Any) -> None:
    with reverts_with("Modules_AlreadyPublished", id=published):
        modules.publish(MANIFEST, "linreg", "2.0.1", 0, sender=author)


def test_publish__royalty_above_the_limit__reverts(modules: Any, author: Any) -> None:
    with reverts_with("Modules_RoyaltyTooHigh", royaltyBps=2_001, limit=2_000):
        modules.publish(MANIFEST, "linreg", "2.0.0", 2_001, sender=author)


def test_publish__without_manifest__reverts(modules: Any, author: Any) -> None:
    with reverts_with("Modules_EmptyManifest"):
        modules.publish(bytes(32), "linreg", "2.0.0", 0, sender=author)


def test_module_of__unknown__is_zero(modules: Any) -> None:
    assert tuple(modules.moduleOf(MANIFEST)) == (ZERO_ADDRESS, 0, NONE, 0)


@pytest.mark.parametrize("status", [PUBLISHED, CURATED, DEPRECATED, REVOKED])
def test_curate__by_curator__sets_the_status(
    modules: Any, published: bytes, curator: Any, status: ModuleStatus
) -> None:
    receipt = modules.curate(published, status, sender=curator)

    (event,) = modules.ModuleStatusChanged.from_receipt(receipt)
    assert (bytes(event.id), event.status) == (published, status)
    assert modules.moduleOf(published).status == status


def test_curate__by_anyone_else__reverts(modules: Any, published: bytes, author: Any, roles: Any) -> None:
    for caller in (author, roles.governor):
        with reverts_with("OwnableUnauthorizedAccount", account=caller):
            modules.curate(published, CURATED, sender=caller)


def test_curate__unknown_module_or_status_none__reverts(modules: Any, published: bytes, curator: Any) -> None:
    with reverts_with("Modules_NotPublished", id=MANIFEST):
        modules.curate(MANIFEST, CURATED, sender=curator)
    with reverts_with("Modules_NotPublished", id=published):
        modules.curate(published, NONE, sender=curator)


def test_revoked__nobody_brings_it_back(modules: Any, published: bytes, curator: Any, author: Any) -> None:
    modules.curate(published, REVOKED, sender=curator)
    for status in (PUBLISHED, CURATED, DEPRECATED, REVOKED):
        with reverts_with("Modules_Revoked", id=published):
            modules.curate(published, status, sender=curator)
    with reverts_with("Modules_Revoked", id=published):
        modules.deprecate(published, sender=author)
    with reverts_with("Modules_AlreadyPublished", id=published):
        modules.publish(MANIFEST, "linreg", "2.0.0", 0, sender=author)


def test_deprecate__by_author__takes_a_curated_version_back(
    modules: Any, published: bytes, curator: Any, author: Any
) -> None:
    modules.curate(published, CURATED, sender=curator)
    modules.deprecate(published, sender=author)
    assert modules.moduleOf(published).status == DEPRECATED


def test_deprecate__by_anyone_else__reverts(modules: Any, published: bytes, author: Any, curator: Any) -> None:
    with reverts_with("Modules_NotAuthor", id=published, author=author, caller=curator):
        modules.deprecate(published, sender=curator)
    with reverts_with("Modules_NotAuthor", id=MANIFEST, author=ZERO_ADDRESS, caller=author):
        modules.deprecate(MANIFEST, sender=author)
