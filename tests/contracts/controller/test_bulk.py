"""Many offers under one signature of a key: a Merkle root, and each offer's proof behind the 64 or 65 bytes.

Trees of every size, and what the mirror says of mangled signatures: tests/offchain/protocol/test_bulk_signing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from lilypad.protocol.merkle import build_tree
from lilypad.protocol.offers import Acceptance, Bulk
from lilypad.protocol.signing import sign, sign_bulk
from lilypad.types import ZERO_ADDRESS
from tests.contracts.controller.mangled import with_high_s
from tests.contracts.makers import CEILING, RIGHT

MANGLED: dict[str, Callable[[bytes], bytes]] = {
    "proof missing": lambda s: s[:64],
    "last node missing": lambda s: s[:-32],
    "first node missing": lambda s: s[:64] + s[96:],
    "last byte missing": lambda s: s[:-1],
    "a byte more": lambda s: s + b"\x00",
    "31 bytes more": lambda s: s + bytes(31),
    "a node more": lambda s: s + bytes(32),
    "nodes swapped": lambda s: s[:64] + s[96:128] + s[64:96],
    "bit of a node flipped": lambda s: s[:-1] + bytes([s[-1] ^ 1]),
    "bit of the key's part flipped": lambda s: bytes([s[0] ^ 1]) + s[1:],
    "parity flipped": lambda s: s[:32] + bytes([s[32] ^ 0x80]) + s[33:],
    "v that is none in front of the proof": lambda s: s[:64] + b"\x1d" + s[64:],
    "high s in 65 bytes": lambda s: with_high_s(s[:64]) + s[64:],
}  # fmt: skip


@pytest.fixture
def jobs(maker: Any) -> Any:
    """Four offers, and what their creator signed for each: a tree of two levels."""
    offers = [maker.job() for _ in range(4)]
    return list(zip(offers, sign_bulk(maker.creator, maker.domain, offers), strict=True))


@pytest.fixture
def bring(controller: Any, maker: Any, stranger: Any) -> Any:
    """Brings a job offer with this signature, and a fresh resource offer."""
    return lambda job, signature: controller.agree(
        *maker.pair(job, maker.resource(), job_signature=signature), sender=stranger
    )


# ------------------------------------------------------------ what it does


@pytest.mark.parametrize("size", [2, 3, 33])
def test_bulk__each_offer_of_a_tree__is_agreed(
    controller: Any, desk: Any, maker: Any, stranger: Any, size: int
) -> None:
    offers = [maker.job(payment_ceiling=10**18) for _ in range(size)]
    signatures = sign_bulk(maker.creator, maker.domain, offers)
    batch = [
        maker.pair(job, maker.resource(minimum_payment=0), job_signature=signature)
        for job, signature in zip(offers, signatures, strict=True)
    ]
    receipt = controller.agreeBatch(batch, sender=stranger)
    assert len(desk.agreed(receipt)) == size


def test_bulk__both_sides__are_agreed(controller: Any, maker: Any, desk: Any, jobs: Any) -> None:
    offers = [maker.resource() for _ in range(3)]
    signatures = sign_bulk(maker.provider, maker.domain, offers)
    for (job, job_signature), resource, resource_signature in zip(jobs, offers, signatures, strict=False):
        desk.agree(job, resource, job_signature=job_signature, resource_signature=resource_signature)


def test_bulk__messages_of_every_kind_under_one_root__are_all_consent(
    controller: Any, desk: Any, maker: Any, roles: Any
) -> None:
    submitted, agreed, owed, job, done = desk.submitted(), desk.agree(), maker.netting(), maker.job(), maker.instant()
    accepted = [Acceptance(case.id, RIGHT.commitment, RIGHT.instruction_count) for case in (submitted, agreed)]
    signatures = sign_bulk(maker.creator, maker.domain, [*accepted, owed, job, done])
    controller.acceptSigned(*submitted.submitted, signatures[0], sender=roles.stranger)
    controller.settle(*agreed.submitted, signatures[1], b"", sender=roles.provider)
    controller.net(owed.words(), signatures[2], sender=roles.stranger)
    desk.agree(job, job_signature=signatures[3])
    controller.instant(*maker.done(done, creator_signature=signatures[4]), sender=roles.stranger)


def test_bulk__signed_in_65_bytes__is_the_same_consent(desk: Any, maker: Any) -> None:
    offers = [maker.job() for _ in range(3)]
    root, proofs = build_tree([keccak(maker.domain.digest(offer.struct_hash())) for offer in offers])
    signature = maker.sign_long(maker.creator, Bulk(root))
    for offer, proof in zip(offers, proofs, strict=True):
        desk.agree(offer, job_signature=signature + b"".join(proof))


def test_bulk__in_a_batch_of_settlements__does_not_count(controller: Any, desk: Any, maker: Any, provider: Any) -> None:
    """There a signature has 64 bytes and no proof: its first 64 are over the root, and of no use."""
    cases = [desk.agree(), desk.agree()]
    accepted = [Acceptance(case.id, RIGHT.commitment, RIGHT.instruction_count) for case in cases]
    signatures = sign_bulk(maker.creator, maker.domain, accepted)
    entries = [desk.settling(case, accepted=s[:64]) for case, s in zip(cases, signatures, strict=True)]
    receipt = controller.settleBatch(entries, sender=provider)
    assert desk.skipped(receipt) == dict.fromkeys((0, 1), "Controller_BadSignature")


def test_bulk__an_offer_a_second_time__reverts_while_the_others_stay_good(
    controller: Any, desk: Any, jobs: Any, bring: Any, provider: Any
) -> None:
    (first, signature), *others = jobs
    case = desk.agree(first, job_signature=signature)
    controller.decline(case.terms.words(), sender=provider)
    with desk.nonce_used(first.creator, first.nonce):
        bring(first, signature)
    for job, its_own in others:
        bring(job, its_own)


def test_bulk__one_offer_cancelled__the_others_stay_good(
    controller: Any, jobs: Any, bring: Any, creator: Any, desk: Any, payments: Any
) -> None:
    (first, signature), (second, its_own), *_ = jobs
    payments.cancelNonce(controller, first.nonce, sender=creator)
    with desk.nonce_used(first.creator, first.nonce):
        bring(first, signature)
    bring(second, its_own)


# ------------------------------------------------------------ what is not signed


@pytest.mark.parametrize("how", MANGLED)
def test_bulk__mangled__reverts(maker: Any, jobs: Any, bring: Any, how: str, not_signed: Any) -> None:
    job, signature = jobs[1]
    with not_signed(job.creator, job):
        bring(job, MANGLED[how](signature))
    bring(job, signature)


def test_bulk__proof_of_another_offer__reverts(maker: Any, jobs: Any, bring: Any, not_signed: Any) -> None:
    (job, _), *others = jobs
    for _, signature in others:
        with not_signed(job.creator, job):
            bring(job, signature)


def test_bulk__offer_outside_of_the_tree__reverts(maker: Any, jobs: Any, bring: Any, not_signed: Any) -> None:
    job, signature = jobs[0]
    dearer = replace(job, payment_ceiling=CEILING + 1)
    with not_signed(job.creator, dearer):
        bring(dearer, signature)


def test_bulk__tree_of_somebody_else__reverts(maker: Any, bring: Any, not_signed: Any) -> None:
    offers = [maker.job(), maker.job()]
    forged, _ = sign_bulk(maker.provider, maker.domain, offers)
    with not_signed(offers[0].creator, offers[0]):
        bring(offers[0], forged)


@pytest.mark.parametrize("part", ["root", "leaves"])
def test_bulk__for_another_chain__reverts(maker: Any, bring: Any, part: str, not_signed: Any) -> None:
    here, offers = maker.domain, [maker.job(), maker.job()]
    elsewhere = replace(here, chain_id=here.chain_id + 1)
    of_root, of_leaves = (elsewhere, here) if part == "root" else (here, elsewhere)
    root, proofs = build_tree([keccak(of_leaves.digest(offer.struct_hash())) for offer in offers])
    with not_signed(offers[0].creator, offers[0]):
        bring(offers[0], sign(maker.creator, of_root, Bulk(root)) + b"".join(proofs[0]))


@pytest.mark.parametrize("hashed", [0, 2])
def test_bulk__leaves_not_hashed_exactly_once_more__reverts(
    maker: Any, bring: Any, hashed: int, not_signed: Any
) -> None:
    offers = [maker.job(), maker.job()]
    leaves = [maker.domain.digest(offer.struct_hash()) for offer in offers]
    for _ in range(hashed):
        leaves = [keccak(leaf) for leaf in leaves]
    root, proofs = build_tree(leaves)
    with not_signed(offers[0].creator, offers[0]):
        bring(offers[0], sign(maker.creator, maker.domain, Bulk(root)) + b"".join(proofs[0]))


def test_bulk__root_itself_as_a_signature_of_one_offer__reverts(maker: Any, bring: Any, not_signed: Any) -> None:
    """Without a proof the 64 bytes are over the offer's own digest, and over nothing else."""
    job = maker.job()
    root, _ = build_tree([keccak(maker.domain.digest(job.struct_hash()))])
    with not_signed(job.creator, job):
        bring(job, sign(maker.creator, maker.domain, Bulk(root)))


