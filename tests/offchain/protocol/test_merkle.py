"""Merkle trees of any size: every leaf has a proof, and nothing else has."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from lilypad.protocol.merkle import build_tree, root_of

from .strategies import bytes32

MOST = 70


def leaves(count: int) -> list[bytes]:
    return [keccak(number.to_bytes(4, "big")) for number in range(count)]


def pair(one: bytes, other: bytes) -> bytes:
    return keccak(b"".join(sorted((one, other))))


@pytest.mark.parametrize("count", range(1, MOST))
def test_build_tree__of_any_size__every_proof_leads_to_the_root(count: int) -> None:
    members = leaves(count)
    root, proofs = build_tree(members)
    assert [root_of(leaf, proof) for leaf, proof in zip(members, proofs, strict=True)] == [root] * count
    assert max(map(len, proofs)) == (count - 1).bit_length()


def test_build_tree__of_none__raises() -> None:
    with pytest.raises(ValueError):
        build_tree([])


def test_build_tree__of_one__is_the_leaf_itself() -> None:
    (leaf,) = leaves(1)
    assert build_tree([leaf]) == (leaf, [()])


def test_build_tree__of_five__is_drawn_here() -> None:
    """Pairs are hashed in sorted order; the fifth has no sibling and moves up twice."""
    a, b, c, d, e = leaves(5)
    left = pair(pair(a, b), pair(c, d))
    root, proofs = build_tree([a, b, c, d, e])
    assert root == pair(left, e)
    assert proofs == [
        (b, pair(c, d), e),
        (a, pair(c, d), e),
        (d, pair(a, b), e),
        (c, pair(a, b), e),
        (left,),
    ]


@given(st.lists(bytes32, min_size=1, max_size=MOST), st.data())
def test_proof__of_another_leaf__leads_elsewhere(members: list[bytes], data: st.DataObject) -> None:
    root, proofs = build_tree(members)
    proof = data.draw(st.sampled_from(proofs))
    stranger = data.draw(bytes32.filter(lambda leaf: leaf not in members))
    assert root_of(stranger, proof) != root


@given(st.integers(2, MOST), st.data())
def test_proof__changed_in_any_way__leads_elsewhere(count: int, data: st.DataObject) -> None:
    members = leaves(count)
    root, proofs = build_tree(members)
    index = data.draw(st.integers(0, count - 1))
    proof = proofs[index]
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[place][0] ^ 1]) + proof[place][1:]
    for false in (
        proof[:-1],
        proof[1:],
        (*proof, root),
        (*proof[:place], flipped, *proof[place + 1 :]),
        (*proof[:place], *proof[place:][::-1]) if len(proof) - place > 1 else (),
    ):
        assert root_of(members[index], tuple(false)) != root


def test_inner_node__passes_for_a_leaf__which_is_why_leaves_are_hashed_once_more() -> None:
    """A tree cannot tell: Consent.sol and Matching.sol hash what they look for, so that no preimage is known."""
    a, b, c, d = leaves(4)
    root, _ = build_tree([a, b, c, d])
    assert root_of(pair(a, b), (pair(c, d),)) == root
