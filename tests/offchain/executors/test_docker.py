"""Docker executor: ordinary jobs, and everything that keeps a job from beginning."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.errors import ExecutorFaultError, ModuleInvalidError
from lilypad.executors.base import Executor
from lilypad.executors.docker import DockerExecutor
from lilypad.types import ExitStatus

from .docker_rig import MIB, SECOND, Rig

pytestmark = pytest.mark.docker

GREET = """
import os, sys
print(open("/inputs/greeting").read().upper(), end="")
print("careful", file=sys.stderr)
os.makedirs("/outputs/deep/er")
open("/outputs/deep/er/file", "wb").write(bytes(range(256)) * 1000)
open("/outputs/empty", "w").close()
"""


async def test_run__ordinary_job__leaves_exactly_the_result_directory(rig: Rig) -> None:
    result, job = await rig.run(GREET)

    assert result.exit_status == 0
    assert 0 < result.instruction_count < 2 * SECOND
    assert {path.name for path in job.output.iterdir()} == {"stdout", "stderr", "exitCode", "outputs"}
    assert (job.stdout, job.stderr, job.exit_code) == (b"HELLO\n", b"careful\n", b"0\n")
    assert job.outputs == {
        "deep/": b"",
        "deep/er/": b"",
        "deep/er/file": bytes(range(256)) * 1000,
        "empty": b"",
    }


@pytest.mark.parametrize(("script", "status"), [("raise SystemExit(3)", 3), ("import os; os.abort()", 134)])
async def test_run__job_that_fails__is_a_result(rig: Rig, script: str, status: int) -> None:
    result, job = await rig.run(f"print('so far', flush=True); {script}")

    assert result.exit_status == ExitStatus(status)
    assert job.exit_code == b"%d\n" % status
    assert job.stdout == b"so far\n"


async def test_run__logs_of_any_bytes__come_out_unchanged(rig: Rig) -> None:
    script = "import os; [os.write(1, bytes([n])) for n in range(256)]; os.write(2, b'no newline')"
    _, job = await rig.run(script)

    assert job.stdout == bytes(range(256))
    assert job.stderr == b"no newline"


async def test_run__large_output__comes_out_unchanged(rig: Rig) -> None:
    script = "open('/outputs/large', 'wb').write(bytes(i * i % 251 for i in range(1 << 20)) * 16)"
    _, job = await rig.run(script, output_bytes=16 * MIB)

    assert job.outputs["large"] == bytes(i * i % 251 for i in range(1 << 20)) * 16


async def test_run__files_without_any_permission__come_out(rig: Rig) -> None:
    script = """
import os
os.mkdir("/outputs/dir"); open("/outputs/dir/file", "w").write("kept")
os.chmod("/outputs/dir/file", 0); os.chmod("/outputs/dir", 0); os.chmod("/outputs", 0)
"""
    _, job = await rig.run(script)

    assert job.outputs == {"dir/": b"", "dir/file": b"kept"}


async def test_run__environment__is_fixed_and_the_specs(rig: Rig) -> None:
    script = "import os; print(sorted(os.environ), os.environ['COLOUR'], os.uname().nodename, os.getcwd())"
    _, job = await rig.run(script)

    names = "['COLOUR', 'HOME', 'HOSTNAME', 'LANG', 'LC_ALL', 'PATH', 'PYTHONDONTWRITEBYTECODE', "
    assert job.stdout.decode() == names + "'PYTHONHASHSEED', 'TZ'] green lilypad /\n"


async def test_run__two_at_once__overlap(rig: Rig) -> None:
    meet = "import time; time.sleep(1.5)"
    began = time.monotonic()
    results = await asyncio.gather(rig.run(meet), rig.run(meet))

    assert [result.exit_status for result, _ in results] == [0, 0]
    assert time.monotonic() - began < 2.8


async def test_start__image_that_the_engine_lacks__is_refused(rig: Rig) -> None:
    job = rig.job("pass")
    absent = replace(job.spec, artifact=f"sha256:{bytes(32).hex()}", artifact_digest=bytes(32))

    with pytest.raises(ModuleInvalidError, match="does not have this image"):
        await rig.executor.start(job.execution_id, absent, job.inputs, job.output)
    with pytest.raises(KeyError):
        await rig.executor.wait(job.execution_id)


async def test_start__digest_that_is_not_the_images__is_refused(rig: Rig) -> None:
    job = rig.job("pass")

    with pytest.raises(ModuleInvalidError, match="not the digest"):
        await rig.executor.start(job.execution_id, replace(job.spec, artifact_digest=bytes(32)), job.inputs, job.output)


async def test_wait__command_that_the_image_lacks__is_no_result(rig: Rig) -> None:
    job = rig.job(None, argv=("/no/such/program",))
    await rig.start(job)

    with pytest.raises(ModuleInvalidError, match="cannot run this command"):
        await rig.executor.wait(job.execution_id)
    assert not job.output.exists()


async def test_start__more_cores_than_there_are__is_a_fault(rig: Rig) -> None:
    job = rig.job("pass")

    with pytest.raises(ExecutorFaultError, match="refused"):
        await rig.executor.start(job.execution_id, replace(job.spec, cpu_milli=10_000_000), job.inputs, job.output)
    assert await rig.executor.orphans() == ()


async def test_start__output_directory_in_use__is_a_fault(rig: Rig) -> None:
    job = rig.job("pass")
    job.output.mkdir()
    (job.output / "precious").touch()

    with pytest.raises(ExecutorFaultError, match="not empty"):
        await rig.start(job)
    assert (job.output / "precious").exists()


async def test_start__no_engine__is_a_fault(rig: Rig, tmp_path: Path) -> None:
    job = rig.job("pass")
    executor: Executor = DockerExecutor(f"unix://{tmp_path}/none.sock")

    with pytest.raises(ExecutorFaultError, match="is dockerd running"):
        await executor.start(job.execution_id, job.spec, job.inputs, job.output)
    await executor.close()
