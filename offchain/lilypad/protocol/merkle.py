"""Merkle trees as OpenZeppelin's MerkleProof reads them: each pair is hashed in sorted order."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

Proof = tuple[bytes, ...]


def root_of(leaf: bytes, proof: Proof) -> bytes:
    """The root that a leaf and its proof lead to."""
    for sibling in proof:
        leaf = _parent(leaf, sibling)
    return leaf


def build_tree(leaves: Sequence[bytes]) -> tuple[bytes, list[Proof]]:
    """The root, and the proof of each leaf; a node without a sibling moves up as it is."""
    if not leaves:
        raise ValueError("a tree needs a leaf")
    proofs: list[list[bytes]] = [[] for _ in leaves]
    places = list(range(len(leaves)))
    level = list(leaves)
    while len(level) > 1:
        for leaf, place in enumerate(places):
            if (sibling := place ^ 1) < len(level):
                proofs[leaf].append(level[sibling])
        pairs = (level[i : i + 2] for i in range(0, len(level), 2))
        level = [_parent(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        places = [place // 2 for place in places]
    return level[0], [tuple(proof) for proof in proofs]


def _parent(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))
