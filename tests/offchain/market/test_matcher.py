"""Which offers the market brings together, and which it leaves alone."""

from __future__ import annotations

from dataclasses import replace

from lilypad.chain.devnode import dev_account
from lilypad.market.book import OrderBook, SignedJob, SignedResource
from lilypad.market.matcher import SILENCE_SECONDS, obstacles, pairs
from lilypad.protocol.matching import ModuleListing, ModuleStatus, Parameters
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.signing import sign
from lilypad.protocol.words import Verification, Windows
from lilypad.types import ZERO_ADDRESS, Digest, ModuleId, Resources

NOW = 1_800_000_000
CREATOR, PROVIDER, MEDIATION = dev_account(3), dev_account(2), dev_account(9).address
DOMAIN = Domain(31337, MEDIATION)
WINDOWS = Windows(60, 600, 3600, 86_400)
JOB = JobOffer(
    creator=CREATOR.address, target=ZERO_ADDRESS, solver=ZERO_ADDRESS, solver_bps=0, expiry=NOW + 600, nonce=0, lane=1,
    module=ModuleId(b"m" * 32), inputs=Digest(b"i" * 32), resources=Resources(), price_per_instruction=10,
    payment_ceiling=1_000, collateral=1_000, windows=WINDOWS, verification=Verification(MEDIATION),
)  # fmt: skip
RESOURCE = ResourceOffer(
    provider=PROVIDER.address, shares_bps=3_000, expiry=NOW + 3_600, nonce=0, modules=bytes(32),
    resources=Resources(cpu_milli=1_000), price_per_instruction=5, minimum_payment=1, collateral=1_000,
    late_penalty_bps=100, decline_fee_bps=0, windows=WINDOWS, verification=Verification(MEDIATION),
)  # fmt: skip


def listing(_: ModuleId) -> ModuleListing:
    return ModuleListing(MEDIATION, 0, ModuleStatus.CURATED)


PARAMETERS = Parameters(0, 0)


def resource_of(offer: ResourceOffer) -> SignedResource:
    return SignedResource(offer, sign(PROVIDER, DOMAIN, offer))


def book_of(*resources: ResourceOffer) -> OrderBook:
    book = OrderBook(DOMAIN)
    book.add(SignedJob(JOB, sign(CREATOR, DOMAIN, JOB)), NOW)
    for offer in resources:
        book.add(resource_of(offer), NOW)
    return book


def test_pairs__with_two_that_fit__takes_the_cheaper() -> None:
    cheap = replace(RESOURCE, nonce=1, price_per_instruction=4)
    ((_, chosen),) = pairs(book_of(RESOURCE, cheap), listing, PARAMETERS, NOW)
    assert chosen.signed.offer == cheap


def test_pairs__with_a_provider_that_fell_silent__waits_until_it_speaks() -> None:
    book, later = book_of(RESOURCE), NOW + SILENCE_SECONDS + 1
    assert len(list(pairs(book, listing, PARAMETERS, later - 1))) == 1
    assert not list(pairs(book, listing, PARAMETERS, later))
    (job,) = book.resting(SignedJob)
    assert obstacles(book, job, listing, PARAMETERS, later) == {"NoProvider"}
    book.add(resource_of(RESOURCE), later)
    assert len(list(pairs(book, listing, PARAMETERS, later))) == 1


def test_obstacles__of_a_price_too_low__name_the_rule() -> None:
    book = book_of(replace(RESOURCE, price_per_instruction=11))
    (job,) = book.resting(SignedJob)
    assert obstacles(book, job, listing, PARAMETERS, NOW) == {"PriceTooHigh"}
