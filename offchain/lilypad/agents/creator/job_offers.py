"""From a creator's wish to an offer it can sign: inputs in the market's hands, the price in the vault."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from lilypad.agents.creator.disputing import CheckPolicy
from lilypad.agents.creator.jobs import FileCounter, JobFolder, held
from lilypad.agents.creator.lanes import Lanes
from lilypad.agents.network import Actor, Funds
from lilypad.agents.nonces import OfferNonces
from lilypad.agents.work.packages import Catalogue, Package, Packages
from lilypad.crashing import crash_point
from lilypad.errors import FaultError
from lilypad.modules.folder import write_inputs
from lilypad.protocol.offers import JobOffer
from lilypad.protocol.words import Windows
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.http import upload
from lilypad.types import ZERO_ADDRESS, Address


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a creator may decide for one job; None takes the module's or the settings' default."""

    payment_ceiling: int | None = None
    """The most it may cost, in wei; fixes the instruction limit."""
    target: Address = ZERO_ADDRESS
    """The only provider that may take it."""
    lifetime_seconds: int = 600
    """How long the offer waits for a provider."""
    policy: CheckPolicy = field(default_factory=CheckPolicy)
    """What is done with the result before it is paid for."""


class JobOffers:
    def __init__(
        self, actor: Actor, settings: Settings, folder: Path, store: LocalBlockStore, session: aiohttp.ClientSession
    ) -> None:
        self._actor = actor
        self._settings = settings
        self._folder = folder
        self._jobs = JobFolder(folder / "jobs")
        self._store = store
        self._session = session
        self._catalogue = Catalogue(actor, Packages(settings.modules))
        self._nonces = OfferNonces(actor, actor.account, FileCounter(folder / "offer_nonce"))
        self._lanes = Lanes(actor, actor.account, folder / "lanes.json")

    async def make(self, package: Package, inputs: Mapping[str, Any], options: JobOptions) -> JobOffer:
        version = await self._catalogue.version(package)
        nonce = await self._nonces.take()
        crash_point("creator.nonce")
        folder = self._folder / "inputs" / f"{time.time_ns():x}"
        write_inputs(package.manifest, inputs, folder)
        content = await self._store.add_directory(folder)
        crash_point("creator.added")
        await upload(self._settings.market, content, self._store, self._session)
        crash_point("creator.uploaded")
        settings = self._settings
        price = settings.price_per_instruction
        expiry = int(time.time()) + options.lifetime_seconds
        ceiling = options.payment_ceiling or package.manifest.budget.default * price
        lane = await self._lanes.take(nonce, expiry)
        crash_point("creator.lane")
        return JobOffer(
            creator=self._actor.account,
            target=options.target,
            solver=ZERO_ADDRESS,
            solver_bps=0,
            expiry=expiry,
            nonce=nonce,
            lane=lane,
            module=version,
            inputs=content.digest,
            resources=package.manifest.resources,
            price_per_instruction=price,
            payment_ceiling=ceiling,
            collateral=ceiling,
            windows=Windows(
                settings.decline_window, settings.submit_window, settings.judge_window, settings.mediate_window
            ),
            verification=self._actor.verification(package.manifest.engine),
        )

    @asynccontextmanager
    async def funded(self, offer: JobOffer) -> AsyncIterator[None]:
        """Brings what is missing from the wallet into the vault. Inside, the offer is signed and its job saved: until
        then its money is nobody's, so the next command of this account waits."""
        async with held(self._folder / "purse"):
            funds, promised = await self._purse()
            missing = offer.payment_ceiling + promised - funds.free
            if missing > 0:
                if funds.wallet < missing:
                    raise FaultError(
                        "the wallet is too poor for this job: send it LILY (`lilypad wallet fund` on a local chain), "
                        "or lower the ceiling (--max-cost)",
                        missing=missing - funds.wallet,
                        account=self._actor.account,
                    )
                await self._actor.deposit(missing, key=f"{offer.nonce}")
            crash_point("creator.funded")
            yield

    async def _purse(self) -> tuple[Funds, int]:
        """The account's money, and what its other offers may still take of it. Read until it is the same before and
        after: a deal that is made meanwhile binds its money and is no offer any more."""
        waiting = [job.signed.offer for job in self._jobs.waiting(time.time())]
        funds = await self._actor.funds(self._actor.account)
        while True:
            promised = 0
            for offer in waiting:
                if not await self._actor.is_nonce_used(offer.creator, offer.nonce):
                    promised += offer.payment_ceiling
            before, funds = funds, await self._actor.funds(self._actor.account)
            if funds == before:
                return funds, promised
