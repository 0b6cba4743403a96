"""agree: packed words with bits that mean nothing are refused, so that every word has one meaning everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.offers import JobOffer, ResourceOffer
from tests.contracts.errors import reverts_with

DIRT = 1 << 255


def index(kind: Any, name: str) -> int:
    return [field.name for field in fields(kind)].index(name)


@pytest.fixture
def refused(controller: Any, maker: Any, stranger: Any) -> Any:
    def signed(key: Any, kind: Any, words: Sequence[Any]) -> bytes:
        typehash = keccak(text=kind.type_string())
        digest = maker.domain.digest(keccak(encode(["bytes32", *kind.ABI], [typehash, *words])))
        return bytes(key.unsafe_sign_hash(digest).signature)

    def check(job: Sequence[Any], resource: Sequence[Any], error: str, **values: Any) -> None:
        signatures = signed(maker.creator, JobOffer, job), signed(maker.provider, ResourceOffer, resource)
        with reverts_with(f"Controller_{error}", **values):
            controller.agree((tuple(job), tuple(resource), *signatures, []), sender=stranger)

    return check


def dirty(offer: Any, name: str) -> tuple[list[Any], int]:
    words = list(offer.words())
    words[index(type(offer), name)] |= DIRT
    return words, words[index(type(offer), name)]


def test_agree__dirty_resources__reverts(refused: Any, maker: Any) -> None:
    job, resource = maker.job(), maker.resource()
    words, word = dirty(job, "resources")
    refused(words, resource.words(), "ResourcesTooSmall", available=resource.resources, needed=word)
    words, word = dirty(resource, "resources")
    refused(job.words(), words, "ResourcesTooSmall", available=word, needed=job.resources)


def test_agree__dirty_windows__reverts(refused: Any, maker: Any) -> None:
    job, resource = maker.job(), maker.resource()
    words, word = dirty(job, "windows")
    refused(words, resource.words(), "WindowsInvalid", windows=word)
    words, word = dirty(resource, "windows")
    refused(job.words(), words, "WindowsRefused", asked=job.windows, limits=word)


def test_agree__dirty_verification__reverts_although_both_signed_it(refused: Any, maker: Any) -> None:
    job, word = dirty(maker.job(), "verification")
    resource, _ = dirty(maker.resource(), "verification")
    refused(job, resource, "VerificationInvalid", verification=word)


def test_agree__address_wider_than_an_address__reverts(controller: Any, maker: Any, stranger: Any) -> None:
    data = bytearray(controller.agree.encode_input(maker.pair(maker.job(), maker.resource())))
    assert data[36:48] == bytes(12)  # in front of the job's creator
    data[36] = 1
    with reverts_with(""):
        stranger.transfer(controller, 0, data=bytes(data))
