"""Many messages under one signature: what is signed here is what the contract takes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lilypad.protocol.merkle import build_tree
from lilypad.protocol.offers import Bulk, Domain, Netting, Signable
from lilypad.protocol.signing import DEEPEST_PROOF, compact, sign, sign_bulk, signer_of
from tests.contracts.makers import PROTOCOL_BPS
from tests.invariants.evm import RevertError
from tests.invariants.network import ADDRESSES, KEYS, deploy

from .strategies import domains, signables

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEY = KEYS["creator"]
SIZES = range(1, 34)
nonces = count()


@pytest.fixture(scope="module")
def network() -> Any:
    return deploy()


def nettings(size: int) -> list[Netting]:
    """Of nothing, so that a signature is all that each of them needs."""
    common = {"amount": 0, "deals": 0, "root": bytes(32), "protocol_bps": PROTOCOL_BPS, "expiry": 2**40 - 1}
    return [Netting(ADDRESSES["creator"], ADDRESSES["provider"], nonce=next(nonces), **common) for _ in range(size)]


def taken(network: Any, owed: Netting, signature: bytes) -> bool:
    """Whether the contract takes the signature for the creator's. Its answer must be about the right digest."""
    try:
        network.send("stranger", network.controller, "net", owed.words(), signature)
    except RevertError as error:
        refusal = error
    else:
        return True
    assert refusal.name == "Controller_BadSignature"
    assert refusal.fields["digest"] == network.maker.domain.digest(owed.struct_hash())
    return False


# ------------------------------------------------------------ trees of every size


@pytest.mark.parametrize("size", SIZES)
def test_sign_bulk__of_any_size__each_is_the_signer_s_here_and_on_chain(network: Any, size: int) -> None:
    domain, messages = network.maker.domain, nettings(size)
    signatures = sign_bulk(KEY, domain, messages)
    assert len({signature[:64] for signature in signatures}) == 1
    for message, signature in zip(messages, signatures, strict=True):
        assert signer_of(domain, message, signature) == KEY.address
        assert taken(network, message, signature)


def test_sign_bulk__of_one__is_an_ordinary_signature(network: Any) -> None:
    (message,) = nettings(1)
    domain = network.maker.domain
    assert sign_bulk(KEY, domain, [message]) == [sign(KEY, domain, message)]


def test_sign_bulk__of_none__raises(network: Any) -> None:
    with pytest.raises(ValueError):
        sign_bulk(KEY, network.maker.domain, [])


def test_sign_bulk__the_same_message_twice__is_taken_once(network: Any) -> None:
    (message,) = nettings(1)
    first, second = sign_bulk(KEY, network.maker.domain, [message, message])
    assert taken(network, message, first)
    with pytest.raises(RevertError) as refusal:
        network.send("stranger", network.controller, "net", message.words(), second)
    assert refusal.value.name == "Payments_NonceUsed"


@given(domains, st.lists(signables, min_size=1, max_size=9))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_sign_bulk__messages_of_all_kinds__are_the_signer_s(domain: Domain, messages: list[Signable]) -> None:
    for message, signature in zip(messages, sign_bulk(KEY, domain, messages), strict=True):
        assert signer_of(domain, message, signature) == KEY.address
        assert signer_of(replace(domain, chain_id=domain.chain_id + 1), message, signature) != KEY.address


# ------------------------------------------------------------ what is not signed


def taken_apart(signature: bytes) -> tuple[bytes, bytes, int, bytes]:
    """r, s, v and the proof."""
    parity, s = signature[32] >> 7, bytes([signature[32] & 0x7F]) + signature[33:64]
    return signature[:32], s, 27 + parity, signature[64:]


def as_wallets_sign(signature: bytes, shift: int = 0) -> bytes:
    """In 65 bytes, with v behind r and s."""
    r, s, v, proof = taken_apart(signature)
    return r + s + bytes([v - shift]) + proof


def mirrored(signature: bytes) -> bytes:
    """The other signature that the same key gives for the same digest: malleable, so refused."""
    r, s, v, proof = taken_apart(signature)
    return r + (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big") + bytes([55 - v]) + proof


def flipped(signature: bytes, place: int) -> bytes:
    place %= len(signature)
    return signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]


MANGLED: dict[str, Callable[[bytes, int], bytes]] = {
    "as it is": lambda s, _: s,
    "bit flipped": flipped,
    "cut": lambda s, n: s[: n % len(s)],
    "last node missing": lambda s, _: s[:-32],
    "first node missing": lambda s, _: s[:64] + s[96:],
    "no proof": lambda s, _: s[:64],
    "proof alone": lambda s, _: s[64:],
    "a node more": lambda s, n: s + n.to_bytes(32, "big"),
    "bytes more": lambda s, n: s + bytes(n % 31 + 1),
    "proof backwards": lambda s, _: s[:64] + b"".join(s[i : i + 32] for i in range(len(s) - 32, 63, -32)),
    "high s": lambda s, _: mirrored(s),
    "v as 0 or 1": lambda s, _: as_wallets_sign(s, shift=27),
    "other parity": lambda s, _: s[:32] + bytes([s[32] ^ 0x80]) + s[33:],
}


