"""Docker executor: executions outlive the agent, and are found again, listed and removed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.docker import DockerExecutor

from .docker_rig import Job, Rig

pytestmark = pytest.mark.docker

COUNT_STARTS = """
import sys, time
print(time.monotonic_ns(), flush=True)
time.sleep({seconds})
"""
TALK = "import sys, time\nprint('first', flush=True)\nprint('aside', file=sys.stderr, flush=True)\ntime.sleep(100)"


async def first_words(executor: DockerExecutor, job: Job) -> bytes:
    """Wait until the job has said something: then it runs."""
    async with aclosing(executor.logs(job.execution_id)) as logs:  # type: ignore[type-var]
        async for chunk in logs:
            return chunk.data
    return b""


async def test_start__again_after_a_restart__adopts_the_running_container(rig: Rig) -> None:
    job = rig.job(COUNT_STARTS.format(seconds=1))
    await rig.start(job)
    said = await first_words(rig.executor, job)
    await rig.executor.close()

    executor = rig.another_executor()
    await executor.start(job.execution_id, job.spec, job.inputs, job.output)
    result = await executor.wait(job.execution_id)
    await executor.close()

    assert result.exit_status == 0
    assert job.stdout == said


async def test_wait__without_start_after_a_restart__finds_a_finished_container(rig: Rig) -> None:
    job = rig.job("print('done')")
    await rig.start(job)
    async for _ in rig.executor.logs(job.execution_id):
        pass  # until it has ended
    await rig.executor.close()

    executor = rig.another_executor()
    result = await executor.wait(job.execution_id)
    await executor.close()

    assert result.exit_status == 0
    assert job.stdout == b"done\n"


async def test_start__collected_before_a_restart__is_not_run_again(rig: Rig) -> None:
    job = rig.job(COUNT_STARTS.format(seconds=0))
    result = await rig.finish(job)
    said = job.stdout
    await rig.executor.close()

    executor = rig.another_executor()
    await executor.start(job.execution_id, job.spec, job.inputs, job.output)
    assert await executor.wait(job.execution_id) == result
    await executor.close()

    assert job.stdout == said
    assert await rig.executor.orphans() == ()


async def test_wait__collection_interrupted_half_way__collects_again(rig: Rig) -> None:
    job = rig.job("open('/outputs/file', 'w').write('whole')")
    part = job.output.with_name(f"{job.output.name}.part")
    part.mkdir()
    (part / "stdout").write_text("half")
    await rig.start(job)
    job.output.mkdir()
    (job.output / "stdout").write_text("moved, but there is no record of it")
    await rig.executor.wait(job.execution_id)

    assert not part.exists()
    assert (job.stdout, job.outputs) == (b"", {"file": b"whole"})


async def test_wait__where_this_machine_cannot_keep_the_output__is_a_fault_and_no_crash(rig: Rig) -> None:
    job = rig.job("print('done')")
    await rig.start(job)
    job.output.with_name(f"{job.output.name}.part").write_text("in the way")
    with pytest.raises(ExecutorFaultError, match="cannot keep the job's files"):
        await rig.executor.wait(job.execution_id)


async def test_wait__twice_at_once__gives_the_same_result(rig: Rig) -> None:
    job = rig.job("print('once')")
    await rig.start(job)
    first, second = await asyncio.gather(*(rig.executor.wait(job.execution_id) for _ in range(2)))

    assert first == second


async def test_wait__given_up__can_be_taken_up_again(rig: Rig) -> None:
    job = rig.job("import time; time.sleep(0.5)")
    await rig.start(job)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(rig.executor.wait(job.execution_id), 0.1)

    assert (await rig.executor.wait(job.execution_id)).exit_status == 0


async def test_start__twice_at_once__runs_one_container(rig: Rig) -> None:
    job = rig.job(COUNT_STARTS.format(seconds=0.3))
    await asyncio.gather(rig.start(job), rig.start(job))
    await rig.executor.wait(job.execution_id)

    assert len(job.stdout.splitlines()) == 1


async def test_start__same_id_for_another_spec__is_a_fault(rig: Rig) -> None:
    job = rig.job(TALK)
    await rig.start(job)
    other = replace(job.spec, argv=("/usr/bin/python3.11", "-V"))

    with pytest.raises(ExecutorFaultError, match="another spec"):
        await rig.executor.start(job.execution_id, other, job.inputs, job.output)
    executor = rig.another_executor()
    with pytest.raises(ExecutorFaultError, match="another spec"):
        await executor.start(job.execution_id, other, job.inputs, job.output)
    await executor.close()


async def test_start__same_id_in_another_namespace__is_another_execution(rig: Rig) -> None:
    job, other = rig.job("print('mine')"), rig.job("print('theirs')")
    executor = DockerExecutor(namespace=f"{rig.namespace}-mediator")
    await rig.start(job)
    await executor.start(job.execution_id, other.spec, other.inputs, other.output)
    await executor.wait(job.execution_id)
    await rig.executor.wait(job.execution_id)
    await executor.close()

    assert (job.stdout, other.stdout) == (b"mine\n", b"theirs\n")


async def test_cancel__running__removes_it_and_ends_the_wait(rig: Rig) -> None:
    job = rig.job(TALK)
    await rig.start(job)
    await first_words(rig.executor, job)
    waiting = asyncio.ensure_future(rig.executor.wait(job.execution_id))
    await asyncio.sleep(0)
    await rig.executor.cancel(job.execution_id)

    with pytest.raises((ExecutorFaultError, KeyError)):
        await waiting
    assert await rig.executor.orphans() == ()
    with pytest.raises(KeyError):
        await rig.executor.wait(job.execution_id)


async def test_cancel__unknown__does_nothing(rig: Rig) -> None:
    await rig.executor.cancel("never heard of")


async def test_orphans__are_the_containers_that_nobody_asked_for(rig: Rig) -> None:
    kept, lost = rig.job(TALK), rig.job(TALK)
    await rig.start(kept)
    await rig.start(lost)
    executor = rig.another_executor()

    assert await executor.orphans({kept.execution_id}) == (lost.execution_id,)
    await executor.cancel(lost.execution_id)
    assert await executor.orphans({kept.execution_id}) == ()
    await executor.close()


async def test_wait__container_killed_from_outside__is_a_fault_not_a_result(rig: Rig) -> None:
    job = rig.job(TALK)
    await rig.start(job)
    await first_words(rig.executor, job)
    container = rig.executor._find(job.execution_id)
    assert container is not None
    container.kill()

    with pytest.raises(ExecutorFaultError, match="without a result"):
        await rig.executor.wait(job.execution_id)
    assert not job.output.exists()


async def test_logs__while_it_runs_and_after_it_ended(rig: Rig) -> None:
    job = rig.job(TALK, wall_seconds=1.5)
    await rig.start(job)
    chunks = []
    async for chunk in rig.executor.logs(job.execution_id):
        chunks.append(chunk)
    await rig.executor.wait(job.execution_id)

    assert {(chunk.stream, chunk.data) for chunk in chunks} == {("stdout", b"first\n"), ("stderr", b"aside\n")}

    short = rig.job("print('first')")
    await rig.finish(short)
    assert [c.data async for c in rig.executor.logs(short.execution_id) if c.data] == [b"first\n"]


async def test_logs__unknown__is_a_key_error(rig: Rig) -> None:
    with pytest.raises(KeyError):
        await anext(aiter(rig.executor.logs("never heard of")))
