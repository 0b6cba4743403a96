"""WASM executor: what an ordinary job leaves behind, and how each kind of end is reported."""

from __future__ import annotations

import pytest

from lilypad.errors import ExecutorFaultError, ModuleInvalidError
from lilypad.executors.base import Executor
from lilypad.executors.wasm import ENGINE_NAME, ENGINE_VERSION, HOST_VERSION, WasmExecutor
from lilypad.types import ExitStatus

from .wasm_rig import MIB, WasmRig


def test_executor__keeps_the_promises_of_the_interface(wasm: WasmRig) -> None:
    executor: Executor = wasm.executor
    assert isinstance(executor, WasmExecutor)


def test_versions__are_those_that_module_manifests_pin() -> None:
    assert (ENGINE_NAME, ENGINE_VERSION, HOST_VERSION) == ("wasmtime", "50.0.1", 1)


async def test_run__ordinary_job__leaves_exactly_the_result_directory(wasm: WasmRig) -> None:
    result, job = await wasm.run("exit3")

    assert result.exit_status == 3
    assert job.files == {"stdout": b"out\n", "stderr": b"err\n", "exitCode": b"3\n"}
    assert (job.output / "outputs").is_dir()


async def test_run__out_of_budget__is_a_result_that_costs_exactly_the_limit(wasm: WasmRig) -> None:
    result, job = await wasm.run("endless", instructions=1_234_567)

    assert result.exit_status == ExitStatus.OUT_OF_BUDGET
    assert result.instruction_count == 1_234_567
    assert job.files == {"stdout": b"begun\n", "stderr": b"", "exitCode": b"256\n"}


async def test_run__budget_of_one_instruction__is_out_of_budget(wasm: WasmRig) -> None:
    result, job = await wasm.run("exit3", instructions=1)

    assert (result.exit_status, result.instruction_count) == (ExitStatus.OUT_OF_BUDGET, 1)
    assert job.stdout == b""


async def test_run__one_instruction_less_than_needed__is_out_of_budget(wasm: WasmRig) -> None:
    enough, _ = await wasm.run("log_flood", "5000")
    same, _ = await wasm.run("log_flood", "5000", instructions=enough.instruction_count + 1)
    less, _ = await wasm.run("log_flood", "5000", instructions=enough.instruction_count - 40_000)

    assert same == enough
    assert less.exit_status == ExitStatus.OUT_OF_BUDGET


async def test_run__wall_clock__is_a_fault_and_leaves_no_output(wasm: WasmRig) -> None:
    job = wasm.job("endless", instructions=10**15, wall_seconds=0.2)

    with pytest.raises(ExecutorFaultError, match="wall clock"):
        await wasm.finish(job)
    assert not job.output.exists()


async def test_run__stack_overflow__is_a_fault(wasm: WasmRig) -> None:
    with pytest.raises(ExecutorFaultError, match="call stack"):
        await wasm.run("recurse")


async def test_run__memory_beyond_the_limit__is_refused_to_the_module(wasm: WasmRig) -> None:
    small, small_job = await wasm.run("memory_bomb", memory_bytes=16 * MIB)
    large, large_job = await wasm.run("memory_bomb", memory_bytes=64 * MIB)

    assert small.exit_status == large.exit_status == 0
    assert 1 <= int(small_job.stdout) < 16 <= int(large_job.stdout) < 64


async def test_run__logs_beyond_the_limit__are_cut_off_at_exactly_the_limit(wasm: WasmRig) -> None:
    result, job = await wasm.run("log_flood", "2500000", log_bytes=1_048_577)

    assert result.exit_status == 0
    assert job.stdout == job.stderr == b"x" * 1_048_577


async def test_run__outputs_beyond_the_limit__are_refused_to_the_module(wasm: WasmRig) -> None:
    result, job = await wasm.run("big_outputs", output_bytes=5 * MIB + 100)

    assert result.exit_status == 0
    assert job.stdout == b"5 files, full, freed\n"
    assert sorted(job.files) == [
        "exitCode", "outputs/001", "outputs/002", "outputs/003", "outputs/004", "outputs/again", "stderr", "stdout",
    ]  # fmt: skip


