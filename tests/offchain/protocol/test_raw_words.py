"""Words as they lie in calldata, bit by bit: each bit is signed, or it means nothing to anybody.

The contracts take packed words as they come, so every bit of every one of them is turned over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_abi.abi import encode

from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import Agreement, DealTerms, agreement_of, derive_terms
from lilypad.protocol.words import Shares
from tests.contracts.makers import (
    ANY_PRICE,
    BOND,
    MANIFEST,
    MEDIATION_FEE,
    PROTOCOL_BPS,
    RIGHT,
    ROYALTY_BPS,
    SOLVER_BPS,
    Maker,
    words,
)
from tests.invariants.evm import RevertError, calldata
from tests.invariants.network import ADDRESSES, KEYS, deploy

SPARE = {("job", 6): 152, ("resource", 1): 192, ("resource", 4): 120}
"""From which bit on a word of an offer belongs to no field: JobTicket, Prices, ResourceTicket."""
WORDS = [("job", index) for index in range(7)] + [("resource", index) for index in range(5)] + [("verification", 0)]


@pytest.fixture(scope="module")
def network() -> Any:
    network = deploy()
    for who in ("creator", "provider"):
        network.fund(who, 10**25)
    return network


@pytest.fixture(scope="module")
def maker(network: Any) -> Maker:
    """One for all tests, so that no nonce is used twice."""
    maker: Maker = network.maker
    return maker


def flipped(word: bytes, bit: int) -> bytes:
    return (int.from_bytes(word, "big") ^ 1 << bit).to_bytes(32, "big")


@pytest.mark.parametrize(("side", "index"), WORDS)
def test_agree__any_bit_turned_over__is_refused_or_means_nothing(
    network: Any, maker: Maker, side: str, index: int
) -> None:
    for bit in range(256):
        job, resource = maker.job(), maker.resource()
        call = maker.pair(job, resource)
        place = ["job", "resource", "verification"].index(side)
        turned: Any = flipped(call[2], bit) if side == "verification" else list(call[place])
        if side != "verification":
            turned[index] = flipped(turned[index], bit)
        lie = (*call[:place], turned, *call[place + 1 :])
        if bit < SPARE.get((side, index), 256):
            with pytest.raises(RevertError):
                network.send("stranger", network.controller, "agree", *lie)
        else:
            receipt = network.send("stranger", network.controller, "agree", *lie)
            assert receipt.value == terms_of(maker, job, resource).id
            (event,) = receipt.events
            assert event[1]["conditions"] == terms_of(maker, job, resource).words()[4]


def terms_of(maker: Maker, job: Any, resource: Any) -> DealTerms:
    shares = Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)
    return derive_terms(maker.domain, job, resource, ADDRESSES["author"], shares)


@pytest.mark.parametrize("function", ["submitResult", "decline", "late"])
@pytest.mark.parametrize("index", range(6))
def test_terms__any_bit_turned_over__find_no_deal(network: Any, maker: Maker, function: str, index: int) -> None:
    job, resource = maker.job(), maker.resource()
    network.send("stranger", network.controller, "agree", *maker.pair(job, resource))
    terms = terms_of(maker, job, resource)
    result = (words(RIGHT),) if function == "submitResult" else ()
    for bit in range(256):
        lie = list(terms.words())
        lie[index] = flipped(lie[index], bit)
        with pytest.raises(RevertError) as refusal:
            network.send("provider", network.controller, function, lie, *result)
        assert refusal.value.name in ("Storage_WrongStatus", "Storage_WrongDigest", "Controller_NotParty")
    if function == "late":
        network.evm.now += terms.windows.submit + 1
    network.send("provider", network.controller, function, terms.words(), *result)


@pytest.fixture
def submitted(network: Any, maker: Maker) -> tuple[DealTerms, Agreement]:
    job, resource = maker.job(), maker.resource()
    network.send("stranger", network.controller, "agree", *maker.pair(job, resource))
    terms = terms_of(maker, job, resource)
    network.send("provider", network.controller, "submitResult", terms.words(), words(RIGHT))
    return terms, agreement_of(maker.domain, job, resource)


def lies(true: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The same words with one bit turned over: a count has 64 of them."""
    for index, word in enumerate(true):
        for bit in range(64 if isinstance(word, int) else 256):
            yield (*true[:index], word ^ 1 << bit if isinstance(word, int) else flipped(word, bit), *true[index + 1 :])


