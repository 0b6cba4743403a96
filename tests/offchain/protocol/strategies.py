"""What hypothesis may put into an offer, its words and the terms of a deal."""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from hypothesis import strategies as st

from lilypad.protocol.offers import (
    Acceptance,
    Bulk,
    Domain,
    InstantDeal,
    JobOffer,
    Netting,
    ResourceOffer,
    Submission,
)
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.terms import Agreement, DealTerms
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.types import Resources

bytes32 = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)


def uint(bits: int) -> st.SearchStrategy[int]:
    most = (1 << bits) - 1
    return st.one_of(st.sampled_from((0, 1, most - 1, most)), st.integers(0, most))


resources = st.builds(Resources, *(uint(31) for _ in range(5)))
windows = st.builds(Windows, *(uint(24) for _ in range(4)))
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
    nonce=uint(32),
    lane=uint(64),
    module=bytes32,
    inputs=bytes32,
    resources=resources,
    price_per_instruction=uint(96),
    payment_ceiling=uint(96),
    collateral=uint(96),
    windows=windows,
    verification=verifications,
)
offers = st.builds(
    ResourceOffer,
    provider=addresses,
    shares_bps=uint(16),
    expiry=uint(40),
    nonce=uint(32),
    modules=bytes32,
    resources=resources,
    price_per_instruction=uint(96),
    minimum_payment=uint(96),
    collateral=uint(96),
    late_penalty_bps=uint(16),
    decline_fee_bps=uint(16),
    windows=windows,
    verification=verifications,
)
acceptances = st.builds(Acceptance, bytes32, bytes32, uint(64))
submissions = st.builds(Submission, bytes32, bytes32, uint(64))
nettings = st.builds(Netting, addresses, addresses, uint(96), uint(64), bytes32, uint(16), uint(40), uint(32))
instants = st.builds(
    InstantDeal,
    *(addresses, addresses, addresses, bytes32, bytes32, bytes32, uint(64), uint(96)),
    *(uint(16), uint(16), uint(16), uint(40), uint(32)),
)
bulks = st.builds(Bulk, bytes32)
signables = st.one_of(jobs, offers, acceptances, submissions, nettings, instants, bulks)
agreements = st.builds(Agreement, verifications, bytes32, bytes32)
any_terms = st.builds(
    DealTerms,
    *(addresses, uint(96), addresses, uint(96), addresses, uint(96), addresses, uint(96)),
    *(shares, uint(16), uint(16), windows, uint(64), bytes32),
)
"""Whatever six words can say."""

some_account = st.one_of(addresses, st.sampled_from([to_checksum_address(bytes([i]) * 20) for i in range(1, 4)]))
"""Often the same one in several roles."""


@st.composite
def fair_shares(draw: st.DrawFn) -> Shares:
    """As the contract lets them through: never more than the whole together."""
    solver = draw(st.integers(0, 10_000))
    royalty = draw(st.integers(0, 10_000 - solver))
    return Shares(solver, royalty, draw(st.integers(0, 10_000 - solver - royalty)))


@st.composite
def terms(draw: st.DrawFn) -> DealTerms:
    """Any terms that the controller agrees to; parties may be the same account in several roles."""
    creator, provider = draw(st.tuples(some_account, some_account).filter(lambda pair: pair[0] != pair[1]))
    ceiling = draw(uint(96))
    return DealTerms(
        creator=creator,
        payment_ceiling=ceiling,
        provider=provider,
        collateral=draw(uint(96)),
        author=draw(some_account),
        price_per_instruction=draw(uint(96)),
        solver=draw(some_account),
        minimum_payment=draw(st.integers(0, ceiling)),
        shares=draw(fair_shares()),
        late_penalty_bps=draw(st.integers(0, 10_000)),
        decline_fee_bps=draw(st.integers(0, 10_000)),
        windows=Windows(600, 3_600, 1_800, 7_200),
        lane=draw(uint(64)),
        agreement=draw(bytes32),
    )


@st.composite
def fair_instants(draw: st.DrawFn) -> InstantDeal:
    """Whose shares are never more than the whole together, with parties in several roles."""
    shares = draw(fair_shares())
    return InstantDeal(
        *(draw(some_account), draw(some_account), draw(some_account), draw(bytes32), draw(bytes32), draw(bytes32)),
        *(draw(uint(64)), draw(uint(96)), shares.solver_bps, shares.royalty_bps, shares.protocol_bps, 0, 0),
    )


challenges = st.builds(
    Challenge,
    challenger=st.one_of(addresses, st.just(to_checksum_address(bytes([1]) * 20))),
    bond=st.integers(0, (1 << 95) - 1),
    mediation=some_account,
    fee=st.integers(0, (1 << 95) - 1),
)
