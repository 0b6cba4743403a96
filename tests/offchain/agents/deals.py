"""Deals as the chain would have them, without a chain."""

from __future__ import annotations

from dataclasses import replace

from lilypad.chain.devnode import dev_account
from lilypad.protocol.deal import Claim, Deal, DealStatus
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.types import ZERO_ADDRESS, ZERO_DIGEST, ModuleId, Resources
from tests.offchain.deals import agreed

CREATOR, PROVIDER, STRANGER = dev_account(3), dev_account(2), dev_account(5)
MEDIATION = dev_account(9).address
DOMAIN = Domain(31337, MEDIATION)
WINDOWS = Windows(decline=60, submit=600, judge=600, mediate=600)
NOW = 1_800_000_000


def job_offer(nonce: int = 0, expiry: int = NOW + 600) -> JobOffer:
    return JobOffer(
        CREATOR.address, ZERO_ADDRESS, ZERO_ADDRESS, 0, expiry, nonce, 1, ModuleId(bytes(32)), ZERO_DIGEST, Resources(),
        5, 1_000, 1_000, WINDOWS, Verification(MEDIATION),
    )  # fmt: skip


def agreed_deal(since: int = NOW) -> Deal:
    resource = ResourceOffer(
        PROVIDER.address, 3_000, since, 1, bytes(32), Resources(), 2, 1, 1_000, 100, 0, WINDOWS, Verification(MEDIATION)
    )
    shares = Shares(royalty_bps=1_000)
    return agreed(DOMAIN, job_offer(expiry=since), resource, STRANGER.address, shares, since)


def submitted_deal(since: int = NOW) -> Deal:
    return replace(agreed_deal(since), status=DealStatus.SUBMITTED, claim=Claim(bytes(32), 100))
