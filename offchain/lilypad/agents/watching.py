"""What an agent shows to whoever watches over it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from lilypad.agents.network import Actor
from lilypad.ops.health import Check
from lilypad.ops.watch import Balances, Subject


def watched(
    actor: Actor, folder: Path, least_vault: int = 0, checks: tuple[Callable[[], Awaitable[Check]], ...] = ()
) -> Subject:
    async def balances() -> Balances:
        funds = await actor.funds(actor.account)
        return Balances(funds.wallet, funds.free, funds.locked, await actor.gas_money(actor.account))

    return Subject(folder, balances, checks, least_vault)
