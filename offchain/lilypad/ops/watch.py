"""What nobody tells an agent has to be looked at now and then: money, disk, the clock."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from lilypad.errors import LilypadError
from lilypad.ops.alerts import Alerts, Kind
from lilypad.ops.health import Check, Health
from lilypad.ops.ledger import Ledger
from lilypad.ops.metrics import ETHER, Metrics
from lilypad.protocol.deal import DealStatus, deadline

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
SETTLE_SECONDS = 0.2
"""After a deal has moved: money moves with it, and often several deals at once."""
DISK_BLOCK = 4096
COUNTING_SHARE = 0.01
"""Of the time that may go into counting the store, which may be large."""


@dataclass(frozen=True, slots=True)
class Balances:
    """Wei: of the token in three places, and of the chain's own coin."""

    wallet: int
    free: int
    locked: int
    gas: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What an agent lets be watched."""

    folder: Path
    """Its content lies in `blocks/` below."""
    balances: Callable[[], Awaitable[Balances]]
    checks: tuple[Callable[[], Awaitable[Check]], ...] = ()
    """What else it needs to be ready."""
    least_vault: int = 0
    """Wei of LILY, free and locked together, that it needs in the vault."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a person is called."""

    least_gas: int
    least_vault: int
    unreachable_seconds: float


class Watch:
    def __init__(
        self, subject: Subject, limits: Limits, metrics: Metrics, health: Health, alerts: Alerts, ledger: Ledger
    ) -> None:
        self._subject = subject
        self._limits = limits
        self._metrics = metrics
        self._health = health
        self._alerts = alerts
        self._ledger = ledger
        self._awake = asyncio.Event()
        self._count_from = 0.0

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong here is told and must not end the agent."""
        while True:
            self._awake.clear()
            try:
                await self.look()
            except (LilypadError, OSError) as error:
                log.debug("watch_failed", extra={"error": str(error)})
            except Exception:
                log.exception("watch_failed")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._awake.wait()
                await asyncio.sleep(SETTLE_SECONDS)
            except TimeoutError:
                continue

    async def look(self) -> None:
        self._look_at_chain()
        self._look_at_deadlines()
        await self._look_at_disk()
        self._look_at_money(await self._subject.balances())

    def _look_at_chain(self) -> None:
        seconds, limit = self._health.unreachable_seconds(), self._limits.unreachable_seconds
        message = "no endpoint of the chain answers: check the node and LILYPAD_RPC; deals may miss their deadlines"
        self._alerts.holds(Kind.CHAIN_UNREACHABLE, "", seconds > limit, message, seconds=round(seconds))

    def _look_at_deadlines(self) -> None:
        now = time.time()
        for deal in self._ledger:
            until = deadline(deal)
            if deal.status is DealStatus.AGREED and until is not None and now > until:
                missed_deadline(self._alerts, "0x" + deal.id.hex(), late_by=round(now - until))

    async def _look_at_disk(self) -> None:
        self._metrics.disk_free.set(shutil.disk_usage(self._subject.folder).free)
        began = time.monotonic()
        if began < self._count_from:
            return
        self._metrics.store_bytes.set(await asyncio.to_thread(folder_bytes, self._subject.folder / "blocks"))
        now = time.monotonic()
        self._count_from = now + (now - began) / COUNTING_SHARE

    def _look_at_money(self, balances: Balances) -> None:
        for place in ("wallet", "free", "locked"):
            self._metrics.balance.labels(place).set(getattr(balances, place) / ETHER)
        self._metrics.gas.set(balances.gas / ETHER)
        least = self._limits.least_gas
        message = "the account is short of the chain's own coin: it cannot pay for transactions; send some to it"
        self._alerts.holds(Kind.LOW_BALANCE, "gas", balances.gas < least, message, have=balances.gas, need=least)
        least, vault = self._limits.least_vault or self._subject.least_vault, balances.free + balances.locked
        message = "the vault holds too little for collateral: `lilypad wallet deposit`"
        self._alerts.holds(Kind.LOW_BALANCE, "vault", vault < least, message, have=vault, need=least)


def missed_deadline(alerts: Alerts, deal: str, **fields: object) -> None:
    """By the clock first and by the chain later, or the other way round: told once."""
    message = "no result came in time: the provider pays the late penalty; see what its log says about this deal"
    alerts.happened(Kind.MISSED_DEADLINE, deal, message, deal=deal, **fields)


def folder_bytes(folder: Path) -> int:
    """What all files below take on the disk, as quotas count it; what goes away meanwhile does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += -(-(Path(place) / name).lstat().st_size // DISK_BLOCK) * DISK_BLOCK
            except FileNotFoundError:
                continue
    return total
