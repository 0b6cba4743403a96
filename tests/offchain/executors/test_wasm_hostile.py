"""WASM executor: a module that means harm gets an error number, pays for it, and everything goes on."""

from __future__ import annotations

import asyncio

import pytest

from lilypad.executors.wasi.errno import Errno
from lilypad.executors.wasi.host import CALLS
from lilypad.types import ExitStatus

from .wasm_rig import MIB, WasmRig

HIGH = 0xFFFF_FFF8
END_OF_PAGE = 65_536


def exits_with(name: str, *numbers: int, data: str = "", before: str = "") -> str:
    """A module that makes one WASI call and exits with the error number that it got."""
    call = CALLS[name]
    types = ["i32" if letter == "i" else "i64" for letter in call.signature]
    pushed = " ".join(f"({t}.const {n})" for t, n in zip(types, numbers, strict=True))
    return f"""(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "{name}" (func $call (param {" ".join(types)}) (result i32)))
        (memory (export "memory") 1) {data}
        (func (export "_start") {before} (call $exit (call $call {pushed}))))"""


@pytest.mark.parametrize(
    ("name", "numbers", "errno"),
    [
        # pointers outside the memory
        ("args_sizes_get", (HIGH, 0), Errno.FAULT),
        ("args_get", (0, HIGH), Errno.FAULT),
        ("clock_time_get", (0, 0, END_OF_PAGE - 7), Errno.FAULT),
        ("random_get", (0, END_OF_PAGE + 1), Errno.FAULT),
        ("random_get", (0, 0xFFFF_FFFF), Errno.FAULT),
        ("fd_prestat_dir_name", (3, HIGH, 100), Errno.FAULT),
        ("fd_readdir", (3, 8, 0xFFFF_FFFF, 0, 0), Errno.FAULT),
        ("fd_write", (1, HIGH, 1, 0), Errno.FAULT),
        ("fd_write", (1, 0, 0, END_OF_PAGE), Errno.FAULT),
        ("path_open", (3, 0, HIGH, 4, 0, 0, 0, 0, 0), Errno.FAULT),
        # counts and lengths beyond reason
        ("fd_write", (1, 0, 0x2000_0001, 0), Errno.INVAL),
        ("fd_read", (0, 0, 1, HIGH), Errno.FAULT),
        ("fd_write", (4, 0, 1, 0), Errno.ISDIR),
        ("poll_oneoff", (0, 0, 0xFFFF_FFFF, 0), Errno.INVAL),
        ("poll_oneoff", (0, 0, 0, 0), Errno.INVAL),
        ("path_open", (3, 0, 0, 60_000, 0, 0, 0, 0, 0), Errno.NAMETOOLONG),
        ("fd_filestat_set_size", (4, 1 << 62), Errno.ISDIR),
        # descriptors that are not there, or something else
        ("fd_read", (99, 0, 1, 0), Errno.BADF),
        ("fd_close", (0xFFFF_FFFF,), Errno.BADF),
        ("fd_seek", (1, 0, 0, 0), Errno.SPIPE),
        ("fd_prestat_get", (5, 0), Errno.BADF),
        ("fd_renumber", (3, 7), Errno.BADF),
        ("path_open", (1, 0, 0, 1, 0, 0, 0, 0, 0), Errno.NOTDIR),
        # what this host does not have
        ("sock_accept", (3, 0, 0), Errno.NOSYS),
        ("path_symlink", (0, 1, 4, 0, 1), Errno.NOTSUP),
        ("clock_time_get", (77, 0, 0), Errno.INVAL),
    ],
)
async def test_call__abused__fails_with_an_error_number(
    wasm: WasmRig, name: str, numbers: tuple[int, ...], errno: Errno
) -> None:
    result, _ = await wasm.run(exits_with(name, *numbers))

    assert result.exit_status == errno


@pytest.mark.parametrize(
    ("path", "errno"),
    [
        ("..", Errno.NOTCAPABLE),
        ("a/../..", Errno.NOENT),
        ("./../greeting", Errno.NOTCAPABLE),
        ("/etc/passwd", Errno.NOTCAPABLE),
        ("", Errno.NOENT),
        ("greeting/..", Errno.NOTDIR),
        ("greeting/", Errno.NOTDIR),
    ],
)
async def test_path__that_leads_out__is_refused(wasm: WasmRig, path: str, errno: Errno) -> None:
    text = exits_with("path_open", 3, 0, 0, len(path), 0, 2, 0, 0, 100, data=f'(data (i32.const 0) "{path}")')
    result, _ = await wasm.run(text)

    assert result.exit_status == errno


@pytest.mark.parametrize("name", [r"\ff", r"a\00b", r"a\0ab", r"a\5cb", r"\c2\85", "x" * 201])
async def test_path__name_that_not_every_disk_can_hold__is_refused(wasm: WasmRig, name: str) -> None:
    length = name.count("\\") * -2 + len(name)
    text = exits_with("path_create_directory", 4, 0, length, data=f'(data (i32.const 0) "{name}")')
    result, job = await wasm.run(text)

    assert result.exit_status in (Errno.ILSEQ, Errno.NAMETOOLONG)
    assert not any((job.output / "outputs").iterdir())


async def test_write__same_buffer_a_thousand_times__is_paid_for_not_held_in_memory(wasm: WasmRig) -> None:
    """1000 buffers of one MiB each, all at the same address: a gigabyte of log for 8 kB of pointers."""
    buffer_list = r"\00\00\00\00\00\00\10\00" * 1000
    text = f"""(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 20) (data (i32.const 0) "{buffer_list}")
        (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1000) (i32.const 9000)))))"""
    poor, _ = await wasm.run(text, instructions=1000 * MIB)
    rich, job = await wasm.run(text, instructions=1100 * MIB)

    assert poor.exit_status == ExitStatus.OUT_OF_BUDGET
    assert rich.exit_status == 0
    assert len(job.stdout) == MIB


async def test_exit__module_that_goes_on_after_it__cannot_do_anything_more(wasm: WasmRig) -> None:
    text = r"""(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\05\00\00\00after")
        (func (export "_start")
          (call $exit (i32.const 7))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
          (call $exit (i32.const 8))
          (loop $for_ever (br $for_ever))))"""
    result, job = await wasm.run(text)

    assert result.exit_status == 7
    assert job.stdout == b""
    assert result.instruction_count < 30_000


@pytest.mark.parametrize(("code", "status"), [(255, 255), (256, 0), (-1, 255)])
async def test_exit__code__is_its_lowest_byte(wasm: WasmRig, code: int, status: int) -> None:
    text = f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const {code}))))"""
    result, _ = await wasm.run(text)

    assert result.exit_status == status


async def test_start_section__that_calls_the_host__is_served_and_may_trap(wasm: WasmRig) -> None:
    text = r"""(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\05\00\00\00early")
        (func $early (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) unreachable)
        (start $early) (func (export "_start")))"""
    result, job = await wasm.run(text)

    assert result.exit_status == ExitStatus.TRAPPED
    assert job.stdout == b"early"


async def test_sleep__for_centuries__takes_no_time(wasm: WasmRig) -> None:
    subscription = r"\00" * 24 + r"\ff" * 8 + r"\00" * 16
    text = exits_with("poll_oneoff", 0, 100, 1, 200, data=f'(data (i32.const 0) "{subscription}")')
    async with asyncio.timeout(20):
        result, _ = await wasm.run(text)

    assert result.exit_status == 0
