"""This machine: room, clock, and the two engines."""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from lilypad.doctor.findings import Finding, broken, ok, warning
from lilypad.errors import LilypadError
from lilypad.executors.container_gpus import check_gpus
from lilypad.executors.container_policy import warden_binary
from lilypad.executors.gpus import find_gpus
from lilypad.executors.wasm import ENGINE_NAME, ENGINE_VERSION, HOST_VERSION, WasmExecutor
from lilypad.ops.engine import engine_says
from lilypad.ops.watch import folder_bytes
from lilypad.settings import Settings
from lilypad.types import Engine, ExecutionSpec, Limits

GIB = 1 << 30
LEAST_DISK, GOOD_DISK = 1 * GIB, 10 * GIB
EMPTY_MODULE = bytes.fromhex(
    "0061736d010000000104016000000302010005030100010713"  # one page of memory, and a _start that does nothing
    "02066d656d6f72790200065f737461727400000a040102000b"
)
UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""


def examine_disk(settings: Settings) -> list[Finding]:
    place = settings.data
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        return [broken("disk", f"{place} cannot be written to", "set LILYPAD_DATA, or give it to this user")]
    free = shutil.disk_usage(place).free
    text = f"{free / GIB:.1f} GiB free for {settings.data}"
    if free < LEAST_DISK:
        return [broken("disk", text, "make room, or set LILYPAD_DATA to a larger disk: journals must never fail")]
    if free < GOOD_DISK:
        return [warning("disk", text, "make room, or lower LILYPAD_DISK_QUOTA, before a deal fails for want of it")]
    kept = sum(folder_bytes(store) for store in settings.data.glob("*/*/*/blocks"))
    if settings.disk_quota > free + kept:
        more = f"{text}, less than LILYPAD_DISK_QUOTA allows to be kept"
        return [warning("disk", more, f"set it to {(free + kept) * 3 // 4 // GIB}GiB, or make room")]
    return [ok("disk", text)]


