"""Offers, signed pairs and results for tests. Pure: the same ones go to anvil, to pyrevm and to the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim
from lilypad.protocol.offers import Domain, InstantDeal, JobOffer, Netting, ResourceOffer, Signable
from lilypad.protocol.signing import sign
from lilypad.protocol.words import Verification, Windows
from lilypad.types import ZERO_ADDRESS, Address, Digest, ModuleId, Resources

ETHER = 10**18
WINDOWS = Windows(decline=600, submit=3_600, judge=1_800, mediate=7_200)
CEILING = 10 * ETHER
ANY_PRICE = (1 << 96) - 1
"""Whoever challenges with it takes whatever the mediation asks for."""
COLLATERAL = 20 * ETHER
MEDIATION_FEE, BOND = 3 * ETHER, 1 * ETHER
"""What MockMediation asks for."""
ROYALTY_BPS, SOLVER_BPS, PROTOCOL_BPS = 333, 211, 127
LATE_PENALTY_BPS, DECLINE_FEE_BPS = 1_013, 77
"""Crooked on purpose: every share is rounded."""
MANIFEST = Digest(keccak(text="manifest"))
"""Of the one module that is there."""
FAR = 2**40 - 1
"""The last second that an offer can name."""
RIGHT = Claim(keccak(text="the right output"), 5_000_001)
OTHER = Claim(keccak(text="another output"), 5_000_001)

Pair = tuple[Any, ...]
"""The arguments of agree, in its order; as one value, an entry of agreeBatch."""


def words(claim: Claim) -> tuple[bytes, int]:
    return claim.commitment, claim.instruction_count


@dataclass
class Maker:
    """A creator and a provider with compatible standing conditions, and their keys."""

    domain: Domain
    creator: LocalAccount
    provider: LocalAccount
    solver: Address
    module: ModuleId
    mediation: Address
    author: Address = ZERO_ADDRESS
    nonces: count = field(default_factory=lambda: count(1))

    def job(self, **changes: Any) -> JobOffer:
        """Each in a lane of its own."""
        number = next(self.nonces)
        offer = JobOffer(
            creator=Address(self.creator.address),
            target=ZERO_ADDRESS,
            solver=self.solver,
            solver_bps=SOLVER_BPS,
            expiry=FAR,
            nonce=number,
            lane=number,
            module=self.module,
            inputs=Digest(keccak(text="inputs")),
            resources=Resources(cpu_milli=1_000, ram_mib=512),
            price_per_instruction=2 * 10**12,
            payment_ceiling=CEILING,
            collateral=COLLATERAL,
            windows=WINDOWS,
            verification=Verification(self.mediation),
        )
        return replace(offer, **changes)

    def resource(self, **changes: Any) -> ResourceOffer:
        offer = ResourceOffer(
            provider=Address(self.provider.address),
            shares_bps=1_000,
            expiry=FAR,
            nonce=next(self.nonces),
            modules=bytes(32),
            resources=Resources(cpu_milli=8_000, gpu=1, ram_mib=16_384, vram_mib=8_192, disk_mib=100_000),
            price_per_instruction=10**12 + 7,
            minimum_payment=ETHER,
            collateral=COLLATERAL,
            late_penalty_bps=LATE_PENALTY_BPS,
            decline_fee_bps=DECLINE_FEE_BPS,
            windows=WINDOWS,
            verification=Verification(self.mediation),
        )
        return replace(offer, **changes)

    def netting(self, **changes: Any) -> Netting:
        owed = Netting(
            creator=Address(self.creator.address),
            provider=Address(self.provider.address),
            amount=7 * ETHER + 1,
            deals=64,
            root=keccak(text="the record of the two"),
            protocol_bps=PROTOCOL_BPS,
            expiry=FAR,
            nonce=next(self.nonces),
        )
        return replace(owed, **changes)

    def instant(self, **changes: Any) -> InstantDeal:
        deal = InstantDeal(
            creator=Address(self.creator.address),
            provider=Address(self.provider.address),
            solver=self.solver,
            module=self.module,
            inputs=Digest(keccak(text="inputs")),
            commitment=RIGHT.commitment,
            instruction_count=RIGHT.instruction_count,
            cost=5 * ETHER + 1,
            solver_bps=SOLVER_BPS,
            royalty_bps=ROYALTY_BPS,
            protocol_bps=PROTOCOL_BPS,
            expiry=FAR,
            nonce=next(self.nonces),
        )
        return replace(deal, **changes)

    def done(self, deal: InstantDeal, **signatures: bytes) -> tuple[Any, bytes, bytes]:
        """The arguments of instant, signed by both sides unless signatures are given."""
        by_creator = signatures.get("creator_signature", self.sign(self.creator, deal))
        by_provider = signatures.get("provider_signature", self.sign(self.provider, deal))
        return deal.words(self.author, MANIFEST), by_creator, by_provider

    def sign(self, key: LocalAccount, message: Signable) -> bytes:
        return sign(key, self.domain, message)

    def sign_long(self, key: LocalAccount, message: Signable) -> bytes:
        """The 65 bytes that wallets make."""
        return bytes(key.unsafe_sign_hash(Hash32(self.domain.digest(message.struct_hash()))).signature)

    def pair(
        self,
        job: JobOffer,
        resource: ResourceOffer,
        *,
        job_signature: bytes | None = None,
        resource_signature: bytes | None = None,
        proof: Sequence[bytes] = (),
        verification: Verification | None = None,
    ) -> Pair:
        """As the ABI wants it, signed by both makers unless signatures are given."""
        if job_signature is None:
            job_signature = self.sign(self.creator, job)
        if resource_signature is None:
            resource_signature = self.sign(self.provider, resource)
        verification = verification or job.verification
        return job.words(), resource.words(), verification.word(), list(proof), job_signature, resource_signature
