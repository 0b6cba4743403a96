"""The machines of a cluster, as far as a job can ask for them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.node import Owner, sweep
from lilypad.executors.cluster.wire import Machine
from lilypad.types import ExecutionSpec


async def survey(owner: Owner, *, ask_docker: bool) -> list[Machine]:
    """Those that take jobs. Asking them for Docker also makes each clean up after processes that are no more."""
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    found = [_machine(node) for node in nodes]
    if not ask_docker:
        return found
    asked = []
    for node in nodes:
        only_there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        question = ray.remote(sweep).options(num_cpus=0, max_retries=0, scheduling_strategy=only_there)
        asked.append(question.remote(owner))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [replace(m, has_docker=answer is True) for m, answer in zip(found, answers, strict=True)]


def request(spec: ExecutionSpec) -> dict[str, Any]:
    """What Ray sets aside for it. Refuses what no machine has: Ray would wait for ever."""
    cpu, gpu, memory = spec.cpu_milli / 1000, spec.gpu, spec.limits.memory_bytes
    found = [_machine(node) for node in ray.nodes() if node["Alive"]]
    if not any(cpu <= m.cpu and gpu <= m.gpu and memory <= m.memory_bytes for m in found):
        wanted = _shown(cpu, gpu, memory)
        there = "; ".join(_shown(m.cpu, m.gpu, m.memory_bytes) for m in found)
        raise ExecutorFaultError("no machine of the cluster is large enough", wanted=wanted, machines=there)
    return {"num_cpus": cpu, "num_gpus": gpu, "memory": memory}


def _shown(cpu: float, gpu: float, memory_bytes: float) -> str:
    return f"{cpu:g} CPU, {gpu:g} GPU, {int(memory_bytes) >> 20} MiB"


def _machine(node: dict[str, Any]) -> Machine:
    has = node["Resources"]
    return Machine(node["NodeManagerAddress"], has.get("CPU", 0.0), has.get("GPU", 0.0), has.get("memory", 0.0))
