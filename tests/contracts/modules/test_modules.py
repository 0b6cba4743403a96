"""Publishing: whoever does owns the version's name, and nobody changes it afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.offers import module_id
from lilypad.types import ZERO_ADDRESS, Address
from tests.contracts.errors import reverts_with

from .registry import CURATED, DEPRECATED, MANIFEST, MOST_ROYALTY, NONE, PUBLISHED, REVOKED, ROYALTY


def test_publish__new_version__is_listed_for_ever(modules: Any, author: Any) -> None:
    receipt = modules.publish(MANIFEST, "linreg", "2.0.0", ROYALTY, sender=author)

    (event,) = modules.ModulePublished.from_receipt(receipt)
    id = keccak(encode(["address", "uint16", "bytes32"], [author.address, ROYALTY, MANIFEST]))
    assert (bytes(event.id), event.author, bytes(event.manifest)) == (id, author, MANIFEST)
    assert (event.event_arguments["name"], event.version, event.royaltyBps) == ("linreg", "2.0.0", ROYALTY)
    assert tuple(modules.moduleOf(id)) == (author, ROYALTY, PUBLISHED, receipt.timestamp)


def test_module_id__author_royalty_and_manifest__are_all_in_it(modules: Any, author: Any, stranger: Any) -> None:
    def on_chain(account: Any, royalty: int, manifest: bytes) -> bytes:
        id = bytes(modules.moduleId(account, royalty, manifest))
        assert id == module_id(Address(account.address), royalty, manifest)
        return id

    ids = {on_chain(a, r, m) for a in (author, stranger) for r in (0, 1, 65_535) for m in (MANIFEST, bytes(32))}
    assert len(ids) == 2 * 3 * 2


def test_publish__returns_the_id(modules: Any, author: Any) -> None:
    id = bytes(modules.publish.call(MANIFEST, "linreg", "2.0.0", ROYALTY, sender=author))
    assert id == module_id(Address(author.address), ROYALTY, MANIFEST)


def test_publish__same_manifest_by_somebody_else__is_another_module(
    modules: Any, published: bytes, stranger: Any, author: Any
) -> None:
    modules.publish(MANIFEST, "linreg", "2.0.0", ROYALTY, sender=stranger)
    theirs = module_id(Address(stranger.address), ROYALTY, MANIFEST)
    assert (modules.moduleOf(published).author, modules.moduleOf(theirs).author) == (author, stranger)


def test_publish__same_manifest_for_another_royalty__is_another_module(
    modules: Any, published: bytes, author: Any, curator: Any
) -> None:
    """What the first one earns never changes, and what curators thought of it does not go over."""
    modules.curate(published, CURATED, sender=curator)
    modules.publish(MANIFEST, "linreg", "2.0.0", ROYALTY + 1, sender=author)
    dearer = module_id(Address(author.address), ROYALTY + 1, MANIFEST)
    assert [modules.moduleOf(id)[1:3] for id in (published, dearer)] == [(ROYALTY, CURATED), (ROYALTY + 1, PUBLISHED)]


@pytest.mark.parametrize("status", [PUBLISHED, CURATED, DEPRECATED, REVOKED], ids=lambda status: status.name)
def test_publish__again__reverts_whatever_became_of_it(
    modules: Any, published: bytes, author: Any, curator: Any, status: int
) -> None:
    modules.curate(published, status, sender=curator)
    before = bytes(modules.getListing(published))
    with reverts_with("Modules_AlreadyPublished", id=published):
        modules.publish(MANIFEST, "another name", "2.0.1", ROYALTY, sender=author)
    assert bytes(modules.getListing(published)) == before


@pytest.mark.parametrize("royalty", [0, MOST_ROYALTY])
def test_publish__royalty_at_a_bound__is_listed(modules: Any, author: Any, royalty: int) -> None:
    modules.publish(MANIFEST, "linreg", "2.0.0", royalty, sender=author)
    id = module_id(Address(author.address), royalty, MANIFEST)
    assert modules.moduleOf(id).royaltyBps == royalty
    assert modules.MAX_ROYALTY_BPS() == MOST_ROYALTY


@pytest.mark.parametrize("royalty", [MOST_ROYALTY + 1, 10_000, 65_535])
def test_publish__royalty_above_the_bound__reverts(modules: Any, author: Any, royalty: int) -> None:
    with reverts_with("Modules_RoyaltyTooHigh", royaltyBps=royalty, limit=MOST_ROYALTY):
        modules.publish(MANIFEST, "linreg", "2.0.0", royalty, sender=author)


def test_publish__without_manifest__reverts(modules: Any, author: Any) -> None:
    with reverts_with("Modules_EmptyManifest"):
        modules.publish(bytes(32), "linreg", "2.0.0", 0, sender=author)


@pytest.mark.parametrize(("name", "version"), [("", ""), ("línreg 回帰", "2.0.0-β"), ("x" * 1_000, "1" * 1_000)])
def test_publish__name_and_version__are_for_people_alone(
    modules: Any, author: Any, published: bytes, name: str, version: str
) -> None:
    """They are in the log, whatever they are; no two versions need differ in them."""
    receipt = modules.publish(keccak(text="yet another"), name, version, 0, sender=author)
    (event,) = modules.ModulePublished.from_receipt(receipt)
    assert (event.event_arguments["name"], event.version) == (name, version)
    modules.publish(keccak(text="and another"), name, version, 0, sender=author)


def test_module_of__unknown__is_zero(modules: Any) -> None:
    assert tuple(modules.moduleOf(MANIFEST)) == (ZERO_ADDRESS, 0, NONE, 0)
    assert bytes(modules.getListing(MANIFEST)) == bytes(32)


@pytest.mark.parametrize("status", [PUBLISHED, CURATED, DEPRECATED, REVOKED], ids=lambda status: status.name)
def test_get_listing__is_the_same_in_one_word(modules: Any, published: bytes, curator: Any, status: int) -> None:
    modules.curate(published, status, sender=curator)
    module = modules.moduleOf(published)
    word = int.from_bytes(modules.getListing(published), "big")
    lanes = word & (1 << 160) - 1, word >> 160 & 0xFFFF, word >> 176 & 0xFF, word >> 184
    assert lanes == (int(module.author, 16), module.royaltyBps, module.status, module.publishedAt)
    assert module.status == status
