"""GPUs in containers of a real engine, on a machine that believes that it has two (see `gpu_rig`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.errors import EngineAwayError, ExecutorFaultError
from lilypad.executors import gpus
from lilypad.executors.container_gpus import Gpus, check_gpus
from lilypad.executors.docker import DEFAULT_ENGINE, DockerExecutor
from lilypad.executors.gpus import Gpu, find_gpus, parse_gpus
from tests.engine import PrivateEngine

from .conftest import ROOT
from .docker_rig import Job, Rig
from .gpu_rig import ONE, OTHER, driver_of_two, engine_with_toolkit, program

WHICH = "import os; print(os.environ.get('NVIDIA_VISIBLE_DEVICES', 'none'), end='')"
STAYS = WHICH + "; import sys, time; sys.stdout.flush(); time.sleep(60)"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = driver_of_two(tmp_path / "driver")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


@pytest.fixture(scope="module")
async def engine(docker_image: str, missing: Callable[[str], NoReturn]) -> AsyncIterator[PrivateEngine]:
    async with engine_with_toolkit(missing) as engine:
        await engine.load(ROOT / ".build/modules/linreg/image.tar")
        yield engine


@pytest.fixture
async def two(engine: PrivateEngine, driver: Path, docker_image: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """A machine with two devices."""
    executor = DockerExecutor(engine.address, namespace="gpus")
    yield Rig(executor, docker_image, "gpus", tmp_path)
    for execution in await executor.orphans():
        await executor.cancel(execution)
    await executor.close()


def wants(job: Job, gpus: int) -> Job:
    return replace(job, spec=replace(job.spec, gpu=gpus))


async def devices_of(rig: Rig, job: Job) -> str:
    """What the module sees, once it has begun."""
    async for chunk in rig.executor.logs(job.execution_id):
        return chunk.data.decode()
    raise AssertionError("it has written nothing")


async def test_gpus__asked_for__are_given_whole_to_one_container_alone(two: Rig) -> None:
    first, second, third = (wants(two.job(STAYS), 1) for _ in range(3))
    await two.start(first)
    await two.start(second)
    assert {await devices_of(two, first), await devices_of(two, second)} == {ONE, OTHER}

    with pytest.raises(ExecutorFaultError, match=r"not so many GPUs are free.*wanted=1, free=0, there=2"):
        await two.start(third)

    await two.executor.cancel(first.execution_id)
    await two.start(third)
    assert {await devices_of(two, second), await devices_of(two, third)} == {ONE, OTHER}

    both, none = wants(two.job(WHICH), 2), two.job(WHICH)
    await two.finish(none)
    assert none.stdout == b"none"
    for job in (second, third):
        await two.executor.cancel(job.execution_id)
    await two.finish(both)
    assert both.stdout.decode().split(",") == [ONE, OTHER]


async def test_gpus__after_a_restart_and_for_another_agent__are_still_whose_they_were(
    two: Rig, engine: PrivateEngine
) -> None:
    job = wants(two.job(STAYS), 2)
    await two.start(job)
    for namespace in ("gpus", "mediator"):
        other = DockerExecutor(engine.address, namespace=namespace)
        late = wants(two.job(WHICH), 1)
        with pytest.raises(ExecutorFaultError, match="not so many GPUs are free"):
            await other.start(late.execution_id, late.spec, late.inputs, late.output)
        await other.close()


async def test_gpus__of_many_who_begin_at_once__go_to_no_two(two: Rig) -> None:
    jobs = [wants(two.job(STAYS), 1) for _ in range(4)]
    ends = await asyncio.gather(*map(two.start, jobs), return_exceptions=True)
    begun = [job for job, end in zip(jobs, ends, strict=True) if end is None]
    assert len(begun) == 2
    assert {await devices_of(two, job) for job in begun} == {ONE, OTHER}
    assert all(isinstance(end, ExecutorFaultError) for end in ends if end is not None)


async def test_gpus__of_a_container_that_has_ended__are_free_before_its_result_is_fetched(two: Rig) -> None:
    done, late = wants(two.job(WHICH), 2), wants(two.job(WHICH), 2)
    await two.start(done)
    await two.finish(two.job("import time; time.sleep(0.5)"))
    await two.finish(late)
    assert late.stdout == f"{ONE},{OTHER}".encode()
    await two.executor.wait(done.execution_id)
    assert done.stdout == late.stdout


async def test_executor__that_may_hand_out_one__hands_out_no_other(
    two: Rig, engine: PrivateEngine, tmp_path: Path
) -> None:
    executor = DockerExecutor(engine.address, namespace="gpus", gpus=Gpus(lambda: ["1"]))
    job, large = wants(two.job(WHICH), 1), wants(two.job(WHICH), 2)
    await executor.start(job.execution_id, job.spec, job.inputs, job.output)
    await executor.wait(job.execution_id)
    assert job.stdout == b"1"
    with pytest.raises(ExecutorFaultError, match="wanted=2, free=1, there=1"):
        await executor.start(large.execution_id, large.spec, large.inputs, large.output)
    await executor.close()


async def test_check__of_an_engine_with_the_toolkit__leaves_nothing_behind(engine: PrivateEngine, two: Rig) -> None:
    images = two.executor._client().images.list(all=True)
    await asyncio.to_thread(check_gpus, engine.address)
    assert two.executor._client().images.list(all=True) == images
    assert two.executor._client().containers.list(all=True) == []


def test_check__of_an_engine_without_the_toolkit__says_what_the_engine_said(driver: Path, docker_image: str) -> None:
    with pytest.raises(ExecutorFaultError, match="could not select device driver"):
        check_gpus(DEFAULT_ENGINE)


def test_check__without_an_engine__says_so(driver: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineAwayError, match="no Docker engine listens here"):
        check_gpus(f"unix://{tmp_path}/none.sock")


def test_find__with_a_driver__tells_names_and_sizes(driver: Path) -> None:
    assert find_gpus() == (Gpu(ONE, 24576), Gpu(OTHER, 16384))


@pytest.mark.parametrize("text", ["exit 9", "kill -SEGV $$", "echo No devices were found", "echo 'GPU-1, [N/A]'"])
def test_find__with_a_driver_that_is_not_well__finds_none(driver: Path, text: str) -> None:
    program(driver, "nvidia-smi", text)
    assert find_gpus() == ()


def test_find__with_a_driver_that_hangs__finds_none(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(driver, "nvidia-smi", "exec sleep 60")
    monkeypatch.setattr(gpus, "PATIENCE", 0.1)
    assert find_gpus() == ()


def test_parse__of_nothing__is_nothing() -> None:
    assert parse_gpus("\n") == ()
