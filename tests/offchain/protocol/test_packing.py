"""Any message and any deal: what is packed, signed and hashed here is what the contracts unpack, recover and record."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lilypad.agents.books.events import read_deal_event
from lilypad.chain.contracts import Event
from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.offers import (
    Acceptance,
    Domain,
    InstantDeal,
    JobOffer,
    Netting,
    ResourceOffer,
    Signable,
    Submission,
    module_id,
)
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import DealTerms, agreement_of, collateral_floor, derive_terms
from lilypad.protocol.words import LONGEST_WINDOW, Shares, Verification, Windows
from lilypad.types import ZERO_ADDRESS, Address, Resources
from tests.contracts.makers import (
    ANY_PRICE,
    BOND,
    ETHER,
    FAR,
    MANIFEST,
    MEDIATION_FEE,
    PROTOCOL_BPS,
    ROYALTY_BPS,
    words,
)
from tests.invariants.evm import Receipt, RevertError
from tests.invariants.machine import digest_of
from tests.invariants.network import ADDRESSES, FLOOR_BPS, START, deploy

from .strategies import addresses, any_terms, bytes32, instants, nettings, uint

NO_ONE = bytes(65)
"""A signature of nobody's."""
RICH = 10**25
"""What creator and provider may bind in these deals."""
MODULE = module_id(ADDRESSES["author"], ROYALTY_BPS, MANIFEST)
numbers = count(1)
claims = st.builds(Claim, bytes32, uint(64))
lengths = st.integers(1, LONGEST_WINDOW)


@pytest.fixture(scope="module")
def network() -> Any:
    network = deploy()
    for who in ("creator", "provider"):
        network.fund(who, RICH)
    network.fund("stranger", 10 * ETHER)
    return network


def nonzero(strategy: st.SearchStrategy[Address]) -> st.SearchStrategy[Address]:
    return strategy.filter(lambda account: account != ZERO_ADDRESS)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Windows, Windows]:
    """What a job asks for, and the limits of a provider that takes it."""
    submit, judge, mediate = draw(lengths), draw(lengths), draw(lengths)
    decline = draw(st.integers(0, submit))
    most = [draw(st.integers(0, length)) for length in (decline, submit, mediate)]
    asked = Windows(decline, submit, judge, mediate)
    return asked, Windows(most[0], most[1], draw(st.integers(judge, (1 << 23) - 1)), most[2])


@st.composite
def compatible(
    draw: st.DrawFn, creators: st.SearchStrategy[Address], providers: st.SearchStrategy[Address], most: int
) -> tuple[JobOffer, ResourceOffer]:
    """Offers of which the contract looks at the signatures, with every field as wild as it may be."""
    creator = draw(creators)
    provider = draw(providers.filter(lambda account: account != creator))
    has = Resources(*(draw(uint(31)) for _ in range(5)))
    needs = Resources(
        *(draw(st.integers(0, h)) for h in (has.cpu_milli, has.gpu, has.ram_mib, has.vram_mib, has.disk_mib))
    )
    asked, limits = draw(windows())
    mediation = draw(nonzero(addresses))
    verification = Verification(mediation, draw(uint(32)), draw(uint(8)), 2, draw(uint(16)))
    ceiling = draw(st.integers(0, most))
    collateral = draw(st.integers(collateral_floor(ceiling, FLOOR_BPS), most))
    solver_bps = draw(st.integers(0, 10_000 - PROTOCOL_BPS - ROYALTY_BPS))
    price = draw(uint(96))
    job = JobOffer(
        creator=creator,
        target=draw(st.sampled_from([ZERO_ADDRESS, provider])),
        solver=draw(nonzero(addresses)),
        solver_bps=solver_bps,
        expiry=draw(st.integers(START + 10**6, FAR)),
        nonce=draw(uint(32)),
        lane=draw(uint(64)),
        module=MODULE,
        inputs=draw(bytes32),
        resources=needs,
        price_per_instruction=price,
        payment_ceiling=ceiling,
        collateral=draw(st.integers(0, collateral)),
        windows=asked,
        verification=verification,
    )
    resource = ResourceOffer(
        provider=provider,
        shares_bps=draw(st.integers(solver_bps + PROTOCOL_BPS + ROYALTY_BPS, (1 << 16) - 1)),
        expiry=draw(st.integers(START + 10**6, FAR)),
        nonce=draw(uint(32)),
        modules=bytes(32),
        resources=has,
        price_per_instruction=draw(st.integers(0, price)),
        minimum_payment=draw(st.integers(0, ceiling)),
        collateral=collateral,
        late_penalty_bps=draw(st.integers(0, 10_000)),
        decline_fee_bps=draw(st.integers(0, 10_000)),
        windows=limits,
        verification=verification,
    )
    return job, resource


def rejected(network: Any, sender: Address, function: str, *arguments: Any) -> tuple[str, bytes]:
    """Whose signature the contract misses, and over which digest."""
    with pytest.raises(RevertError) as caught:
        network.evm.call(sender, network.controller, function, *arguments)
    assert caught.value.name == "Controller_BadSignature"
    return str(caught.value.fields["signer"]).lower(), caught.value.fields["digest"]


def missed(domain: Domain, signer: Address, message: Signable) -> tuple[str, bytes]:
    return signer.lower(), domain.digest(message.struct_hash())


