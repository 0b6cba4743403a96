"""What the actors may choose from: edges more often than the wide space between them."""

from __future__ import annotations

from dataclasses import replace

from eth_utils.crypto import keccak
from hypothesis import strategies as st

from lilypad.protocol.deal import Claim
from lilypad.protocol.words import LONGEST_WINDOW, Windows
from tests.contracts.makers import ETHER, WINDOWS
from tests.invariants.actions import Way, Ways
from tests.invariants.machine import ACTORS

MOST = 2**96 - 1
actors = st.sampled_from(ACTORS)
parties = st.permutations(ACTORS).map(lambda order: (order[0], order[1]))
picks = st.integers(0, 50)
amounts = st.one_of(st.integers(0, 40 * ETHER), st.sampled_from([0, 1, ETHER]))
counts = st.one_of(st.sampled_from([0, 1, 10**7, 2**64 - 1]), st.integers(0, 2 * 10**7))
claims = st.builds(Claim, st.sampled_from([keccak(b"a"), keccak(b"b")]), counts)
lies = st.sampled_from([False, False, False, True])

way: st.SearchStrategy[Way] = st.sampled_from(["signed", "signed", "signed", "signed", "sent", "forged"])
ways: st.SearchStrategy[Ways] = st.tuples(way, way)

# Nonces are bits, 32 in a segment beside the balance, 256 in a word: so around those edges, far ahead, and back again.
nonces = st.one_of(
    st.integers(0, 40),
    st.integers(0, 600),
    st.sampled_from([31, 32, 63, 64, 223, 224, 255, 256, 287, 288, 511, 512]),
    st.sampled_from([10_000, 2**31, 2**32 - 33, 2**32 - 32, 2**32 - 1]),
)
nonce_words = st.sampled_from([0, 0, 1, 2, 39, 2**24 - 1, 2**24, 2**256 - 1])
masks = st.one_of(
    st.sampled_from([0, 1, 1 << 255, 0xFFFFFFFF, 0xFFFFFFFF << 32, 0xFFFFFFFF << 224]),
    st.integers(0, 255).map(lambda bit: 1 << bit),
    st.lists(st.integers(0, 255), max_size=4).map(lambda bits: sum(1 << bit for bit in set(bits))),
)
lanes = st.sampled_from([0, 1, 1, 2, 3, 2**64 - 1])
"""Few, so that most of them are taken."""

jobs = st.fixed_dictionaries(
    {},
    optional={
        "nonce": nonces,
        "lane": lanes,
        "solver_bps": st.sampled_from([0, 1, 211, 500, 9_000]),
        "payment_ceiling": amounts,
        "price_per_instruction": st.sampled_from([0, 10**12, MOST]),
        "collateral": st.just(0),
        "windows": st.sampled_from([WINDOWS, Windows(0, 1, 1, 7_200), replace(WINDOWS, mediate=1)]),
    },
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "nonce": nonces,
        "price_per_instruction": st.sampled_from([0, 1, 10**12 + 7, MOST]),
        "minimum_payment": amounts,
        "collateral": amounts,
        "late_penalty_bps": st.sampled_from([0, 1, 9_999, 10_000, 10_001]),
        "decline_fee_bps": st.sampled_from([0, 1, 777, 10_000, 10_001]),
        "shares_bps": st.sampled_from([500, 1_000, 1_500, 65_535]),
        "windows": st.just(Windows(0, 1, LONGEST_WINDOW, 7_200)),
    },
)
"""Few of them fit a job as it is when nothing is changed."""
fitting = st.fixed_dictionaries(
    {"shares_bps": st.just(2_000)},
    optional={
        "price_per_instruction": st.sampled_from([0, 1, 10**12 + 7]),
        "minimum_payment": st.integers(0, 10 * ETHER),
        "collateral": st.integers(20 * ETHER, 21 * ETHER),
        "late_penalty_bps": st.sampled_from([0, 1, 10_000]),
        "decline_fee_bps": st.sampled_from([0, 1, 777, 10_000]),
    },
)
"""All of them do."""
instants = st.fixed_dictionaries(
    {"cost": amounts},
    optional={
        "nonce": nonces,
        "solver_bps": st.sampled_from([0, 1, 500, 9_600]),
        "protocol_bps": st.sampled_from([0, 126, 127, 1_000]),
    },
)
