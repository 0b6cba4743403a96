"""The machines of a cluster, as far as a job can ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.node import Owner, sweep
from lilypad.executors.cluster.wire import Machine
from lilypad.executors.wasm_pace import measure
from lilypad.types import ExecutionSpec

Tell = Callable[[str, dict[str, str]], None]
"""For the agent's log: an event and its fields."""
ANSWER_SECONDS = 30
"""How long a machine may take to answer a question; beside its jobs, and a process has to start for it."""


async def survey(owner: Owner, tell: Tell, *, ask_docker: bool) -> list[Machine]:
    """Those that take jobs. Asking them for Docker also makes each clean up after processes that are no more."""
    nodes = _working()
    found = [_machine(node) for node in nodes]
    if not ask_docker:
        return found
    answers = await _ask([node["NodeID"] for node in nodes], tell, sweep, owner)
    return [replace(m, has_docker=answer is True) for m, answer in zip(found, answers, strict=True)]


async def paces(known: Mapping[str, int], tell: Tell) -> dict[str, int]:
    """How many instructions a second each machine runs that takes jobs, as far as it answers: measured there, if it is
    not known."""
    here = [node["NodeID"] for node in _working()]
    new = [machine for machine in here if machine not in known]
    answers = await _ask(new, tell, _measure)
    found = {machine: pace for machine, pace in zip(new, answers, strict=True) if isinstance(pace, int)}
    return {machine: found.get(machine) or known[machine] for machine in here if machine in known or machine in found}


def _measure() -> int:
    return asyncio.run(measure())


async def _ask(machines: Sequence[str], tell: Tell, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What it says on each of them; None of one where it went wrong."""
    asked = []
    for machine in machines:
        only_there = NodeAffinitySchedulingStrategy(machine, soft=False)
        question = ray.remote(function).options(num_cpus=0, max_retries=0, scheduling_strategy=only_there)
        asked.append(_in_time(question.remote(*arguments)))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for machine, answer in zip(machines, answers, strict=True):
        if isinstance(answer, BaseException):
            tell("cluster_machine_did_not_answer", {"machine": machine, "reason": said(answer)})
    return [None if isinstance(answer, BaseException) else answer for answer in answers]


def said(error: BaseException) -> str:
    """The last line of what Ray says, which is the one with the cause, without its guesses."""
    lines = str(error).strip().splitlines()
    return lines[-1].partition(" Some common causes")[0].strip() if lines else repr(error)


async def _in_time(answer: Awaitable[Any]) -> Any:
    async with asyncio.timeout(ANSWER_SECONDS):
        return await answer


def _working() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


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
