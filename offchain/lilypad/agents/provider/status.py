"""A provider as its operator wants to see it: is it there, can others reach it, what has it in hand."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from lilypad.agents.network import Funds, Network, show_id
from lilypad.agents.provider.ledger import Entry, read_ledger
from lilypad.agents.provider.running import RunningProvider, find_running, provider_folder
from lilypad.errors import RecoverableError
from lilypad.market.client import MarketClient
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.types import Address, DealId

ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    account: Address
    running: RunningProvider | None
    endpoint: str
    """The address that creators find on chain; empty if none."""
    endpoint_answers: bool
    """Seen from this machine."""
    market_answers: bool
    funds: Funds
    gas: int
    kept: int
    """Bytes of content on this machine's disk."""
    quota: int
    """As this command's settings have it; 0 for none."""
    open: tuple[Entry, ...]


async def provider_status(
    network: Network, settings: Settings, account: Address, session: aiohttp.ClientSession
) -> ProviderStatus:
    folder = provider_folder(settings, account)
    endpoint = await network.endpoint(account)
    return ProviderStatus(
        account=account,
        running=find_running(folder),
        endpoint=endpoint,
        endpoint_answers=bool(endpoint) and await _answers(endpoint, session),
        market_answers=await _market_answers(settings, session),
        funds=await network.funds(account),
        gas=await network.gas_money(account),
        kept=await LocalBlockStore(folder / "blocks").usage(),
        quota=settings.disk_quota,
        open=tuple(entry for entry in read_ledger(network, folder) if entry.ended is None),
    )


async def _answers(endpoint: str, session: aiohttp.ClientSession) -> bool:
    """Whether a provider answers there: it says in JSON that it does not know a deal that cannot be."""
    url = f"{endpoint.rstrip('/')}/v1/deals/{show_id(DealId(bytes(32)))}"
    timeout = aiohttp.ClientTimeout(total=ASK_SECONDS)
    try:
        async with session.get(url, timeout=timeout, allow_redirects=False) as answer:
            return answer.status == 404 and "error" in await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError):
        return False


async def _market_answers(settings: Settings, session: aiohttp.ClientSession) -> bool:
    try:
        await MarketClient(settings.market, session).network()
    except RecoverableError:
        return False
    return True
