"""What runs a provider's jobs: this machine's two executors, or a cluster for all of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from lilypad.errors import ExecutorFaultError, FaultError
from lilypad.executors.base import Executor
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.ops.engine import ClusterProbe, EngineProbe, engine_says
from lilypad.ops.health import Check
from lilypad.settings import Settings
from lilypad.types import Address, Engine, Resources

log = logging.getLogger(__name__)

CPU_MILLI, RAM_MIB, DISK_MIB = 2_000, 2_048, 4_096


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
class Capacity:
    """What a provider can offer for each job."""

    engines: tuple[Engine, ...]
    resources: Resources


async def look(settings: Settings) -> Capacity:
    """Jobs in containers only if there is a Docker engine now, on every machine of a cluster. A job has one machine, so
    a cluster offers as much as the largest.

    Raises:
        FaultError: there should be a cluster, and none answers.
    """
    if not settings.cluster:
        return _capacity(await engine_says(settings.docker, "/version") is not None, CPU_MILLI, RAM_MIB)
    cluster = ClusterExecutor(settings.cluster, docker=settings.docker)
    try:
        machines = await cluster.machines(ask_docker=True)
    finally:
        await cluster.close()
    if not machines:
        raise FaultError("no machine of the cluster takes jobs; add one with `ray start`", cluster=settings.cluster)
    largest = max(machines, key=lambda machine: (machine.cpu, machine.memory_bytes))
    has_engine = all(machine.has_docker for machine in machines)
    return _capacity(has_engine, int(largest.cpu * 1000), int(largest.memory_bytes) >> 20)


def _capacity(has_engine: bool, cpu_milli: int, ram_mib: int) -> Capacity:
    engines = (Engine.WASM, Engine.DOCKER) if has_engine else (Engine.WASM,)
    return Capacity(engines, Resources(cpu_milli=cpu_milli, ram_mib=ram_mib, disk_mib=DISK_MIB))
