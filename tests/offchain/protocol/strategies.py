"""What hypothesis may put into an offer, its words and the terms of a deal."""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from hypothesis import strategies as st

from lilypad.protocol.offers import Acceptance, Bulk, Domain, JobOffer, Netting, ResourceOffer, Submission
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.types import Resources

bytes32 = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)


def uint(bits: int) -> st.SearchStrategy[int]:
    most = (1 << bits) - 1
    return st.one_of(st.sampled_from((0, 1, most - 1, most)), st.integers(0, most))


resources = st.builds(Resources, *(uint(32) for _ in range(5)))
windows = st.builds(Windows, *(uint(32) for _ in range(4)))
verifications = st.builds(Verification, addresses, uint(32), uint(8), uint(8), uint(16))
shares = st.builds(Shares, uint(16), uint(16), uint(16))
domains = st.builds(Domain, uint(64), addresses)

jobs = st.builds(
    JobOffer,
    creator=addresses,
    target=addresses,
    solver=addresses,
    solver_bps=uint(16),
    expiry=uint(40),
    nonce=uint(256),
    module=bytes32,
    inputs=bytes32,
    resources=resources,
    price_per_instruction=uint(128),
    payment_ceiling=uint(128),
    collateral=uint(128),
    windows=windows,
    verification=verifications,
)
offers = st.builds(
    ResourceOffer,
    provider=addresses,
    shares_bps=uint(16),
    expiry=uint(40),
    nonce=uint(256),
    modules=bytes32,
    resources=resources,
    price_per_instruction=uint(128),
    minimum_payment=uint(128),
    collateral=uint(128),
    late_penalty=uint(128),
    windows=windows,
    verification=verifications,
)
acceptances = st.builds(Acceptance, bytes32, bytes32, uint(64))
submissions = st.builds(Submission, bytes32, bytes32, uint(64))
nettings = st.builds(Netting, addresses, addresses, uint(128), uint(64), bytes32, uint(40), uint(256))
bulks = st.builds(Bulk, bytes32)
signables = st.one_of(jobs, offers, acceptances, submissions, nettings, bulks)


@st.composite
def fair_shares(draw: st.DrawFn) -> Shares:
    """As the contract lets them through: never more than the whole together."""
    solver = draw(st.integers(0, 10_000))
    royalty = draw(st.integers(0, 10_000 - solver))
    return Shares(solver, royalty, draw(st.integers(0, 10_000 - solver - royalty)))


@st.composite
def terms(draw: st.DrawFn) -> DealTerms:
    """Any terms that the controller agrees to; parties may be the same account in several roles."""
    some = st.one_of(addresses, st.sampled_from([to_checksum_address(bytes([i]) * 20) for i in range(1, 4)]))
    creator, provider = draw(st.tuples(some, some).filter(lambda pair: pair[0] != pair[1]))
    ceiling, collateral = draw(uint(128)), draw(uint(128))
    return DealTerms(
        offers=draw(bytes32),
        creator=creator,
        provider=provider,
        author=draw(some),
        solver=draw(some),
        shares=draw(fair_shares()),
        price_per_instruction=draw(uint(128)),
        payment_ceiling=ceiling,
        minimum_payment=draw(st.integers(0, ceiling)),
        collateral=collateral,
        late_penalty=draw(st.integers(0, collateral)),
        windows=Windows(600, 3_600, 1_800, 7_200),
        verification=Verification(draw(some)),
    )


challenges = st.builds(
    Challenge,
    challenger=st.one_of(addresses, st.just(to_checksum_address(bytes([1]) * 20))),
    fee=st.integers(0, (1 << 127) - 1),
    bond=st.integers(0, (1 << 127) - 1),
)
