"""The cluster, for whoever has set one."""

from __future__ import annotations

from lilypad.doctor.findings import Finding, broken, ok, warning
from lilypad.errors import LilypadError
from lilypad.executors.cluster.executor import ClusterExecutor
from lilypad.executors.cluster.wire import Machine
from lilypad.settings import Settings


async def examine_cluster(settings: Settings) -> list[Finding]:
    """As a provider joins it."""
    if not settings.cluster:
        return []
    cluster = ClusterExecutor(settings.cluster, docker=settings.docker)
    try:
        machines = await cluster.machines(ask_docker=True)
    except LilypadError as error:
        fix = "start it with `ray start --head`, and join it on this machine with `ray start --address HOST:PORT`"
        return [broken("cluster", str(error), fix)]
    finally:
        await cluster.close()
    return _about(settings.cluster, machines)


def _about(address: str, machines: list[Machine]) -> list[Finding]:
    cpu, gpu = (sum(getattr(machine, name) for machine in machines) for name in ("cpu", "gpu"))
    memory = sum(machine.memory_bytes for machine in machines) / (1 << 30)
    if not machines:
        return [broken("cluster", f"{address} answers, and no machine of it takes jobs", "add one: `ray start`")]
    count = f"{len(machines)} machine{'s' if len(machines) > 1 else ''}"
    text = f"{address}: {count}, {cpu:g} CPU, {gpu:g} GPU, {memory:.0f} GiB of memory"
    without = [machine.address for machine in machines if not machine.has_docker]
    if without:
        fix = "install Lilypad and a Docker engine there, or run WebAssembly alone: container jobs are offered by none"
        return [ok("cluster", text), warning("containers", f"no engine answers on {', '.join(without)}", fix)]
    return [ok("cluster", text), ok("containers", "an engine answers on every machine")]
