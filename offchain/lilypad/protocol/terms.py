"""The terms of a deal: the six words that money and deadlines depend on, and the id that is their hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from eth_utils.crypto import keccak

from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.words import BPS, Shares, Verification, Windows, pack_funds, unpack_funds, word
from lilypad.types import Address, DealId


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the two sides signed; only a dispute needs it, so the terms have its hash alone."""

    verification: Verification
    job_digest: bytes
    resource_digest: bytes

    def words(self) -> tuple[bytes, bytes, bytes]:
        return self.verification.word(), self.job_digest, self.resource_digest

    @property
    def hash(self) -> bytes:
        return keccak(b"".join(self.words()))


@dataclass(frozen=True, slots=True)
class DealTerms:
    """The mirror of contracts/types/DealTerms.sol. Amounts in wei of the token."""

    creator: Address
    payment_ceiling: int
    provider: Address
    collateral: int
    author: Address
    price_per_instruction: int
    solver: Address
    minimum_payment: int
    shares: Shares
    late_penalty_bps: int
    decline_fee_bps: int
    windows: Windows
    lane: int
    agreement: bytes
    """Hash of the Agreement."""

    def words(self) -> tuple[bytes, ...]:
        """As they travel and are hashed."""
        return (
            pack_funds(self.creator, self.payment_ceiling),
            pack_funds(self.provider, self.collateral),
            pack_funds(self.author, self.price_per_instruction),
            pack_funds(self.solver, self.minimum_payment),
            self._conditions(),
            self.agreement,
        )

    def _conditions(self) -> bytes:
        return word(
            ("shares", self.shares.pack(), 48),
            ("late_penalty_bps", self.late_penalty_bps, 16),
            ("decline_fee_bps", self.decline_fee_bps, 16),
            ("windows", self.windows.pack(), 96),
            ("lane", self.lane, 64),
        )

    @classmethod
    def from_words(cls, *words: bytes) -> Self:
        """
        Raises:
            ValueError: a word has bits that mean nothing, so packing it again would give another word.
        """
        creator, provider, author, solver, conditions, agreement = words
        numbers = int.from_bytes(conditions, "big")
        terms = cls(
            *unpack_funds(creator),
            *unpack_funds(provider),
            *unpack_funds(author),
            *unpack_funds(solver),
            shares=Shares.unpack(numbers),
            late_penalty_bps=numbers >> 48 & 0xFFFF,
            decline_fee_bps=numbers >> 64 & 0xFFFF,
            windows=Windows.unpack(numbers >> 80),
            lane=numbers >> 176 & (1 << 64) - 1,
            agreement=agreement,
        )
        if terms._conditions() != conditions:
            raise ValueError(f"conditions have bits that mean nothing: {conditions.hex()}")
        return terms

    @property
    def id(self) -> DealId:
        return DealId(keccak(b"".join(self.words())))

    @property
    def late_penalty(self) -> int:
        return self.collateral * self.late_penalty_bps // BPS

    @property
    def decline_fee(self) -> int:
        return self.collateral * self.decline_fee_bps // BPS

    @property
    def instruction_limit(self) -> int:
        """How many instructions the ceiling pays for; a job that reaches it ends there."""
        most = (1 << 63) - 1
        if self.price_per_instruction == 0:
            return most
        return min(most, self.payment_ceiling // self.price_per_instruction)


def agreement_of(domain: Domain, job: JobOffer, resource: ResourceOffer) -> Agreement:
    return Agreement(job.verification, *(domain.digest(offer.struct_hash()) for offer in (job, resource)))


def derive_terms(domain: Domain, job: JobOffer, resource: ResourceOffer, author: Address, shares: Shares) -> DealTerms:
    """The terms that the controller makes of two offers, the module's author and the shares at that time."""
    return DealTerms(
        creator=job.creator,
        payment_ceiling=job.payment_ceiling,
        provider=resource.provider,
        collateral=resource.collateral,
        author=author,
        price_per_instruction=resource.price_per_instruction,
        solver=job.solver,
        minimum_payment=resource.minimum_payment,
        shares=shares,
        late_penalty_bps=resource.late_penalty_bps,
        decline_fee_bps=resource.decline_fee_bps,
        windows=job.windows,
        lane=job.lane,
        agreement=agreement_of(domain, job, resource).hash,
    )


def collateral_floor(payment_ceiling: int, floor_bps: int) -> int:
    """The least collateral that governance asks for."""
    return payment_ceiling * floor_bps // BPS
