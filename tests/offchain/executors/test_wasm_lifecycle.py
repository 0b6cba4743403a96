"""WASM executor: executions by id. Begun once, followed, stopped, found again after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.base import LogChunk
from lilypad.executors.wasi.engine import ModuleCache, new_engine
from lilypad.executors.wasm import WasmExecutor

from .wasm_rig import Job, WasmRig, fixture_module

ENDLESS = {"instructions": 10**15}


async def _read_until(logs: AsyncIterator[LogChunk], end: bytes) -> None:
    seen = b""
    while end not in seen:
        seen += (await anext(logs)).data


async def test_start__again_while_it_runs__joins_the_same_execution(wasm: WasmRig) -> None:
    job = wasm.job("endless", **ENDLESS)
    await asyncio.gather(*(wasm.start(job) for _ in range(5)))
    await wasm.start(job)

    logs = wasm.executor.logs(job.execution_id)
    await _read_until(logs, b"begun\n")
    await wasm.executor.cancel(job.execution_id)
    assert [chunk async for chunk in logs] == []


async def test_start__after_the_end__does_not_run_again(wasm: WasmRig) -> None:
    result, job = await wasm.run("exit3")
    written = (job.output / "stdout").stat().st_mtime_ns

    assert await wasm.finish(job) == result
    assert (job.output / "stdout").stat().st_mtime_ns == written


async def test_start__that_failed__can_be_tried_again(wasm: WasmRig) -> None:
    job = wasm.job("exit3")
    job.output.mkdir()
    (job.output / "something").touch()
    with pytest.raises(ExecutorFaultError, match="in use by something else"):
        await wasm.start(job)

    (job.output / "something").unlink()
    assert (await wasm.finish(job)).exit_status == 3


async def test_wait__several_waiters__all_get_the_result(wasm: WasmRig) -> None:
    job = wasm.job("exit3")
    await wasm.start(job)
    results = await asyncio.gather(*(wasm.executor.wait(job.execution_id) for _ in range(3)))

    assert [r.exit_status for r in results] == [3, 3, 3]


async def test_wait__waiter_gives_up__execution_goes_on(wasm: WasmRig) -> None:
    job = wasm.job("endless", **ENDLESS)
    await wasm.start(job)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wasm.executor.wait(job.execution_id)

    logs = wasm.executor.logs(job.execution_id)
    await _read_until(logs, b"begun\n")


async def test_unknown_id__wait_and_logs_raise__cancel_does_nothing(wasm: WasmRig) -> None:
    await wasm.executor.cancel("nobody")
    with pytest.raises(KeyError):
        await wasm.executor.wait("nobody")
    with pytest.raises(KeyError):
        wasm.executor.logs("nobody")


async def test_cancel__running__stops_it_for_those_who_wait_and_forgets_it(wasm: WasmRig) -> None:
    job = wasm.job("endless", **ENDLESS)
    await wasm.start(job)
    waiting = asyncio.ensure_future(wasm.executor.wait(job.execution_id))
    await _read_until(wasm.executor.logs(job.execution_id), b"begun\n")
    await wasm.executor.cancel(job.execution_id)

    with pytest.raises(ExecutorFaultError, match="cancelled"):
        await waiting
    with pytest.raises(KeyError):
        await wasm.executor.wait(job.execution_id)
    assert not job.output.exists()


async def test_cancel__one_of_two__leaves_the_other_alone(wasm: WasmRig) -> None:
    one, other = wasm.job("endless", **ENDLESS), wasm.job("endless", instructions=50_000_000)
    await asyncio.gather(wasm.start(one), wasm.start(other))
    await wasm.executor.cancel(one.execution_id)

    assert (await wasm.executor.wait(other.execution_id)).instruction_count == 50_000_000


async def test_cancel__waiting_in_line__does_not_wait_for_its_turn(tmp_path: Path) -> None:
    wasm = WasmRig(tmp_path, max_concurrent=1)
    first, second = wasm.job("endless", **ENDLESS), wasm.job("exit3")
    await wasm.start(first)
    await wasm.start(second)
    await asyncio.gather(*(wasm.executor.cancel(second.execution_id) for _ in range(2)))
    again = wasm.job("exit3")
    await wasm.start(again)
    await wasm.executor.cancel(first.execution_id)

    assert (await wasm.executor.wait(again.execution_id)).exit_status == 3
    assert not second.output.exists()
    await wasm.executor.close()


async def test_close__stops_what_runs(tmp_path: Path) -> None:
    wasm = WasmRig(tmp_path)
    job = wasm.job("endless", **ENDLESS)
    await wasm.start(job)
    async with asyncio.timeout(20):
        await wasm.executor.close()

    assert not job.output.exists()


async def test_logs__are_read_while_the_module_runs_and_end_with_it(wasm: WasmRig) -> None:
    job = wasm.job("log_flood", "300000")
    await wasm.start(job)
    stdout = stderr = b""
    async for chunk in wasm.executor.logs(job.execution_id):
        if chunk.stream == "stdout":
            stdout += chunk.data
        else:
            stderr += chunk.data

    assert stdout == stderr == b"x" * 300_000
    assert await _all_logs(wasm, job) == (stdout, stderr)


async def _all_logs(wasm: WasmRig, job: Job) -> tuple[bytes, bytes]:
    chunks = [chunk async for chunk in wasm.executor.logs(job.execution_id)]
    return tuple(b"".join(c.data for c in chunks if c.stream == s) for s in ("stdout", "stderr"))  # type: ignore[return-value]


async def test_restart__finished_execution__is_found_not_run_again(wasm: WasmRig) -> None:
    result, job = await wasm.run("exit3")
    (job.inputs / "greeting").unlink()  # a second run would look different
    restarted = WasmRig(wasm.directory)

    assert await restarted.finish(job) == result
    assert await _all_logs(restarted, job) == (b"out\n", b"err\n")
    await restarted.executor.close()


@pytest.mark.parametrize("damage", ["truncate", "add", "remove", "record"])
async def test_restart__output_is_not_what_was_written__is_a_fault(wasm: WasmRig, damage: str) -> None:
    _, job = await wasm.run("exit3")
    match damage:
        case "truncate":
            (job.output / "stdout").write_bytes(b"")
        case "add":
            (job.output / "outputs" / "more").touch()
        case "remove":
            (job.output / "exitCode").unlink()
        case "record":
            job.output.with_name(f".{job.output.name}.execution.json").write_text("{}")
    restarted = WasmRig(wasm.directory)

    with pytest.raises(ExecutorFaultError, match="in use by something else"):
        await restarted.start(job)
    await restarted.executor.close()


async def test_restart__same_id_for_other_work__is_a_fault(wasm: WasmRig) -> None:
    _, job = await wasm.run("exit3")
    restarted = WasmRig(wasm.directory)

    with pytest.raises(ExecutorFaultError, match="in use by something else"):
        await restarted.start(replace(job, spec=replace(job.spec, argv=("other",))))
    await restarted.executor.close()


async def test_restart__stopped_before_the_output_was_in_place__runs_again(wasm: WasmRig) -> None:
    result, job = await wasm.run("exit3")
    job.output.rename(job.output.with_name(f".{job.output.name}.unfinished"))
    restarted = WasmRig(wasm.directory)

    assert await restarted.finish(job) == result
    assert job.stdout == b"out\n"
    await restarted.executor.close()


async def test_inputs__link__is_a_fault(wasm: WasmRig) -> None:
    job = wasm.job("exit3")
    (job.inputs / "link").symlink_to("/etc/passwd")

    with pytest.raises(ExecutorFaultError, match="neither a file nor a directory"):
        await wasm.finish(job)


def test_module_cache__second_load__comes_from_disk(tmp_path: Path) -> None:
    wasm = fixture_module("exit3").read_bytes()
    cache = ModuleCache(tmp_path / "cache")
    cache.load(new_engine(), wasm)
    path = cache.path_of(wasm)
    first = path.stat().st_mtime_ns
    ModuleCache(tmp_path / "cache").load(new_engine(), wasm)

    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mtime_ns == first
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_module_cache__damaged_entry__is_made_again(wasm: WasmRig) -> None:
    module = fixture_module("exit3").read_bytes()
    cache = ModuleCache(wasm.directory / "cache")
    cache.load(new_engine(), module)
    good = cache.path_of(module).read_bytes()
    cache.path_of(module).write_bytes(good[:100])
    wasm.executor = WasmExecutor(wasm.directory / "cache")

    result, _ = await wasm.run("exit3")
    assert result.exit_status == 3
    assert len(cache.path_of(module).read_bytes()) == len(good)
