"""One place for a deal, as it is offered: what it promises, and until when the promise binds."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from lilypad.crashing import crash_point
from lilypad.errors import OfferInvalidError
from lilypad.market.book import OfferStatus, SignedResource
from lilypad.market.client import MarketClient, OfferState
from lilypad.protocol.offers import Domain
from lilypad.protocol.words import Verification
from lilypad.types import Resources

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Place:
    """Offered in one way for each kind of job. They share a nonce, so at most one of them is ever taken."""

    domain: Domain
    offers: tuple[SignedResource, ...]
    is_as_asked: bool = True
    """Whether it offers what this provider asks for now; one of an earlier start may not."""
    is_called_back: bool = False
    """This provider has used up its nonce, or somebody was faster."""
    unwanted_since: float | None = None
    """Unix time from which on the market has not wanted it, or it was in the way, though it could still be taken."""
    digests: list[bytes] = field(init=False)
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.digests = [self.domain.digest(signed.offer.struct_hash()) for signed in self.offers]
        self.digest = keccak(b"".join(self.digests))

    @property
    def nonce(self) -> int:
        return self.offers[0].offer.nonce

    @property
    def expiry(self) -> int:
        return self.offers[0].offer.expiry

    @property
    def resources(self) -> Resources:
        return self.offers[0].offer.resources

    async def announce(self, market: MarketClient, ways: Collection[Verification]) -> bool:
        """Whether it still waits to be taken, in one of these ways at least. Where it does not, the chain knows why.
        Other ways are soon forgotten by the market."""
        states = [await _state(signed, market) for signed in self.offers if signed.offer.verification in ways]
        refused = [state.reason for state in states if state is not None and state.status is OfferStatus.REFUSED]
        if len(refused) == len(states):  # where one of its ways is taken, the others are refused
            log.warning("offer_refused", extra={"reason": refused[0]})
        return any(state is None or state.status is OfferStatus.RESTING for state in states)


async def _state(signed: SignedResource, market: MarketClient) -> OfferState | None:
    """What became of it; None if the market would take no other offer either: its book is full, or its clock wrong."""
    try:
        state = await market.announce(signed)
    except OfferInvalidError as error:
        log.warning("offer_refused", extra={"reason": str(error)})
        return None
    crash_point("provider.announced")
    return state
