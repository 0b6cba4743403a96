"""WASM executor: the same job gives the same bytes and the same count, whatever process, whatever else runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from .wasm_rig import Job, WasmRig

RUN_ONE = """
import asyncio, json, pickle, sys
from pathlib import Path
from lilypad.executors.wasm import WasmExecutor

async def main():
    job, cache = pickle.load(open(sys.argv[1], "rb"))
    executor = WasmExecutor(Path(cache))
    await executor.start("other", job["spec"], job["inputs"], Path(sys.argv[2]))
    result = await executor.wait("other")
    await executor.close()
    print(json.dumps([int(result.exit_status), result.instruction_count]))

asyncio.run(main())
"""
PROBE = {"env": (("B", "2"), ("A", "1 1")), "seed": b"seed", "inputs": {"greeting": b"hi", "z/y": b"1"}}


async def _run_in_process(job: Job, output: Path, hash_seed: str) -> tuple[list[int], dict[str, bytes]]:
    import pickle

    packed = output.with_suffix(".pickle")
    cache = output.with_suffix(".cache")
    packed.write_bytes(pickle.dumps(({"spec": job.spec, "inputs": job.inputs}, str(cache))))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": f"UTC-{hash_seed}"}
    command = [sys.executable, "-c", RUN_ONE, str(packed), str(output)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), Job("other", job.spec, job.inputs, output).files


async def test_run__in_two_other_processes__gives_the_same_bytes_and_count(wasm: WasmRig) -> None:
    result, job = await wasm.run("probe", "an argument", "ünïcode", **PROBE)
    others = [
        await _run_in_process(job, wasm.directory / f"process-{number}", hash_seed=str(number)) for number in (1, 2)
    ]

    here = ([int(result.exit_status), result.instruction_count], job.files)
    assert result.exit_status == 0
    assert others == [here, here]


async def test_run__many_at_once__each_gets_its_own_end(wasm: WasmRig) -> None:
    """Ends do not leak from one thread to another: exit codes, traps, budgets, counts."""
    modules = [("exit3", {}), ("endless", {"instructions": 300_000}), ("probe", PROBE), (DIVIDE_BY_ZERO, {})]
    alone = [await wasm.run(module, **options) for module, options in modules]
    together = await asyncio.gather(*(wasm.run(module, **options) for _ in range(10) for module, options in modules))

    for number, (result, job) in enumerate(together):
        expected, expected_job = alone[number % len(modules)]
        assert (result, job.files) == (expected, expected_job.files)


DIVIDE_BY_ZERO = """(module (memory (export "memory") 1) (func (export "_start") (local i32)
    (drop (i32.div_u (i32.const 1) (local.get 0)))))"""


async def test_run__what_a_module_can_see__is_written_down_here(wasm: WasmRig) -> None:
    """Changing any of this changes results: bump HOST_VERSION."""
    result, job = await wasm.run("probe", "an argument", **PROBE)

    lines = job.stdout.decode().splitlines()
    assert lines[:6] == [
        "arg module",
        "arg an argument",
        "env B=2",
        "env A=1 1",
        "real 946684800 0 monotonic 0 1000000",
        "after a rest 5 2000000",
    ]
    assert lines[6] == hashlib.shake_256(
        hashlib.sha256(b"lilypad wasi random" + b"seed").digest() + bytes(8)
    ).hexdigest(16)
    assert lines[7:11] == [f"{name} 7ff8000000000000" for name in ("0/0", "inf-inf", "-nan+1", "sqrt(-1)")]
    assert lines[12] == "inode 2 mtime 0 size 2"
    assert lines[13].endswith("terminal 0")
    assert result.exit_status == 0


async def test_run__another_seed__gives_other_random_bytes_and_nothing_else(wasm: WasmRig) -> None:
    _, one = await wasm.run("probe", **PROBE)
    _, two = await wasm.run("probe", **{**PROBE, "seed": b"other"})

    differing = [a != b for a, b in zip(one.stdout.splitlines(), two.stdout.splitlines(), strict=True)]
    assert sum(differing) == 1
