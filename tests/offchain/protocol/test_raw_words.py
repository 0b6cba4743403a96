"""Words as they lie in calldata: bits that a type does not have are refused, also when both makers signed them.

The contracts hash offers and terms without taking them apart, so every narrow word is tried here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.terms import DealTerms, derive_terms
from lilypad.protocol.words import Shares
from tests.contracts.makers import PROTOCOL_BPS, RIGHT, ROYALTY_BPS, SOLVER_BPS, words
from tests.invariants.evm import RevertError
from tests.invariants.network import ADDRESSES, KEYS, deploy

Words = list[bytes]


def narrow(kind: Any) -> Iterator[tuple[str, int]]:
    """Fields whose type is narrower than a word, and the first bit that they do not have."""
    for field, abi in zip(fields(kind), kind.ABI, strict=True):
        width = 160 if abi == "address" else int(abi.removeprefix("uint")) if abi.startswith("uint") else 256
        if width < 256:
            yield field.name, width


CASES = [
    (kind, name, bit) for kind in (JobOffer, ResourceOffer) for name, first in narrow(kind) for bit in (first, 255)
]
TERMS = [(name, bit) for name, first in narrow(DealTerms) for bit in (first, 255)]


def raw(message: Any) -> Words:
    return [encode([kind], [word]) for kind, word in zip(message.ABI, message.words(), strict=True)]


def dirty(message: Any, name: str, bit: int) -> Words:
    lie = raw(message)
    index = [field.name for field in fields(message)].index(name)
    lie[index] = (int.from_bytes(lie[index], "big") | 1 << bit).to_bytes(32, "big")
    return lie


@pytest.fixture
def network() -> Any:
    network = deploy()
    for who in ("creator", "provider"):
        network.fund(who)
    return network


def bring(network: Any, job: Words, resource: Words) -> None:
    """`agree` with offers as raw words, signed as they are."""
    domain = network.maker.domain
    signatures = []
    for kind, lie, who in ((JobOffer, job, "creator"), (ResourceOffer, resource, "provider")):
        struct = keccak(keccak(text=kind.type_string()) + b"".join(lie))
        signatures.append(bytes(KEYS[who].unsafe_sign_hash(domain.digest(struct)).signature))
    # The dynamic parts follow the 26 words of the offers and three offsets.
    head = 32 * (len(job) + len(resource) + 3)
    tails = [encode(["uint256"], [65]) + signature + bytes(31) for signature in signatures] + [bytes(32)]
    offsets = [head, head + 128, head + 256]
    pair = b"".join([*job, *resource, *(encode(["uint256"], [o]) for o in offsets), *tails])
    network.call_raw("stranger", network.controller, "agree", encode(["uint256"], [32]) + pair)


def test_agree__raw_words_without_a_fault__is_agreed(network: Any) -> None:
    bring(network, raw(network.maker.job()), raw(network.maker.resource()))


@pytest.mark.parametrize(("kind", "name", "bit"), CASES)
def test_agree__bit_that_the_type_does_not_have__is_refused(network: Any, kind: Any, name: str, bit: int) -> None:
    job, resource = network.maker.job(), network.maker.resource()
    jobs = dirty(job, name, bit) if kind is JobOffer else raw(job)
    resources = dirty(resource, name, bit) if kind is ResourceOffer else raw(resource)
    with pytest.raises(RevertError):
        bring(network, jobs, resources)


@pytest.mark.parametrize(("name", "bit"), TERMS)
@pytest.mark.parametrize("function", ["submitResult", "late", "decline"])
def test_terms__bit_that_the_type_does_not_have__find_no_deal(network: Any, function: str, name: str, bit: int) -> None:
    job, resource = network.maker.job(), network.maker.resource()
    network.send("stranger", network.controller, "agree", network.maker.pair(job, resource))
    shares = Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)
    terms = derive_terms(network.maker.domain, job, resource, ADDRESSES["author"], shares)
    if function == "late":
        network.evm.now += terms.windows.submit + 1
    result = encode(["bytes32", "uint64"], words(RIGHT)) if function == "submitResult" else b""
    data = b"".join(dirty(terms, name, bit)) + result
    with pytest.raises(RevertError):
        network.call_raw("provider", network.controller, function, data)
    network.call_raw("provider", network.controller, function, b"".join(raw(terms)) + result)
