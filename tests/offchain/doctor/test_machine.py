"""What the doctor says of machines that are not like this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from lilypad.doctor import machine
from lilypad.doctor.findings import Finding, Level
from lilypad.doctor.machine import examine_clock, examine_disk, examine_docker, examine_wasm
from lilypad.settings import Settings

GOOD = {
    "ServerVersion": "20.10.24",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "CgroupVersion": "2",
    **dict.fromkeys(("MemoryLimit", "SwapLimit", "PidsLimit", "CpuCfsQuota"), True),
    "SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns"],
    "Runtimes": {"runc": {}},
    "DefaultRuntime": "runc",
}


@asynccontextmanager
async def engine(socket: Path, info: dict[str, Any]) -> AsyncIterator[str]:
    """A Docker engine, as far as the doctor asks it."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(info)

    app = web.Application()
    app.router.add_get("/info", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    try:
        yield f"unix://{socket}"
    finally:
        await runner.cleanup()


async def examine(folder: Path, **other: Any) -> dict[str, Finding]:
    async with engine(folder / "docker.sock", GOOD | other) as address:
        return {finding.check: finding for finding in await examine_docker(address)}


async def test_docker__of_a_good_engine__is_all_well(tmp_path: Path) -> None:
    found = await examine(tmp_path)
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert found["cgroup"].text.startswith("version 2")


@pytest.mark.parametrize(
    ("other", "check", "says"),
    [
        ({"SwapLimit": False}, "cgroup", "SwapLimit"),
        ({"MemoryLimit": False, "PidsLimit": False}, "cgroup", "MemoryLimit, PidsLimit"),
        ({"SecurityOptions": []}, "seccomp", "every system call"),
        ({"SecurityOptions": ["name=seccomp,profile=unconfined"]}, "seccomp", "every system call"),
        ({"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}, "docker", "containerd's image store"),
    ],
)
async def test_docker__with_something_missing__is_broken_and_says_what_to_do(
    tmp_path: Path, other: dict[str, Any], check: str, says: str
) -> None:
    finding = (await examine(tmp_path, **other))[check]
    assert finding.level is Level.BROKEN
    assert says in finding.text
    assert finding.fix


async def test_docker__that_runs_everything_in_gvisor__is_broken_and_says_what_to_do(tmp_path: Path) -> None:
    found = await examine(tmp_path, Runtimes={"runc": {}, "runsc": {}}, DefaultRuntime="runsc")
    assert found["runtime"].level is Level.BROKEN
    assert "default-runtime" in found["runtime"].fix
    assert "runtime" not in await examine(tmp_path, Runtimes={"runc": {}, "runsc": {}}, DefaultRuntime="runc")


@pytest.mark.parametrize(("options", "says"), [(["name=userns"], "nobody on this machine"), ([], "userns-remap")])
async def test_docker__tells_whether_the_users_of_containers_are_apart(
    tmp_path: Path, options: list[str], says: str
) -> None:
    found = await examine(tmp_path, SecurityOptions=["name=seccomp,profile=default", *options])
    assert says in found["users"].text


async def test_docker__that_is_not_there__is_no_more_than_a_warning(tmp_path: Path) -> None:
    (finding,) = await examine_docker(f"unix://{tmp_path}/none.sock")
    assert finding.level is Level.WARNING
    assert "docker.io" in finding.fix


async def test_wasm__has_run_a_module() -> None:
    (finding,) = await examine_wasm()
    assert finding.level is Level.OK, finding.text


async def test_wasm__that_cannot_run_it__is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "EMPTY_MODULE", b"\0asm broken")
    (finding,) = await examine_wasm()
    assert finding.level is Level.BROKEN
    assert finding.fix


@pytest.mark.parametrize(
    ("free", "level"),
    [(20 << 30, Level.OK), (19 << 30, Level.WARNING), (5 << 30, Level.WARNING), (1 << 20, Level.BROKEN)],
)
def test_disk__by_the_room_left__is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    class Usage:
        def __init__(self, _: Path) -> None:
            self.free = free

    monkeypatch.setattr("lilypad.doctor.machine.shutil.disk_usage", Usage)
    (finding,) = examine_disk(Settings(data=tmp_path / "not" / "yet" / "there"))
    assert finding.level is level
    assert bool(finding.fix) is (level is not Level.OK)


def test_clock__whatever_the_kernel_says__is_never_broken() -> None:
    (finding,) = examine_clock()
    assert finding.level in (Level.OK, Level.WARNING)


@pytest.mark.parametrize(("status", "level"), [(0, Level.OK), (machine.UNSYNCHRONISED, Level.WARNING)])
def test_clock__by_the_kernel_s_status__is_judged(monkeypatch: pytest.MonkeyPatch, status: int, level: Level) -> None:
    class Library:
        def __init__(self, *_: object, **__: object) -> None: ...

        def adjtimex(self, answer: Any) -> int:
            answer[40:44] = status.to_bytes(4, "little")
            return 0

    monkeypatch.setattr("lilypad.doctor.machine.ctypes.CDLL", Library)
    (finding,) = examine_clock()
    assert finding.level is level
