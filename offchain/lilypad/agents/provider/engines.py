"""What runs a provider's jobs: this machine's two executors, or a cluster for all of them."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from lilypad.agents.provider.capacity import total_of
from lilypad.agents.provider.machine import probe
from lilypad.agents.provider.pace import Paces, each_once, once
from lilypad.agents.work.orphans import remove_orphans
from lilypad.errors import ExecutorFaultError, FaultError
from lilypad.executors.base import Executor
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.cluster.wire import Machine
from lilypad.executors.container_gpus import check_gpus
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.executors.wasm_pace import measure
from lilypad.ops.engine import CLUSTER_SECONDS, ClusterProbe, EngineProbe, engine_says
from lilypad.ops.health import Check
from lilypad.settings import Settings
from lilypad.store.journal import Journal
from lilypad.types import Engine, Resources

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class There:
    """What there is for jobs at one moment."""

    engines: Collection[Engine]
    together: Resources | None = None
    """Of the machines that are there; None of one that always is."""


class Engines(ABC):
    """Executors by kind of job, and what is to be known of what is behind them."""

    def __init__(
        self,
        executors: Mapping[Engine, Executor],
        outliving: DockerExecutor | ClusterExecutor,
        check: Callable[[], Awaitable[Check]],
        paces: Paces,
    ) -> None:
        """
        Args:
            outliving: the one whose jobs go on without this process.
            check: whether it is there.
        """
        self.executors = executors
        self.check = check
        self.paces = paces
        self._outliving = outliving

    @abstractmethod
    async def there(self) -> There:
        """What could run a job now."""

    async def look_through(self, known: Callable[[], Collection[str]]) -> None:
        """See `remove_orphans`."""
        await remove_orphans(self._outliving, known)

    async def close(self) -> None:
        for executor in set(self.executors.values()):
            await executor.close()


class OwnEngines(Engines):
    """On this machine: WebAssembly in any case, and a Docker engine now and then."""

    def __init__(self, settings: Settings, namespace: str, places: int, paces: Paces) -> None:
        docker = DockerExecutor(settings.docker, namespace=namespace)
        wasm = WasmExecutor(settings.data / "wasm-cache", max_concurrent=places)
        probe = EngineProbe(settings.docker)
        super().__init__({Engine.WASM: wasm, Engine.DOCKER: docker}, docker, probe.check, paces)
        self._docker = settings.docker

    async def there(self) -> There:
        return There(_engines(await engine_says(self._docker, "/version") is not None))


class ClusterEngines(Engines):
    def __init__(self, cluster: ClusterExecutor, paces: Paces) -> None:
        super().__init__(dict.fromkeys(Engine, cluster), cluster, ClusterProbe(cluster).check, paces)
        self._cluster = cluster
        self._without_docker: list[str] = []
        """Machines, as of the last look."""

    async def there(self) -> There:
        try:
            async with asyncio.timeout(CLUSTER_SECONDS):
                machines = await self._cluster.machines()
        except (ExecutorFaultError, TimeoutError):
            return There(())
        together = total_of(map(_part, machines))
        return There(_engines(not self._without_docker) if machines else (), together)

    async def look_through(self, known: Callable[[], Collection[str]]) -> None:
        """Also has each machine throw away what it has of processes that are no more."""
        await super().look_through(known)
        machines = await self._cluster.machines(ask_docker=True)
        without = [machine.address for machine in machines if not machine.has_docker]
        if without != self._without_docker:
            log.warning("machines_without_docker", extra={"machines": ", ".join(without) or "none any more"})
        self._without_docker = without


def engines_of(settings: Settings, namespace: str, places: int, journal: Journal) -> Engines:
    if settings.cluster:
        cluster = ClusterExecutor(settings.cluster, namespace=namespace, docker=settings.docker)
        return ClusterEngines(cluster, each_once(journal, settings.cluster, cluster.paces))
    return OwnEngines(settings, namespace, places, once(journal, measure))


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
    parts = [replace(_part(machine), disk_mib=own.disk_mib) for machine in machines]
    total = replace(total_of(parts), disk_mib=own.disk_mib)
    largest = max(parts, key=lambda part: (part.cpu_milli, part.ram_mib))
    return Found(_engines(all(machine.has_docker for machine in machines)), total, largest)


def _part(machine: Machine) -> Resources:
    return Resources(int(machine.cpu * 1000), ram_mib=int(machine.memory_bytes) >> 20)


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
