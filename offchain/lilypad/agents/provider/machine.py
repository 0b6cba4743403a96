"""What this machine has for jobs: looked up anew at each start, in a few thousandths of a second.

What the kernel shows and what it lets this process have are two things: a cgroup (a container, a systemd slice) may
have a part of the cores and of the memory alone. Some memory and disk are left to the host: the agent itself, the
engine, everything else that runs here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lilypad.executors.gpus import find_gpus
from lilypad.types import Resources

MIB = 1 << 20
LEAST_RAM_RESERVE_MIB, LEAST_DISK_RESERVE_MIB = 512, 1024
RESERVE_PERCENT = 10
MOST_MIB = (1 << 31) - 1
"""What fits into an offer; file systems on a network call themselves endless."""
RAM_STEP_MIB = 64
"""Rounded down to it: a reboot moves the kernel's own share by a little, and offers that are out should still fit."""


def probe(data: Path, root: Path = Path("/")) -> Resources:
    """What jobs may have. `data` is the folder whose disk they use; `root` is where /proc and /sys are."""
    groups = list(cgroup_folders(root))
    devices = find_gpus()
    # Every device counts as the smallest: a job does not choose which it gets.
    vram = len(devices) * min((device.memory_mib for device in devices), default=0)
    return Resources(cpu_milli(groups), len(devices), ram_mib(root, groups), vram, disk_mib(data))


def free_now(data: Path, root: Path = Path("/")) -> Resources:
    """The same, but for memory that others use at this moment."""
    there = probe(data, root)
    available = parse_memory(_read(root / "proc/meminfo") or "", "MemAvailable")
    return there if available is None else replace(there, ram_mib=min(there.ram_mib, available // MIB))


# ---------------------------------------------------------------------- processors and memory


def cpu_milli(groups: list[Path]) -> int:
    """The processors that this process may run on, or the part of them that its cgroups allow."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = (quota for group in groups if (quota := _quota(group)) is not None)
    return min([allowed * 1000, *quotas])


def ram_mib(root: Path, groups: list[Path]) -> int:
    """Less what is left to the host."""
    limits = (limit for group in groups if (limit := _memory_limit(group)) is not None)
    there = min([_physical(root), *limits]) // MIB
    left = there - reserve(there, LEAST_RAM_RESERVE_MIB)
    return max(left // RAM_STEP_MIB * RAM_STEP_MIB, 0)


def reserve(there: int, least: int) -> int:
    return max(least, there * RESERVE_PERCENT // 100)


def cgroup_folders(root: Path) -> Iterator[Path]:
    """Every folder whose limits bind this process: its own groups and all above them, of both versions of cgroups.

    A container may see the host's path of its group without seeing the folder; then it is the top that counts.
    """
    mounted = root / "sys/fs/cgroup"
    for controllers, path in parse_cgroups(_read(root / "proc/self/cgroup") or ""):
        # Version 1 has a tree for each controller, and version 2 one beside them if both are in use.
        names = (controllers, *controllers.split(",")) if controllers else ("unified",)
        top = next((mounted / name for name in names if (mounted / name).is_dir()), mounted)
        folder = top / path.lstrip("/")
        yield from (each for each in (folder, *folder.parents) if each == top or top in each.parents)


def parse_cgroups(text: str) -> Iterator[tuple[str, str]]:
    """Of /proc/self/cgroup: the controllers that matter here, and the group's path. Version 2 has no controllers."""
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" or {"cpu", "memory"} & set(controllers.split(",")):
            yield controllers, path


def _quota(group: Path) -> int | None:
    if (text := _read(group / "cpu.max")) is not None:
        return parse_cpu_max(text)
    quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
    return None if quota is None or period is None else parse_cpu_max(f"{quota.strip()} {period.strip()}")


def parse_cpu_max(text: str) -> int | None:
    """Thousandths of a core of "quota period" in microseconds; None where nothing is limited ("max", or -1)."""
    quota, _, period = text.strip().partition(" ")
    if not quota.isdecimal() or not period.isdecimal() or int(period) == 0:
        return None
    return max(int(quota) * 1000 // int(period), 1)


def _memory_limit(group: Path) -> int | None:
    text = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes")
    return int(text) if text is not None and text.strip().isdecimal() else None


def _physical(root: Path) -> int:
    found = parse_memory(_read(root / "proc/meminfo") or "", "MemTotal")
    return found or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def parse_memory(text: str, name: str) -> int | None:
    """Bytes of one line of /proc/meminfo."""
    for line in text.splitlines():
        found, _, value = line.partition(":")
        if found == name:
            return int(value.split()[0]) * 1024
    return None


# ---------------------------------------------------------------------- disk


def disk_mib(data: Path) -> int:
    """What is free where the data folder lies, less what is left to the host."""
    place = data.absolute()
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    free = (usage.free - reserve(usage.free, LEAST_DISK_RESERVE_MIB * MIB)) // MIB
    return min(max(free, 0), MOST_MIB)


# ---------------------------------------------------------------------- reading


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError):
        return None