@given(st.integers(1, 33), st.integers(0, 32), st.sampled_from(sorted(MANGLED)), st.integers(0, 400))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_signer_of__mangled_in_any_way__says_what_the_contract_says(
    network: Any, size: int, index: int, how: str, place: int
) -> None:
    domain, messages = network.maker.domain, nettings(size)
    index %= size
    signature = sign_bulk(KEY, domain, messages)[index]
    mangled = MANGLED[how](signature, place)
    is_signed = signer_of(domain, messages[index], mangled) == KEY.address
    assert taken(network, messages[index], mangled) == is_signed
    if mangled != signature:
        assert not is_signed


@pytest.mark.parametrize("size", [1, 2, 3, 33])
def test_signer_of__in_65_bytes_as_wallets_sign__is_the_signer_as_well(network: Any, size: int) -> None:
    domain, messages = network.maker.domain, nettings(size)
    for message, signature in zip(messages, sign_bulk(KEY, domain, messages), strict=True):
        longer = as_wallets_sign(signature)
        assert len(longer) == len(signature) + 1
        assert signer_of(domain, message, longer) == KEY.address
        assert taken(network, message, longer)


@given(st.integers(2, 33), st.data())
@settings(max_examples=60)
def test_signer_of__proof_of_a_sibling__is_somebody_else(network: Any, size: int, data: st.DataObject) -> None:
    domain, messages = network.maker.domain, nettings(size)
    one, other = data.draw(st.permutations(range(size)))[:2]
    signature = sign_bulk(KEY, domain, messages)[other]
    assert signer_of(domain, messages[one], signature) != KEY.address
    assert not taken(network, messages[one], signature)


def test_signer_of__leaves_that_were_not_hashed_again__is_somebody_else(network: Any) -> None:
    domain, messages = network.maker.domain, nettings(4)
    root, proofs = build_tree([domain.digest(message.struct_hash()) for message in messages])
    signature = sign(KEY, domain, Bulk(root)) + b"".join(proofs[0])
    assert signer_of(domain, messages[0], signature) != KEY.address
    assert not taken(network, messages[0], signature)


@pytest.mark.parametrize("part", ["root", "leaves"])
def test_signer_of__root_or_leaves_of_another_domain__is_somebody_else(network: Any, part: str) -> None:
    """Both the root and each message belong to one controller on one chain."""
    here, messages = network.maker.domain, nettings(4)
    elsewhere = replace(here, chain_id=here.chain_id + 1)
    of_root, of_leaves = (elsewhere, here) if part == "root" else (here, elsewhere)
    root, proofs = build_tree([keccak(of_leaves.digest(message.struct_hash())) for message in messages])
    signature = sign(KEY, of_root, Bulk(root)) + b"".join(proofs[0])
    assert signer_of(here, messages[0], signature) != KEY.address
    assert not taken(network, messages[0], signature)


def test_signer_of__root_signed_as_if_it_were_a_message__is_somebody_else(network: Any) -> None:
    """The key signed the root as Bulk, so that no other typed data of 32 bytes can pass for it."""
    domain, messages = network.maker.domain, nettings(2)
    root, proofs = build_tree([keccak(domain.digest(message.struct_hash())) for message in messages])
    signature = compact(bytes(KEY.unsafe_sign_hash(root).signature)) + b"".join(proofs[0])
    assert signer_of(domain, messages[0], signature) != KEY.address
    assert not taken(network, messages[0], signature)


@pytest.mark.parametrize(("levels", "is_read"), [(DEEPEST_PROOF, True), (DEEPEST_PROOF + 1, False)])
def test_signer_of__proof_of_more_levels_than_any_tree_has__is_not_looked_at(
    network: Any, levels: int, is_read: bool
) -> None:
    """The contract would take it, and who brings it pays for its gas; here it would only cost time."""
    domain, (message,) = network.maker.domain, nettings(1)
    node, proof = keccak(domain.digest(message.struct_hash())), [bytes(32)] * levels
    for sibling in proof:
        node = keccak(min(node, sibling) + max(node, sibling))
    signature = sign(KEY, domain, Bulk(node)) + b"".join(proof)
    assert (signer_of(domain, message, signature) == KEY.address) == is_read
    assert taken(network, message, signature)
