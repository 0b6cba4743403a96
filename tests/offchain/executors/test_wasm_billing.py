"""WASM executor: nothing is free. What the host does for a module costs instructions, known beforehand."""

from __future__ import annotations

import pytest

from lilypad.executors.wasi import meter
from lilypad.types import ExitStatus

from .wasm_rig import MIB, WasmRig

CALL = '(import "wasi_snapshot_preview1" "{name}" (func $call {params} (result i32)))'


def calling(name: str, *numbers: int, times: int = 1, pages: int = 1, data: str = "") -> str:
    """A module that makes one WASI call some times, and traps if it fails."""
    params = " ".join("(param i64)" if name == "fd_pwrite" and i == 3 else "(param i32)" for i in range(len(numbers)))
    pushed = " ".join(
        f"({'i64' if name == 'fd_pwrite' and i == 3 else 'i32'}.const {n})" for i, n in enumerate(numbers)
    )
    return f"""(module {CALL.format(name=name, params=params)}
        (memory (export "memory") {pages}) {data}
        (func (export "_start") (local i32) (local.set 0 (i32.const {times}))
          (loop $again
            (if (call $call {pushed}) (then unreachable))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""


async def _cost(wasm: WasmRig, text: str) -> int:
    result, _ = await wasm.run(text)
    assert result.exit_status == 0
    return result.instruction_count


async def test_bill__host_call__costs_at_least_its_price(wasm: WasmRig) -> None:
    once = await _cost(wasm, calling("sched_yield"))
    often = await _cost(wasm, calling("sched_yield", times=101))

    assert once > meter.PER_CALL
    assert meter.PER_CALL * 100 < often - once < (meter.PER_CALL + 20) * 100


async def test_bill__random_bytes__are_paid_for_by_the_byte(wasm: WasmRig) -> None:
    little = await _cost(wasm, calling("random_get", 0, 10, pages=20))
    much = await _cost(wasm, calling("random_get", 0, 10 + MIB, pages=20))

    assert much - little == meter.PER_RANDOM_BYTE * MIB


async def test_bill__log_bytes_that_are_cut_off__are_paid_for_all_the_same(wasm: WasmRig) -> None:
    one_buffer = r'(data (i32.const 0) "\00\00\00\00\00\00\10\00")'  # 1 MiB from address 0
    text = calling("fd_write", 1, 0, 1, 64, times=50, pages=20, data=one_buffer)

    assert await _cost(wasm, text) > 50 * MIB * meter.PER_BYTE


async def test_bill__call_that_the_budget_does_not_cover__is_not_begun(wasm: WasmRig) -> None:
    text = calling("random_get", 0, 16 * MIB, pages=300)
    result, _ = await wasm.run(text, instructions=MIB)

    assert (result.exit_status, result.instruction_count) == (ExitStatus.OUT_OF_BUDGET, MIB)


WORK = "(local.set 0 (i32.const 100000)) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"


@pytest.mark.parametrize(
    ("end", "count"),
    [
        ("unreachable", 500_003),  # where the engine knows the count, it is exact
        ("(drop (i32.load (i32.const -8)))", 10_000_000),  # where it does not, the whole budget is due
        ("(drop (i32.div_u (i32.const 1) (local.get 0)))", 10_000_000),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", 10_000_000),
        ("(drop (i32.trunc_f32_u (f32.const nan)))", 10_000_000),
        ("(call_indirect (local.get 0))", 10_000_000),
    ],
)
async def test_bill__trap__cannot_hide_the_work_before_it(wasm: WasmRig, end: str, count: int) -> None:
    text = f"""(module (memory (export "memory") 1) (table 1 funcref)
        (func (export "_start") (local i32) {WORK} {end}))"""
    result, job = await wasm.run(text, instructions=10_000_000)

    assert (result.exit_status, result.instruction_count) == (ExitStatus.TRAPPED, count)
    assert job.files["exitCode"] == b"257\n"


async def test_bill__filling_memory__is_paid_for_by_the_byte(wasm: WasmRig) -> None:
    """The engine counts this one itself; another version might not."""
    text = f"""(module (memory (export "memory") 300) (func (export "_start")
        (memory.fill (i32.const 0) (i32.const 1) (i32.const {16 * MIB}))))"""

    assert await _cost(wasm, text) >= 16 * MIB


async def test_bill__new_directory__is_paid_for_with_its_place_on_the_disk(wasm: WasmRig) -> None:
    text = calling("path_create_directory", 4, 0, 1, data='(data (i32.const 0) "d")')

    assert await _cost(wasm, text) > meter.PER_NODE