def test_challenge__any_bit_of_agreement_or_result_turned_over__is_refused(
    network: Any, submitted: tuple[DealTerms, Agreement]
) -> None:
    terms, agreement = submitted
    true = (terms.words(), agreement.words(), words(RIGHT), ANY_PRICE)
    for place, error in ((1, "Controller_WrongAgreement"), (2, "Storage_WrongDigest")):
        for lie in lies(true[place]):
            with pytest.raises(RevertError) as refusal:
                network.send("creator", network.controller, "challenge", *true[:place], lie, *true[place + 1 :])
            assert refusal.value.name == error
    network.send("creator", network.controller, "challenge", *true)


def test_expire__any_bit_of_result_or_dispute_turned_over__is_refused(
    network: Any, submitted: tuple[DealTerms, Agreement]
) -> None:
    terms, agreement = submitted
    call = (terms.words(), agreement.words(), words(RIGHT), ANY_PRICE)
    network.send("creator", network.controller, "challenge", *call)
    network.evm.now += terms.windows.mediate + 1
    dispute = Challenge(ADDRESSES["creator"], BOND, network.mediation.address, MEDIATION_FEE).words()
    true = (terms.words(), words(RIGHT), dispute)
    for place in (1, 2):
        for lie in lies(true[place]):
            with pytest.raises(RevertError) as refusal:
                network.send("stranger", network.controller, "expire", *true[:place], lie, *true[place + 1 :])
            assert refusal.value.name == "Storage_WrongDigest"
    network.send("stranger", network.controller, "expire", *true)


# ------------------------------------------------------------ fields that are not packed


NETTING = {"provider": (1, 160), "deals": (2, 64), "protocolBps": (4, 16), "expiry": (5, 40), "nonce": (6, 32)}
INSTANT = {"provider": (1, 160), "solver": (2, 160), "author": (3, 160)}


@pytest.mark.parametrize("function", ["net", "instant"])
def test_message__bit_that_its_type_does_not_have__is_refused(network: Any, maker: Maker, function: str) -> None:
    """Also when it was signed: with the bit as well as without it."""
    narrow = NETTING if function == "net" else INSTANT
    for index, width in narrow.values():
        for bit in (width, 255):
            arguments = call_of(maker, function)
            data = bytearray(calldata(network.controller, function, *arguments)[4:])
            data[32 * index : 32 * index + 32] = flipped(bytes(data[32 * index : 32 * index + 32]), bit)
            with pytest.raises(RevertError) as refusal:
                network.call_raw("stranger", network.controller, function, bytes(data))
            # A solver or an author that nobody can be is another word to sign, or no address at all.
            assert refusal.value.name in ("", "Controller_BadSignature")
            network.send("stranger", network.controller, function, *arguments)


def call_of(maker: Maker, function: str) -> tuple[Any, ...]:
    if function == "net":
        owed = maker.netting()
        return owed.words(), maker.sign(KEYS["creator"], owed)
    return tuple(maker.done(maker.instant()))


@pytest.mark.parametrize("bit", [184, 200, 255])
def test_instant__bit_of_its_numbers_that_belongs_to_no_field__means_nothing(
    network: Any, maker: Maker, bit: int
) -> None:
    deal = maker.instant()
    *others, numbers = deal.words(ADDRESSES["author"], MANIFEST)
    signatures = [maker.sign(KEYS[who], deal) for who in ("creator", "provider")]
    network.send("stranger", network.controller, "instant", (*others, flipped(numbers, bit)), *signatures)
    with pytest.raises(RevertError) as refusal:
        network.send("stranger", network.controller, "instant", (*others, numbers), *signatures)
    assert refusal.value.name == "Payments_NonceUsed"


@pytest.mark.parametrize("bit", [64, 255])
def test_result__count_of_more_than_64_bits__is_refused(network: Any, maker: Maker, bit: int) -> None:
    job, resource = maker.job(), maker.resource()
    network.send("stranger", network.controller, "agree", *maker.pair(job, resource))
    terms = b"".join(terms_of(maker, job, resource).words())
    result = RIGHT.commitment + flipped(encode(["uint64"], [RIGHT.instruction_count]), bit)
    with pytest.raises(RevertError) as refusal:
        network.call_raw("provider", network.controller, "submitResult", terms + result)
    assert refusal.value.name == ""
