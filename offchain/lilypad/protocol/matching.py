"""Whether two offers make a deal: the same rules in the same order as contracts/libraries/Matching.sol.

`mismatch` gives the name of the error the contract would revert with, so that one test holds both side by side.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from eth_utils.crypto import keccak

from lilypad.protocol.merkle import root_of
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.terms import collateral_floor
from lilypad.protocol.words import BPS, Shares
from lilypad.types import ZERO_ADDRESS, Address, ModuleId


class ModuleStatus(enum.IntEnum):
    NONE = 0
    PUBLISHED = 1
    CURATED = 2
    DEPRECATED = 3
    REVOKED = 4


@dataclass(frozen=True, slots=True)
class ModuleListing:
    """What the registry says of a module version."""

    author: Address
    royalty_bps: int
    status: ModuleStatus


@dataclass(frozen=True, slots=True)
class Parameters:
    """What governance has set for deals agreed from now on."""

    protocol_bps: int
    collateral_floor_bps: int


def shares_of(job: JobOffer, module: ModuleListing, parameters: Parameters) -> Shares:
    return Shares(job.solver_bps, module.royalty_bps, parameters.protocol_bps)


def mismatch(
    job: JobOffer,
    resource: ResourceOffer,
    module: ModuleListing,
    parameters: Parameters,
    now: int,
    proof: tuple[bytes, ...] = (),
) -> str | None:
    """None if the offers make a deal, else the name of the first rule they break.

    Signatures, nonces and balances are not looked at: only the chain knows them.
    """
    shares = shares_of(job, module, parameters)
    floor = collateral_floor(job.payment_ceiling, parameters.collateral_floor_bps)
    rules = (
        (now > job.expiry or now > resource.expiry, "OfferExpired"),
        (job.creator == resource.provider, "SelfDeal"),
        (job.target not in (ZERO_ADDRESS, resource.provider), "NotTarget"),
        (job.solver == ZERO_ADDRESS and job.solver_bps != 0, "SolverMissing"),
        (shares.total_bps > min(resource.shares_bps, BPS), "SharesTooHigh"),
        (resource.price_per_instruction > job.price_per_instruction, "PriceTooHigh"),
        (resource.minimum_payment > job.payment_ceiling, "MinimumAboveCeiling"),
        (resource.collateral < max(job.collateral, floor), "CollateralTooLow"),
        (max(resource.late_penalty_bps, resource.decline_fee_bps) > BPS, "PenaltyAboveCollateral"),
        (not job.resources.fit_in(resource.resources), "ResourcesTooSmall"),
        (not job.windows.valid, "WindowsInvalid"),
        (not resource.windows.accepts(job.windows), "WindowsRefused"),
        (job.verification != resource.verification, "VerificationDiffers"),
        (not job.verification.valid, "VerificationInvalid"),
    )
    broken = next((name for is_broken, name in rules if is_broken), None)
    return broken or _module_mismatch(job.module, module, resource.modules, proof)


def _module_mismatch(
    module_id: ModuleId, module: ModuleListing, allowed: bytes, proof: tuple[bytes, ...]
) -> str | None:
    if module.status is ModuleStatus.REVOKED:
        return "ModuleRevoked"
    if not any(allowed):
        return None if module.status is ModuleStatus.CURATED else "ModuleNotCurated"
    return None if root_of(module_leaf(module_id), proof) == allowed else "ModuleNotAllowed"


def module_leaf(module_id: ModuleId) -> bytes:
    """Hashed twice, so that an inner node can never pass for a leaf."""
    return keccak(keccak(module_id))
