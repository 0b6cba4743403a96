"""What runs a provider's jobs: this machine's two executors, or a cluster for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from lilypad.agents.provider.capacity import total_of
from lilypad.agents.provider.machine import probe
from lilypad.errors import ExecutorFaultError, FaultError
from lilypad.executors.base import Executor
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.container_gpus import check_gpus
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.ops.engine import ClusterProbe, EngineProbe, engine_says
from lilypad.ops.health import Check
from lilypad.settings import Settings
from lilypad.types import Address, Engine, Resources

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engines:
    executors: Mapping[Engine, Executor]
    outliving: DockerExecutor | ClusterExecutor
    """The one whose jobs go on without this process."""
    check: Callable[[], Awaitable[Check]]
    """Whether it is there."""

    @classmethod
    def of(cls, settings: Settings, account: Address, places: int) -> Engines:
        namespace = account.lower()
        if settings.cluster:
            cluster = ClusterExecutor(settings.cluster, namespace=namespace, docker=settings.docker)
            return cls(dict.fromkeys(Engine, cluster), cluster, ClusterProbe(cluster).check)
        wasm = WasmExecutor(settings.data / "wasm-cache", max_concurrent=places)
        docker = DockerExecutor(settings.docker, namespace=namespace)
        return cls({Engine.WASM: wasm, Engine.DOCKER: docker}, docker, EngineProbe(settings.docker).check)

    async def remove_orphans(self, known: Collection[str]) -> None:
        """What runs for deals that ended while this provider was down. Without an engine there is nothing."""
        with suppress(ExecutorFaultError):
            for execution in await self.outliving.orphans(known):
                log.warning("orphan_removed", extra={"execution": execution})
                await self.outliving.cancel(execution)
            if isinstance(self.outliving, ClusterExecutor):
                await self.outliving.machines(ask_docker=True)

    async def close(self) -> None:
        for executor in set(self.executors.values()):
            await executor.close()


@dataclass(frozen=True, slots=True)
class Found:
    """What there is for jobs."""

    engines: tuple[Engine, ...]
    total: Resources
    largest: Resources
    """The most that one job can have: a job has one machine."""


async def look(settings: Settings) -> Found:
    """At this machine, or at its cluster. Jobs in containers only if there is a Docker engine now, on every machine;
    GPUs only if it can put them into a container.

    Raises:
        FaultError: there should be a cluster, and none answers.
    """
    own = await asyncio.to_thread(probe, settings.data)
    if not settings.cluster:
        engines = _engines(await engine_says(settings.docker, "/version") is not None)
        own = await _without_idle_gpus(own, settings.docker)
        return Found(engines, own, own)
    cluster = ClusterExecutor(settings.cluster, docker=settings.docker)
    try:
        machines = await cluster.machines(ask_docker=True)
    finally:
        await cluster.close()
    if not machines:
        raise FaultError("no machine of the cluster takes jobs; add one with `ray start`", cluster=settings.cluster)
    # Files go through this machine's disk, wherever the job runs.
    parts = [
        Resources(int(machine.cpu * 1000), ram_mib=int(machine.memory_bytes) >> 20, disk_mib=own.disk_mib)
        for machine in machines
    ]
    total = replace(total_of(parts), disk_mib=own.disk_mib)
    largest = max(parts, key=lambda part: (part.cpu_milli, part.ram_mib))
    return Found(_engines(all(machine.has_docker for machine in machines)), total, largest)


async def _without_idle_gpus(own: Resources, docker: str) -> Resources:
    if own.gpu:
        try:
            await asyncio.to_thread(check_gpus, docker)
        except ExecutorFaultError as error:
            log.warning("gpus_not_offered", extra={"found": own.gpu, "error": str(error)})
            return replace(own, gpu=0, vram_mib=0)
    return own


def _engines(has_docker: bool) -> tuple[Engine, ...]:
    return (Engine.WASM, Engine.DOCKER) if has_docker else (Engine.WASM,)
