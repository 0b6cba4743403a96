"""The market as its users see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from lilypad.errors import LilypadError, OfferInvalidError, RecoverableError
from lilypad.market.book import OfferStatus, Signed, SignedJob, SignedResource
from lilypad.types import DealId


class MarketUnavailableError(RecoverableError):
    """The market's service cannot be reached or does not answer."""


@dataclass(frozen=True, slots=True)
class OfferState:
    """What the market says of an offer; only the chain's word counts."""

    digest: bytes
    status: OfferStatus
    reason: str
    deal: DealId | None
    obstacles: tuple[str, ...]


class MarketClient:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self._session = session

    async def network(self) -> dict[str, Any]:
        return await self._ask("GET", "/v1/network")

    async def announce(self, signed: Signed) -> OfferState:
        """Bring an offer to the market, as often as you like.

        Raises:
            OfferInvalidError: the market does not take it, and says why.
            MarketUnavailableError: the market cannot be reached.
        """
        kind = "job" if isinstance(signed, SignedJob) else "resource"
        body: dict[str, Any] = {"offer": signed.offer.to_json(), "signature": "0x" + signed.signature.hex()}
        if isinstance(signed, SignedResource) and signed.allowed.modules:
            body["modules"] = ["0x" + module.hex() for module in signed.allowed.modules]
        return _state(await self._ask("POST", f"/v1/offers/{kind}", body))

    async def cancelled(self, digest: bytes) -> OfferState:
        """Say that an offer's nonce was cancelled on chain, so that the market forgets the offer at once.

        Raises:
            OfferInvalidError: it does not know the offer.
            MarketUnavailableError: the market cannot be reached.
        """
        return _state(await self._ask("POST", f"/v1/offers/0x{digest.hex()}/cancelled"))

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with self._session.request(
                method, self.url + path, json=body, timeout=timeout, allow_redirects=False
            ) as response:
                plain = await response.json()
                if response.status >= 500:
                    raise MarketUnavailableError("the market has a fault of its own", url=self.url)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise MarketUnavailableError(f"cannot reach the market: {error}", url=self.url) from error
        if response.status >= 400:
            raise _refusal(plain)
        if not isinstance(plain, dict):
            raise MarketUnavailableError("the market does not speak our protocol", url=self.url)
        return plain


def _refusal(plain: object) -> LilypadError:
    reason = plain.get("error") if isinstance(plain, dict) else None
    return OfferInvalidError(f"the market refuses: {reason}")


def _state(plain: dict[str, Any]) -> OfferState:
    deal = plain.get("deal")
    try:
        return OfferState(
            digest=bytes.fromhex(plain["digest"].removeprefix("0x")),
            status=OfferStatus(plain["status"]),
            reason=str(plain.get("reason", "")),
            deal=DealId(bytes.fromhex(deal.removeprefix("0x"))) if deal else None,
            obstacles=tuple(plain.get("obstacles", ())),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise MarketUnavailableError(f"the market's answer makes no sense: {error!r}") from error
