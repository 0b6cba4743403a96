"""What is signed: the same digest here, in eth-account and in the contract; and who signed it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.protocol.offers import Acceptance, Domain, Signable
from lilypad.protocol.signing import compact, sign, signer_of
from tests.invariants.network import ADDRESSES, KEYS, deploy

from .strategies import domains, signables

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ECRECOVER = "0x" + "00" * 19 + "01"


def oracle(domain: Domain, message: Signable) -> bytes:
    """The digest as the generic implementation builds it from names and types alone."""
    kind, members = message.type_string().rstrip(")").split("(")
    fields = [dict(zip(("type", "name"), member.split(), strict=True)) for member in members.split(",")]
    values = dict(zip((field["name"] for field in fields), message.values(), strict=True))
    data = {
        "name": "Lilypad",
        "version": "1",
        "chainId": domain.chain_id,
        "verifyingContract": domain.controller,
    }
    return bytes(_hash_eip191_message(encode_typed_data(data, {kind: fields}, values)))


@settings(max_examples=60)
@given(domains, signables)
def test_digest__any_message__is_eth_account_s(domain: Domain, message: Signable) -> None:
    assert domain.digest(message.struct_hash()) == oracle(domain, message)


@pytest.fixture(scope="module")
def network() -> Any:
    return deploy()


@given(domains, signables)
def test_sign__then_signer_of__is_the_signer(domain: Domain, message: Signable) -> None:
    key = KEYS["creator"]
    signature = sign(key, domain, message)
    assert len(signature) == 64
    assert signer_of(domain, message, signature) == key.address
    assert signer_of(replace(domain, chain_id=domain.chain_id + 1), message, signature) != key.address


@given(st.binary(max_size=130))
def test_signer_of__any_bytes__never_raises(signature: bytes) -> None:
    signer_of(Domain(1, ADDRESSES["stranger"]), Acceptance(bytes(32), bytes(32), 0), signature)


@given(
    r=st.sampled_from([0, 1, ORDER - 1, ORDER, 2**256 - 1]) | st.integers(0, 2**256 - 1),
    s=st.sampled_from([0, 1, ORDER // 2, ORDER // 2 + 1, ORDER]) | st.integers(0, ORDER // 2),
    v=st.sampled_from([27, 28]) | st.integers(0, 255),
)
@settings(max_examples=300)
def test_signer_of__any_r_s_v__is_what_the_chain_recovers(network: Any, r: int, s: int, v: int) -> None:
    domain, message = network.maker.domain, Acceptance(bytes(32), bytes(32), 0)
    words = [number.to_bytes(32, "big") for number in (v, r, s)]
    answer = network.evm.raw(ECRECOVER, domain.digest(message.struct_hash()) + b"".join(words))
    allowed = answer and s <= ORDER // 2 and v in (27, 28)  # OpenZeppelin's two conditions beside the precompile's
    expected = to_checksum_address(answer[12:]) if allowed else None

    signature = words[1] + words[2] + bytes([v])
    assert signer_of(domain, message, signature) == expected
    if v in (27, 28) and s < 1 << 255:
        assert signer_of(domain, message, compact(signature)) == expected


def test_signer_of__accounts_of_the_tests__sign_low_s() -> None:
    for key in KEYS.values():
        signature = sign(key, Domain(1, ADDRESSES["stranger"]), Acceptance(bytes(32), bytes(32), 0))
        assert int.from_bytes(signature[32:], "big") & (1 << 255) - 1 <= ORDER // 2
    assert Account.from_key(KEYS["judge"].key).address == ADDRESSES["judge"]
