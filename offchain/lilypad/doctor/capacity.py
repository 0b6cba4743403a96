"""What this machine has for jobs, and whether it still has what its provider promises to others."""

from __future__ import annotations

import asyncio

from lilypad.agents.provider.capacity import LEAST, Booking, show
from lilypad.agents.provider.machine import free_now, probe
from lilypad.agents.provider.running import find_running, provider_folder
from lilypad.doctor.findings import Finding, ok, warning
from lilypad.settings import Settings
from lilypad.types import Address, Resources


async def examine_capacity(settings: Settings, account: Address | None) -> list[Finding]:
    if settings.cluster:
        return []  # its machines are looked at by themselves
    running = None if account is None else find_running(provider_folder(settings, account))
    if running is None:
        return [judge_machine(await asyncio.to_thread(probe, settings.data))]
    return [judge_booking(running.booking, await asyncio.to_thread(free_now, settings.data))]


def judge_machine(there: Resources) -> Finding:
    text = f"{show(there)} for jobs"
    if LEAST.fit_in(there):
        return ok("capacity", text)
    return warning("capacity", text, f"nobody's job would run here: a provider needs at least {show(LEAST)} to spare")


def judge_booking(booking: Booking, free: Resources) -> Finding:
    """Jobs in hand use their part already; the rest has to be there when it is taken."""
    promised = booking.total.beyond(booking.deals)
    if promised.fit_in(free):
        return ok("capacity", f"{show(booking.total)} for jobs; {show(booking.deals)} in deals")
    fix = "end what else uses this machine, or start the provider again with less: --cpu, --ram, --disk"
    return warning("capacity", f"the provider offers {show(promised)}, but there are {show(free)}", fix)
