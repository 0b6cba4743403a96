"""Signatures over offers and results by keys; what contracts sign (ERC-1271) only the chain can check."""

from __future__ import annotations

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError

from lilypad.protocol.offers import Domain, Signable
from lilypad.types import Address

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def sign(account: LocalAccount, domain: Domain, message: Signable) -> bytes:
    """65 bytes r || s || v, s in the lower half of the order."""
    digest = domain.digest(message.struct_hash())
    return bytes(account.unsafe_sign_hash(Hash32(digest)).signature)


def signer_of(domain: Domain, message: Signable, signature: bytes) -> Address | None:
    """Who signed; None for anything that no key can have signed, malleable signatures included."""
    if len(signature) != 65 or int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    if signature[64] not in (27, 28):  # eth-account takes more values, the chain does not
        return None
    try:
        recovered = Account._recover_hash(domain.digest(message.struct_hash()), signature=signature)
    except (BadSignature, ValidationError, ValueError):
        return None
    return Address(recovered)
