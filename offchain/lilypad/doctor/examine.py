"""The whole examination. Nothing is changed, nothing is sent to the chain, no password is asked for."""

from __future__ import annotations

import asyncio

from lilypad.doctor.capacity import examine_capacity
from lilypad.doctor.chain import examine_deployment, examine_endpoints, examine_settings
from lilypad.doctor.cluster import examine_cluster
from lilypad.doctor.findings import Finding, Level, broken
from lilypad.doctor.machine import examine_clock, examine_disk, examine_docker, examine_gpus, examine_wasm
from lilypad.doctor.people import examine_account, examine_market
from lilypad.errors import LilypadError
from lilypad.settings import Settings
from lilypad.types import Address


async def examine(settings: Settings, account: Address | LilypadError) -> list[Finding]:
    """`account` may be the error that says why there is none."""
    found, deployment = await examine_deployment(settings)
    if isinstance(account, LilypadError):
        fix = "make one with `lilypad wallet create`, or correct LILYPAD_KEYSTORE"
        whose = _done([broken("account", str(account), fix)])
    else:
        whose = examine_account(settings, deployment, account)
    parts = await asyncio.gather(
        _done(examine_settings(settings)),
        examine_endpoints(settings),
        _done(found),
        whose,
        examine_market(settings, deployment),
        examine_wasm(),
        examine_docker(settings.docker),
        examine_gpus(settings.docker),
        examine_cluster(settings),
        _done(examine_disk(settings)),
        examine_capacity(settings, account if isinstance(account, str) else None),
        _done(examine_clock()),
    )
    return [finding for part in parts for finding in part]


def is_well(findings: list[Finding]) -> bool:
    return all(finding.level is not Level.BROKEN for finding in findings)


async def _done(findings: list[Finding]) -> list[Finding]:
    return findings
