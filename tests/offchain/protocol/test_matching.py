"""The rules of the matching: this mirror and the contract name the same one, for any two offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.protocol.matching import (
    ModuleListing,
    ModuleStatus,
    Parameters,
    mismatch,
    module_leaf,
)
from lilypad.protocol.merkle import root_of
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.words import LONGEST_WINDOW, Verification
from lilypad.types import ZERO_ADDRESS, ModuleId, Resources
from tests.contracts.makers import (
    CEILING,
    COLLATERAL,
    DECLINE_FEE_BPS,
    ETHER,
    LATE_PENALTY_BPS,
    PROTOCOL_BPS,
    ROYALTY_BPS,
    WINDOWS,
)
from tests.invariants.evm import RevertError
from tests.invariants.network import ADDRESSES, START, deploy

AT_RULE = "Controller_"
GUARD = 2**23
"""The first length of a window that the contracts cannot compare."""
SIBLING = keccak(text="sibling")
shift = st.sampled_from([-1, 0, 1])


def near(*values: int) -> st.SearchStrategy[int]:
    """At an edge, or one beside it."""
    return st.builds(lambda value, by: max(0, value + by), st.sampled_from(values), shift)


NAMED = st.sampled_from(
    [ZERO_ADDRESS, ADDRESSES["creator"], ADDRESSES["provider"], ADDRESSES["solver"], ADDRESSES["stranger"]]
)
WORDS = st.builds(
    lambda base, **changes: replace(base, **changes),
    st.just(WINDOWS),
    decline=near(0, WINDOWS.decline, WINDOWS.submit, GUARD),
    submit=near(0, WINDOWS.submit, LONGEST_WINDOW, GUARD, 2 * GUARD - 2),
    judge=near(0, WINDOWS.judge, LONGEST_WINDOW, GUARD, 2 * GUARD - 2),
    mediate=near(0, WINDOWS.mediate, LONGEST_WINDOW, GUARD, 2 * GUARD - 2),
)
SIZES = st.builds(Resources, *(st.sampled_from([0, 1, 1_000, 2**31 - 1]) for _ in range(5)))
CHANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "job.creator": NAMED,
    "job.target": NAMED,
    "job.solver": NAMED,
    "job.solver_bps": near(0, 1_000 - PROTOCOL_BPS - ROYALTY_BPS, 10_000 - PROTOCOL_BPS - ROYALTY_BPS, 65_534),
    "job.expiry": near(START, 2**40 - 2),
    "job.resources": SIZES,
    "job.price_per_instruction": near(0, 10**12 + 7, 2**96 - 2),
    "job.payment_ceiling": near(0, ETHER, CEILING, 10 * COLLATERAL, 2**96 - 2),
    "job.collateral": near(0, COLLATERAL, 2**96 - 2),
    "job.windows": WORDS,
    "resource.provider": NAMED,
    "resource.shares_bps": near(0, 671, 10_000, 65_534),
    "resource.expiry": near(START, 2**40 - 2),
    "resource.resources": SIZES,
    "resource.price_per_instruction": near(0, 2 * 10**12, 2**96 - 2),
    "resource.minimum_payment": near(0, CEILING, 2**96 - 2),
    "resource.collateral": near(0, CEILING // 10, COLLATERAL, 2**96 - 2),
    "resource.late_penalty_bps": near(0, LATE_PENALTY_BPS, 10_000, 65_534),
    "resource.decline_fee_bps": near(0, DECLINE_FEE_BPS, 10_000, 65_534),
    "resource.windows": WORDS,
}


@pytest.fixture(scope="module")
def network() -> Any:
    """In which only signatures and money are missing: nobody has deposited anything."""
    return deploy()


def verdict_of_the_contract(
    network: Any, job: JobOffer, resource: ResourceOffer, proof: Any = (), verification: Verification | None = None
) -> str | None:
    """The rule that the contract names; None when it went on to look at the signatures."""
    unsigned, verification = bytes(65), verification or job.verification
    call = (job.words(), resource.words(), verification.word(), list(proof), unsigned, unsigned)
    with pytest.raises(RevertError) as caught:
        network.send("stranger", network.controller, "agree", *call)
    name = caught.value.name.removeprefix(AT_RULE)
    return None if name == "BadSignature" else name


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, Any]:
    """A few changes to a pair that would make a deal."""
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=3, unique=True))
    return {name: draw(CHANGES[name]) for name in names}


verifications = st.none() | st.builds(
    Verification, NAMED, st.integers(0, 1), st.just(3), st.integers(1, 3), st.integers(0, 1)
)


@settings(max_examples=1_000, deadline=None)
@given(changes=pairs(), both=verifications, alone=verifications)
def test_mismatch__any_two_offers__names_the_contract_s_rule(
    network: Any, changes: dict[str, Any], both: Verification | None, alone: Verification | None
) -> None:
    maker = network.maker
    job, resource = maker.job(), maker.resource()
    if both is not None:
        job, resource = replace(job, verification=both), replace(resource, verification=both)
    if alone is not None:
        job = replace(job, verification=alone)
    for name, value in changes.items():
        side, field = name.split(".")
        if side == "job":
            job = replace(job, **{field: value})
        else:
            resource = replace(resource, **{field: value})

    here = mismatch(job, resource, network.listing, network.parameters, network.evm.now)
    for verification in (job.verification, resource.verification):
        there = verdict_of_the_contract(network, job, resource, verification=verification)
        if here == "VerificationDiffers":
            # Only one of them can be brought: then the other side has not signed it.
            assert there == (None if verification.valid else "VerificationInvalid")
        else:
            assert here == there


@pytest.mark.parametrize("side", ["job", "resource"])
def test_mismatch__verifications_that_differ__leave_one_side_without_a_signature(network: Any, side: str) -> None:
    maker = network.maker
    job, resource = maker.job(), maker.resource(verification=Verification(ADDRESSES["judge"]))
    assert mismatch(job, resource, network.listing, network.parameters, network.evm.now) == "VerificationDiffers"
    brought = (job if side == "job" else resource).verification
    with pytest.raises(RevertError) as refusal:
        network.send("stranger", network.controller, "agree", *maker.pair(job, resource, verification=brought))
    assert refusal.value.name == "Controller_BadSignature"
    assert refusal.value.fields["signer"] == ADDRESSES["provider" if side == "job" else "creator"].lower()


@pytest.mark.parametrize("lane", range(5))
@pytest.mark.parametrize("side", ["job", "resource"])
def test_agree__resources_of_more_than_31_bits__are_refused_by_the_contract_as_well(
    network: Any, side: str, lane: int
) -> None:
    """Here they cannot even be made: see test_words.py."""
    job, resource = network.maker.job(resources=Resources()), network.maker.resource()
    place, index = (0, 5) if side == "job" else (1, 3)
    call = list(network.maker.pair(job, resource))
    words = list(call[place])
    words[index] = (int.from_bytes(words[index], "big") | 1 << 32 * lane + 31).to_bytes(32, "big")
    call[place] = words
    with pytest.raises(RevertError) as refusal:
        network.send("stranger", network.controller, "agree", *call)
    assert refusal.value.name == "Controller_ResourcesTooSmall"


@settings(max_examples=100, deadline=None)
@given(
    ceiling=st.integers(0, 2**96 - 1),
    off=shift,
    floor_bps=st.sampled_from([1_000, 1_001, 33_333, 50_000]),
)
def test_mismatch__collateral_around_any_floor__is_the_contract_s(ceiling: int, off: int, floor_bps: int) -> None:
    network = _floored(floor_bps)
    floor = ceiling * floor_bps // 10_000
    job = network.maker.job(payment_ceiling=ceiling, collateral=0)
    collateral = min(max(floor + off, 0), 2**96 - 1)
    resource = network.maker.resource(minimum_payment=0, collateral=collateral)
    parameters = Parameters(PROTOCOL_BPS, floor_bps)
    here = mismatch(job, resource, network.listing, parameters, network.evm.now)
    assert here == verdict_of_the_contract(network, job, resource)


@settings(max_examples=100, deadline=None)
@given(solver=near(0, 540, 9_540, 60_000), limit=near(0, 999, 9_999, 65_534))
def test_mismatch__shares_around_any_limit__are_the_contract_s(network: Any, solver: int, limit: int) -> None:
    job, resource = network.maker.job(solver_bps=solver), network.maker.resource(shares_bps=limit)
    here = mismatch(job, resource, network.listing, network.parameters, network.evm.now)
    assert here == verdict_of_the_contract(network, job, resource)


_networks: dict[int, Any] = {}


def _floored(floor_bps: int) -> Any:
    if floor_bps not in _networks:
        network = _networks[floor_bps] = deploy()
        network.send("governor", network.controller, "setParameters", PROTOCOL_BPS, floor_bps)
    return _networks[floor_bps]


@pytest.mark.parametrize("status", ModuleStatus, ids=lambda status: status.name)
@pytest.mark.parametrize("allowed", ["any", "this", "this of two", "wrong proof", "another"])
def test_mismatch__module_in_each_status__is_the_contract_s(status: ModuleStatus, allowed: str) -> None:
    network = _with_module(status)
    module = network.module
    leaf = module_leaf(module)
    root, proof = {
        "any": (bytes(32), ()),
        "this": (leaf, ()),
        "this of two": (root_of(leaf, (SIBLING,)), (SIBLING,)),
        "wrong proof": (root_of(leaf, (SIBLING,)), (leaf,)),
        "another": (module_leaf(ModuleId(SIBLING)), ()),
    }[allowed]
    listing = replace(network.listing, status=status)
    if status is ModuleStatus.NONE:
        listing = ModuleListing(ZERO_ADDRESS, 0, status)
    job, resource = network.maker.job(), network.maker.resource(modules=root)
    here = mismatch(job, resource, listing, network.parameters, network.evm.now, proof)
    assert here == verdict_of_the_contract(network, job, resource, proof)


def _with_module(status: ModuleStatus) -> Any:
    network = deploy()
    if status is ModuleStatus.NONE:
        return replace(network, module=ModuleId(keccak(text="never published")))
    if status is not ModuleStatus.CURATED:
        network.send("governor", network.modules, "curate", network.module, status)
    return network
