"""The terms of a deal: the few words that money and deadlines depend on, and the id that is their hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer, Signable
from lilypad.protocol.words import BPS, Shares, Verification, Windows
from lilypad.types import Address, DealId


@dataclass(frozen=True, slots=True)
class DealTerms(Signable):
    """The mirror of contracts/types/DealTerms.sol."""

    TYPE: ClassVar[str] = "DealTerms"
    ABI: ClassVar[tuple[str, ...]] = (
        *("bytes32", "address", "address", "address", "address", "uint256"),
        *("uint128", "uint128", "uint128", "uint128", "uint128", "uint256", "uint256"),
    )

    offers: bytes
    creator: Address
    provider: Address
    author: Address
    solver: Address
    shares: Shares
    price_per_instruction: int
    payment_ceiling: int
    minimum_payment: int
    collateral: int
    late_penalty: int
    windows: Windows
    verification: Verification

    @property
    def id(self) -> DealId:
        return DealId(keccak(encode(self.ABI, self.words())))

    @property
    def instruction_limit(self) -> int:
        """How many instructions the ceiling pays for; a job that reaches it ends there."""
        most = (1 << 63) - 1
        if self.price_per_instruction == 0:
            return most
        return min(most, self.payment_ceiling // self.price_per_instruction)


def derive_terms(domain: Domain, job: JobOffer, resource: ResourceOffer, author: Address, shares: Shares) -> DealTerms:
    """The terms that the controller makes of two offers, the module's author and the shares at that time."""
    digests = [domain.digest(offer.struct_hash()) for offer in (job, resource)]
    return DealTerms(
        offers=keccak(encode(["bytes32", "bytes32"], digests)),
        creator=job.creator,
        provider=resource.provider,
        author=author,
        solver=job.solver,
        shares=shares,
        price_per_instruction=resource.price_per_instruction,
        payment_ceiling=job.payment_ceiling,
        minimum_payment=resource.minimum_payment,
        collateral=resource.collateral,
        late_penalty=resource.late_penalty,
        windows=job.windows,
        verification=job.verification,
    )


def collateral_floor(payment_ceiling: int, floor_bps: int) -> int:
    """The least collateral that governance asks for."""
    return payment_ceiling * floor_bps // BPS