async def test_run__directories__are_listed_in_the_order_of_their_names(wasm: WasmRig) -> None:
    inputs = {"b": b"", "a": b"", "ä": b"", "B": b"", "dir/x": b"", "10": b"", "9": b""}
    _, job = await wasm.run("listing", inputs=inputs)

    assert job.stdout.decode().splitlines() == [
        "removed 500",
        "left 0, gone",
        *("file 10", "file 9", "file B", "file a", "file b", "dir dir", "file ä"),
    ]


async def test_run__paths_outside_the_mounts__do_not_exist(wasm: WasmRig) -> None:
    result, job = await wasm.run("escape")

    assert job.stdout == b""
    assert result.exit_status == 0
    assert (job.inputs / "greeting").read_bytes() == b"hello\n"


@pytest.mark.parametrize(
    ("wasm_bytes", "complaint"),
    [
        (b"", "does not begin with"),
        (b"(module)", "does not begin with"),
        (b"\0asm\1\0\0\0 and then nonsense", "not a WebAssembly module that this host can run"),
    ],
)
async def test_start__not_a_module__is_rejected(wasm: WasmRig, wasm_bytes: bytes, complaint: str) -> None:
    file = wasm.directory / "bad.wasm"
    file.write_bytes(wasm_bytes)

    with pytest.raises(ModuleInvalidError, match=complaint):
        await wasm.start(wasm.job(file))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('(module (memory (export "memory") 1))', "no function _start"),
        ('(module (memory (export "memory") 1) (func (export "_start") (param i32)))', "no function _start"),
        ('(module (func (export "_start")))', "no memory"),
        (
            '(module (memory (export "memory") 9999) (func (export "_start")))',
            "Raise the manifest's memory limit",
        ),
        ('(module (import "env" "f" (func)))', "imports env.f"),
        ('(module (import "wasi_snapshot_preview1" "fd_read" (func (param i64))))', "fd_read"),
        ('(module (import "wasi_snapshot_preview1" "args_get" (memory 1)))', "args_get"),
        ('(module (memory i64 1) (func (export "_start")))', "64-bit memory"),
        ('(module (memory 1 1 shared) (func (export "_start")))', "threads"),
    ],
)
async def test_start__module_that_this_host_cannot_serve__is_rejected(wasm: WasmRig, text: str, complaint: str) -> None:
    with pytest.raises(ModuleInvalidError, match=complaint):
        await wasm.start(wasm.job(text))


async def test_start__artifact_is_not_what_the_spec_says__is_rejected(wasm: WasmRig) -> None:
    copy = wasm.directory / "copy.wasm"
    copy.write_bytes(wasm.job("exit3").spec.artifact_digest)
    job = wasm.job(copy)
    copy.write_bytes(b"something else")

    with pytest.raises(ModuleInvalidError, match="not the one that its manifest names"):
        await wasm.start(job)


@pytest.mark.parametrize("instructions", [0, -1, 1 << 63])
async def test_start__instruction_limit_that_no_engine_can_count_to__is_rejected(
    wasm: WasmRig, instructions: int
) -> None:
    with pytest.raises(ModuleInvalidError, match="instruction limit"):
        await wasm.start(wasm.job("exit3", instructions=instructions))


async def test_run__largest_instruction_limit__is_counted_as_any_other(wasm: WasmRig) -> None:
    usual, _ = await wasm.run("probe")
    largest, _ = await wasm.run("probe", instructions=(1 << 63) - 1)

    assert largest == usual


async def test_run__host_call_at_the_bottom_of_a_deep_stack__is_served(wasm: WasmRig) -> None:
    text = """(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func $deeper (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.add (call $yield) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
            (else (call $exit (i32.const 9)) (i32.const 0))))
        (func (export "_start") (drop (call $deeper (i32.const 8000)))))"""
    result, _ = await wasm.run(text)

    assert result.exit_status == 9