# ------------------------------------------------------------ what is signed


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pair=compatible(addresses, nonzero(addresses), most=(1 << 96) - 1))
def test_digest__of_any_offers_that_fit__is_the_contract_s(network: Any, pair: tuple[JobOffer, ResourceOffer]) -> None:
    domain, (job, resource) = network.maker.domain, pair
    call = (job.words(), resource.words(), job.verification.word(), [])
    assert rejected(network, ADDRESSES["stranger"], "agree", *call, NO_ONE, NO_ONE) == missed(domain, job.creator, job)
    by_provider = missed(domain, resource.provider, resource)
    assert rejected(network, job.creator, "agree", *call, b"", NO_ONE) == by_provider


@settings(max_examples=200, deadline=None)
@given(told=instants, author=addresses, manifest=bytes32)
def test_digest__of_any_instant_deal__is_the_contract_s(
    network: Any, told: InstantDeal, author: Address, manifest: Any
) -> None:
    shares = {"solver_bps": told.solver_bps % 5_000, "royalty_bps": told.royalty_bps % 4_000}
    module = module_id(author, shares["royalty_bps"], manifest)
    expiry = max(told.expiry, network.evm.now)
    deal = replace(told, **shares, protocol_bps=PROTOCOL_BPS, module=module, expiry=expiry)
    domain, call = network.maker.domain, deal.words(author, manifest)
    by_creator, by_provider = missed(domain, deal.creator, deal), missed(domain, deal.provider, deal)
    assert rejected(network, ADDRESSES["stranger"], "instant", call, NO_ONE, NO_ONE) == by_creator
    assert rejected(network, deal.creator, "instant", call, b"", NO_ONE) == by_provider


@settings(max_examples=200, deadline=None)
@given(told=nettings)
def test_digest__of_any_netting__is_the_contract_s(network: Any, told: Netting) -> None:
    owed = replace(told, protocol_bps=max(told.protocol_bps, PROTOCOL_BPS), expiry=max(told.expiry, network.evm.now))
    by_creator = missed(network.maker.domain, owed.creator, owed)
    assert rejected(network, ADDRESSES["stranger"], "net", owed.words(), NO_ONE) == by_creator


@settings(max_examples=200, deadline=None)
@given(deal=any_terms, claim=claims)
def test_digest__of_any_acceptance_and_submission__is_the_contract_s(
    network: Any, deal: DealTerms, claim: Claim
) -> None:
    """And with it the deal's id: the hash of its six words."""
    domain, told = network.maker.domain, (deal.id, *words(claim))
    by_creator = missed(domain, deal.creator, Acceptance(*told))
    by_provider = missed(domain, deal.provider, Submission(*told))
    call = (deal.words(), words(claim))
    assert rejected(network, ADDRESSES["stranger"], "settle", *call, NO_ONE, NO_ONE) == by_creator
    assert rejected(network, ADDRESSES["stranger"], "acceptSigned", *call, NO_ONE) == by_creator
    if deal.creator != deal.provider:
        assert rejected(network, deal.creator, "settle", *call, b"", NO_ONE) == by_provider


@given(author=addresses, royalty=uint(16), manifest=bytes32)
def test_module_id__of_anything__is_the_registry_s(network: Any, author: Address, royalty: int, manifest: Any) -> None:
    found = network.evm.read(network.modules, "moduleId", author, royalty, manifest)
    assert module_id(author, royalty, manifest) == found


# ------------------------------------------------------------ what is told, and what is recorded


def told_by(receipt: Receipt, name: str) -> life.DealEvent:
    (args,) = [args for found, args in receipt.events if found == name]
    _, event = read_deal_event(Event(name, dict(args), ADDRESSES["governor"], 1, b"", b"", 0, START))
    return event


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pair=compatible(st.just(ADDRESSES["creator"]), st.just(ADDRESSES["provider"]), most=10**22),
    claim=claims,
)
def test_deal__with_any_terms__is_told_and_recorded_as_it_is_here(
    network: Any, pair: tuple[JobOffer, ResourceOffer], claim: Claim
) -> None:
    maker = network.maker
    verification = replace(pair[0].verification, mediation=network.mediation.address)
    job, resource = (replace(offer, nonce=next(numbers), verification=verification) for offer in pair)
    shares = Shares(job.solver_bps, ROYALTY_BPS, PROTOCOL_BPS)
    terms = derive_terms(maker.domain, job, resource, ADDRESSES["author"], shares)
    what = life.Job(job.module, job.inputs, job.resources)
    expected = life.Agreed(terms, agreement_of(maker.domain, job, resource), what, job.nonce, resource.nonce)

    def step(who: str, name: str, event: str, *arguments: Any) -> life.DealEvent:
        receipt = network.send(who, network.controller, name, *arguments)
        return told_by(receipt, event)

    def recorded() -> bytes:
        place = (network.controller.address, job.creator, job.lane)
        return bytes(network.evm.read(network.storage, "dealOf", *place)[2])

    agreed = step("stranger", "agree", "DealAgreed", *maker.pair(job, resource))
    assert agreed == expected
    deal = life.open_deal(expected, START)
    assert recorded() == digest_of(deal)

    deal = life.apply(deal, step("provider", "submitResult", "ResultSubmitted", terms.words(), words(claim)), START)
    assert deal.claim == claim
    assert recorded() == digest_of(deal)

    call = (terms.words(), expected.agreement.words(), words(claim), ANY_PRICE)
    deal = life.apply(deal, step("stranger", "challenge", "DealChallenged", *call), START)
    assert deal.dispute == Challenge(ADDRESSES["stranger"], BOND, network.mediation.address, MEDIATION_FEE)
    assert recorded() == digest_of(deal)

    decision = (network.controller.address, terms.words(), words(claim), deal.dispute.words(), Verdict.UNDECIDED)
    receipt = network.send("judge", network.mediation, "decide", *decision)
    deal = life.apply(deal, told_by(receipt, "DealDecided"), START)
    assert recorded() == digest_of(deal)
