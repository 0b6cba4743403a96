"""Does the Docker engine answer, and what does it say of itself? Over its own HTTP interface, without its library.
And does the cluster?"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.ops.health import Check

CLUSTER_SECONDS = 10
PATIENCE = aiohttp.ClientTimeout(total=3)


async def engine_says(address: str, path: str = "/info") -> dict[str, Any] | None:
    """The engine's answer, or None when there is none."""
    connector, base = _way(address)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session,
            session.get(base + path) as response,
        ):
            answer = await response.json()
            return answer if response.status == 200 and isinstance(answer, dict) else None
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None


class EngineProbe:
    """A provider without an engine is fit for WebAssembly. One that had an engine and has lost it is not well."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._seen = False

    async def check(self) -> Check:
        said = await engine_says(self._address, "/version")
        if said is not None:
            self._seen = True
            return Check("docker", True, f"engine {said.get('Version')} answers")
        if self._seen:
            return Check("docker", False, "the engine has answered before and does not now")
        return Check("docker", True, "no engine here: only WebAssembly modules are run")


class ClusterProbe:
    """A provider that has a cluster can do nothing without it."""

    def __init__(self, cluster: ClusterExecutor) -> None:
        self._cluster = cluster

    async def check(self) -> Check:
        try:
            async with asyncio.timeout(CLUSTER_SECONDS):
                machines = await self._cluster.machines()
        except (ExecutorFaultError, TimeoutError) as error:
            return Check("cluster", False, str(error) or "does not answer")
        cpu = sum(machine.cpu for machine in machines)
        return Check("cluster", bool(machines), f"{len(machines)} machines with {cpu:g} CPU")


def _way(address: str) -> tuple[aiohttp.BaseConnector, str]:
    path = address.removeprefix("unix://")
    if path != address:
        return aiohttp.UnixConnector(path), "http://engine"
    return aiohttp.TCPConnector(), address.replace("tcp://", "http://").rstrip("/")