@pytest.mark.parametrize("length", [64, 65, 96, 97])
def test_bulk__in_the_name_of_nobody__reverts(maker: Any, bring: Any, length: int, not_signed: Any) -> None:
    """A signature that nothing can be recovered from is not that of the zero address."""
    job = maker.job(creator=ZERO_ADDRESS)
    with not_signed(job.creator, job):
        bring(job, bytes(length))


# ------------------------------------------------------------ contracts as makers


@pytest.mark.parametrize("length", [1, 63, 64, 65, 66, 96, 97, 130, 64 + 7 * 32, 65 + 7 * 32, 5_000])
def test_bulk__contract_with_a_signature_of_any_length__is_asked_about_the_offer_itself(
    maker: Any, roles: Any, bring: Any, signer: Any, not_signed: Any, length: int
) -> None:
    job = maker.job(creator=signer.address)
    signature = (b"any" * length)[:length]
    signer.expect(maker.domain.digest(job.struct_hash()), signature, sender=roles.stranger)
    with not_signed(job.creator, job):
        bring(job, signature[:-1] + b"?")
    bring(job, signature)


def test_bulk__of_a_wallet_s_owner__is_not_the_wallet_s(maker: Any, bring: Any, wallet: Any, not_signed: Any) -> None:
    """A contract decides for itself what it takes for its signature; trees are for keys."""
    offers = [maker.job(creator=wallet.address), maker.job(creator=wallet.address)]
    signature, _ = sign_bulk(maker.creator, maker.domain, offers)
    with not_signed(offers[0].creator, offers[0]):
        bring(offers[0], signature)
    bring(offers[0], maker.sign_long(maker.creator, offers[0]))
