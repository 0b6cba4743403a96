"""agree: who consented. Keys sign by ECDSA, contracts by ERC-1271, and the caller by calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.offers import Domain
from lilypad.protocol.signing import sign, signer_of
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

MANGLED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda s: s[:-1],
    "compact": lambda s: s[:32] + (int.from_bytes(s[32:64], "big") | (s[64] - 27) << 255).to_bytes(32, "big"),
    "longer": lambda s: s + b"\x00",
    "bit flipped": lambda s: bytes([s[0] ^ 1]) + s[1:],
    "high s": lambda s: s[:32] + (ORDER - int.from_bytes(s[32:64], "big")).to_bytes(32, "big") + bytes([55 - s[64]]),
    "v as 0 or 1": lambda s: s[:64] + bytes([s[64] - 27]),
    "v of a chain": lambda s: s[:64] + bytes([s[64] + 10]),
    "zeros": lambda s: bytes(65),
    "r of zero": lambda s: bytes(32) + s[32:],
    "s of zero": lambda s: s[:32] + bytes(32) + s[64:],
    "r of the order": lambda s: ORDER.to_bytes(32, "big") + s[32:],
}  # fmt: skip


@pytest.fixture
def wallet(project: Any, protocol: Any, roles: Any) -> Any:
    """A contract as job creator, with funds of its own; the creator's key signs for it."""
    contract = roles.holder.deploy(project.MockWallet, roles.creator)
    protocol.payments.deposit(protocol.controller, contract, 2 * CEILING, sender=roles.holder)
    return contract


@pytest.mark.parametrize("how", MANGLED)
def test_agree__mangled_job_signature__reverts(controller: Any, maker: Any, stranger: Any, how: str) -> None:
    job, resource = maker.job(), maker.resource()
    signature = MANGLED[how](maker.sign(maker.creator, job))
    assert signer_of(maker.domain, job, signature) != job.creator  # the same off chain
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=signature), sender=stranger)


@pytest.mark.parametrize("how", MANGLED)
def test_agree__mangled_resource_signature__reverts(controller: Any, maker: Any, stranger: Any, how: str) -> None:
    job, resource = maker.job(), maker.resource()
    signature = MANGLED[how](maker.sign(maker.provider, resource))
    digest = maker.domain.digest(resource.struct_hash())
    with reverts_with("Controller_BadSignature", signer=resource.provider, digest=digest):
        controller.agree(*maker.pair(job, resource, resource_signature=signature), sender=stranger)


def test_agree__signature_of_somebody_else__reverts(controller: Any, maker: Any, stranger: Any) -> None:
    job, resource = maker.job(), maker.resource()
    forged = maker.sign(maker.provider, job)
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=forged), sender=stranger)


@pytest.mark.parametrize("name", ["payment_ceiling", "collateral", "nonce", "solver_bps", "expiry"])
def test_agree__job_changed_after_signing__reverts(controller: Any, maker: Any, stranger: Any, name: str) -> None:
    job, resource = maker.job(collateral=10**18), maker.resource()
    changed = replace(job, **{name: getattr(job, name) - 1})
    signature = maker.sign(maker.creator, job)
    digest = maker.domain.digest(changed.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        controller.agree(*maker.pair(changed, resource, job_signature=signature), sender=stranger)


@pytest.mark.parametrize("other", ["chain", "controller"])
def test_agree__signed_for_another_chain_or_controller__reverts(
    controller: Any, maker: Any, stranger: Any, other: str
) -> None:
    domain = maker.domain
    elsewhere = {
        "chain": Domain(domain.chain_id + 1, domain.controller),
        "controller": Domain(domain.chain_id, maker.mediation),
    }[other]
    job, resource = maker.job(), maker.resource()
    signature = sign(maker.creator, elsewhere, job)
    digest = domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=signature), sender=stranger)


def test_agree__caller_is_maker_but_brings_a_false_signature__reverts(
    controller: Any, maker: Any, creator: Any
) -> None:
    job, resource = maker.job(), maker.resource()
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=job.creator, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=bytes(65)), sender=creator)


def test_agree__contract_signs__is_agreed(desk: Any, maker: Any, wallet: Any) -> None:
    case = desk.agree(maker.job(creator=wallet.address))
    assert case.terms.creator == wallet.address


def test_agree__contract_refuses__reverts(controller: Any, maker: Any, stranger: Any, wallet: Any) -> None:
    job, resource = maker.job(creator=wallet.address), maker.resource()
    forged = maker.sign(maker.provider, job)
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=wallet, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=forged), sender=stranger)


def test_agree__contract_that_cannot_sign__reverts(controller: Any, protocol: Any, maker: Any, stranger: Any) -> None:
    job, resource = maker.job(creator=protocol.token.address), maker.resource()
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=protocol.token, digest=digest):
        controller.agree(*maker.pair(job, resource), sender=stranger)


def test_agree__contract_sends_its_own_offer__is_agreed(
    controller: Any, desk: Any, maker: Any, wallet: Any, creator: Any
) -> None:
    job, resource = maker.job(creator=wallet.address), maker.resource()
    pair = maker.pair(job, resource, job_signature=b"")
    receipt = wallet.execute(controller, controller.agree.encode_input(pair), sender=creator)
    desk.case_of(receipt, job, resource)


def test_agree__owner_of_a_contract_is_not_the_contract(controller: Any, maker: Any, wallet: Any, creator: Any) -> None:
    job, resource = maker.job(creator=wallet.address), maker.resource()
    digest = maker.domain.digest(job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=wallet, digest=digest):
        controller.agree(*maker.pair(job, resource, job_signature=b""), sender=creator)
