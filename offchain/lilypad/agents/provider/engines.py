"""What runs a provider's jobs: this machine's two executors, or a cluster for all of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from lilypad.errors import ExecutorFaultError
from lilypad.executors.base import Executor
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.docker import DockerExecutor
from lilypad.executors.wasm import WasmExecutor
from lilypad.ops.engine import ClusterProbe, EngineProbe, engine_says
from lilypad.ops.health import Check
from lilypad.settings import Settings
from lilypad.types import Address, Engine

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


async def kinds_of_jobs(settings: Settings) -> tuple[Engine, ...]:
    """Jobs in containers only if there is a Docker engine now, on every machine of a cluster.

    Raises:
        ExecutorFaultError: there should be a cluster, and it does not answer.
    """
    if settings.cluster:
        cluster = ClusterExecutor(settings.cluster, docker=settings.docker)
        try:
            has_engine = all(machine.has_docker for machine in await cluster.machines(ask_docker=True))
        finally:
            await cluster.close()
    else:
        has_engine = await engine_says(settings.docker, "/version") is not None
    return (Engine.WASM, Engine.DOCKER) if has_engine else (Engine.WASM,)
