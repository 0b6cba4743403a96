"""What a creator works with, whichever job it is about."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from lilypad.agents.creator.job_offers import JobOffers
from lilypad.agents.creator.jobs import JobFolder
from lilypad.market.client import MarketClient
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    jobs: JobFolder
    offers: JobOffers
    market: MarketClient
    store: LocalBlockStore
    session: aiohttp.ClientSession
