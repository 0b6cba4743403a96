"""Signatures over offers and results by keys; what contracts sign (ERC-1271) only the chain can check.

A key's signature is 64 bytes here (ERC-2098), which is what is cheapest to bring; 65 as wallets make them are read as
well. A key may sign many offers at once: the root of the Merkle tree of their digests. Such a signature is the key's
bytes, followed by the nodes of the proof, as contracts/controller/Consent.sol reads it.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from lilypad.protocol.merkle import build_tree, root_of
from lilypad.protocol.offers import Bulk, Domain, Signable
from lilypad.types import Address

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
DEEPEST_PROOF = 32
"""No tree has more levels; a longer proof is not looked at."""


def sign(account: LocalAccount, domain: Domain, message: Signable) -> bytes:
    """64 bytes r || s, s in the lower half of the order, with the parity of v in its highest bit (ERC-2098)."""
    digest = domain.digest(message.struct_hash())
    signed = account.unsafe_sign_hash(Hash32(digest))
    return compact(bytes(signed.signature))


def compact(signature: bytes) -> bytes:
    """The 64 bytes of a key's 65."""
    parity = (signature[64] - 27) << 7
    return signature[:32] + bytes([signature[32] | parity]) + signature[33:64]


def _expand(signature: bytes) -> bytes:
    parity = signature[32] >> 7
    return signature[:32] + bytes([signature[32] & 0x7F]) + signature[33:] + bytes([27 + parity])


def sign_bulk(account: LocalAccount, domain: Domain, messages: Sequence[Signable]) -> list[bytes]:
    """One signature for all of them; what is returned for each carries its proof."""
    if len(messages) == 1:
        return [sign(account, domain, messages[0])]
    root, proofs = build_tree([_leaf(domain.digest(message.struct_hash())) for message in messages])
    signature = sign(account, domain, Bulk(root))
    return [signature + b"".join(proof) for proof in proofs]


def signer_of(domain: Domain, message: Signable, signature: bytes) -> Address | None:
    """Who signed; None for anything that no key can have signed, malleable signatures included."""
    digest = domain.digest(message.struct_hash())
    key_bytes = 65 if len(signature) % 32 else 64
    key_signature, proof = signature[:key_bytes], signature[key_bytes:]
    if len(proof) % 32 or len(proof) > 32 * DEEPEST_PROOF:
        return None
    if proof:
        nodes = tuple(proof[i : i + 32] for i in range(0, len(proof), 32))
        digest = domain.digest(Bulk(root_of(_leaf(digest), nodes)).struct_hash())
    return _recover(digest, key_signature)


def _leaf(digest: bytes) -> bytes:
    """Hashed once more, so that an inner node can never pass for an offer's digest."""
    return keccak(digest)


def _recover(digest: bytes, signature: bytes) -> Address | None:
    if len(signature) == 64:
        signature = _expand(signature)
    if len(signature) != 65 or int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    if signature[64] not in (27, 28):  # eth-account takes more values, the chain does not
        return None
    try:
        return Address(Account._recover_hash(digest, signature=signature))
    except (BadSignature, ValidationError, ValueError):
        return None