def examine_clock() -> list[Finding]:
    """Whether the kernel knows of anybody who keeps its clock right."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        answer = ctypes.create_string_buffer(512)  # struct timex with modes = 0: only asks
        if library.adjtimex(answer) < 0:
            raise OSError(ctypes.get_errno(), "adjtimex")
    except (OSError, AttributeError) as error:
        text = f"the kernel does not say whether the clock is kept right ({error})"
        return [warning("clock", text, "see to it that systemd-timesyncd or chrony runs")]
    offset = ctypes.sizeof(ctypes.c_long) * 5  # modes, offset, freq, maxerror, esterror: then status
    status = int.from_bytes(answer.raw[offset : offset + 4], "little")
    if status & UNSYNCHRONISED:
        fix = "systemctl enable --now systemd-timesyncd, or chrony; deadlines are by the clock"
        return [warning("clock", "nobody keeps this machine's clock right", fix)]
    return [ok("clock", "kept right by a time service")]


async def examine_wasm() -> list[Finding]:
    """Not whether it is installed, but whether it runs something."""
    with tempfile.TemporaryDirectory(prefix="lilypad-doctor-") as folder:
        here = Path(folder)
        artifact = here / "empty.wasm"
        artifact.write_bytes(EMPTY_MODULE)
        (here / "inputs").mkdir()
        digest = hashlib.sha256(EMPTY_MODULE).digest()
        spec = ExecutionSpec(Engine.WASM, str(artifact), digest, ("empty",), (), Limits(1_000_000))
        executor = WasmExecutor(here / "cache", max_concurrent=1)
        try:
            await executor.start("doctor", spec, here / "inputs", here / "output")
            status = (await executor.wait("doctor")).exit_status
        except LilypadError as error:
            return [broken("wasm", str(error), "install Lilypad again: the engine is part of it")]
        finally:
            await executor.close()
    if status != 0:
        return [broken("wasm", f"an empty module ended with {status}", "install Lilypad again")]
    return [ok("wasm", f"{ENGINE_NAME} {ENGINE_VERSION}, host {HOST_VERSION}, has run a module")]


async def examine_docker(engine: str) -> list[Finding]:
    info = await engine_says(engine, "/info")
    if info is None:
        return [_no_engine(engine)]
    return [*_store(info), *_limits(info), *_isolation(info), *_warden()]


async def examine_gpus(engine: str) -> list[Finding]:
    """Not only whether they are there: whether a container can have them."""
    found = await asyncio.to_thread(find_gpus)
    if not found:
        return []
    text = f"{len(found)} of {', '.join(sorted({f'{gpu.memory_mib / 1024:.0f} GiB' for gpu in found}))}"
    try:
        await asyncio.to_thread(check_gpus, engine)
    except LilypadError as error:
        fix = "install the NVIDIA Container Toolkit and restart the engine; without it no GPU is offered"
        return [warning("gpu", f"{text}; {error}", fix)]
    return [ok("gpu", f"{text}, and containers can have them")]


def _no_engine(engine: str) -> Finding:
    path = Path(engine.removeprefix("unix://"))
    if path.is_socket() and not os.access(path, os.R_OK | os.W_OK):
        fix = "add this user to the group docker (which is as much as root), or run WebAssembly alone"
        return warning("docker", f"{path} is not for this user", fix)
    fix = "install and start docker.io, if container modules are to be run; WebAssembly needs none"
    return warning("docker", f"no engine answers at {engine}", fix)


def _store(info: dict[str, Any]) -> list[Finding]:
    driver = info.get("Driver", "")
    kinds = {str(value) for _, value in info.get("DriverStatus") or []}
    if any("io.containerd.snapshotter" in kind for kind in kinds):
        fix = 'put {"features": {"containerd-snapshotter": false}} into daemon.json: image ids must be digests'
        return [broken("docker", f"engine {info.get('ServerVersion')} uses containerd's image store", fix)]
    return [ok("docker", f"engine {info.get('ServerVersion')} answers, storage {driver}")]


def _limits(info: dict[str, Any]) -> list[Finding]:
    version = info.get("CgroupVersion", "1")
    missing = [name for name in ("MemoryLimit", "SwapLimit", "PidsLimit", "CpuCfsQuota") if not info.get(name)]
    if missing:
        fix = "boot with cgroup_enable=memory swapaccount=1, or use cgroup v2: a job could take the machine"
        return [broken("cgroup", f"version {version} without {', '.join(missing)}", fix)]
    return [ok("cgroup", f"version {version}: memory, swap, processes and CPU can be limited")]


def _isolation(info: dict[str, Any]) -> list[Finding]:
    options = [str(option) for option in info.get("SecurityOptions") or []]
    if not any(option.startswith("name=seccomp") and "unconfined" not in option for option in options):
        fix = "use a kernel with seccomp, and no seccomp-profile=unconfined in daemon.json"
        seccomp = broken("seccomp", "containers may make every system call", fix)
    else:
        seccomp = ok("seccomp", "the engine's default profile")
    return [seccomp, _users(options), *_runtime(str(info.get("DefaultRuntime", "")))]


def _users(options: list[str]) -> Finding:
    if any(option.startswith("name=userns") for option in options):
        return ok("users", "those of containers are nobody on this machine (userns-remap)")
    text = "those of containers are this machine's, 10001 for jobs: userns-remap in daemon.json would part them"
    return ok("users", text)


def _runtime(name: str) -> list[Finding]:
    """A job's time and memory are read in its control group, which gVisor does not show."""
    if "runsc" not in name:
        return []
    fix = "make runc the engine's default-runtime in daemon.json"
    return [broken("runtime", f"{name} (gVisor) shows containers no control group, so that none could be billed", fix)]


def _warden() -> list[Finding]:
    try:
        return [ok("warden", f"{warden_binary().name} is there")]
    except LilypadError as error:
        return [broken("warden", str(error), "build it as executors/warden/README.md says")]
