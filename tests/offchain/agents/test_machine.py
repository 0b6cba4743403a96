"""What a provider takes its machine for: samples of /proc and of both versions of cgroups, and this machine itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lilypad.agents.provider.machine import (
    MIB,
    cgroup_folders,
    cpu_milli,
    disk_mib,
    free_now,
    parse_cgroups,
    parse_cpu_max,
    parse_memory,
    probe,
    ram_mib,
)

MEMINFO = """\
MemTotal:       24684336 kB
MemFree:        15719640 kB
MemAvailable:   21373228 kB
HugePages_Total:       0
"""
CGROUP_V1 = """\
9:name=systemd:/
8:pids:/
7:blkio:/docker/4f3a
4:memory:/docker/4f3a
3:cpuset:/
1:cpu,cpuacct:/docker/4f3a
"""
NO_LIMIT_V1 = "9223372036854771712\n"
HERE = len(os.sched_getaffinity(0)) * 1000


def tree(root: Path, **files: str) -> Path:
    """Files below a root, with `/` written as `__`."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def version_2(root: Path, path: str, **groups: dict[str, str]) -> Path:
    """A machine whose process is in the group `path`; `groups` are files by group, the top's under "top"."""
    tree(root, proc__self__cgroup=f"0::{path}\n", proc__meminfo=MEMINFO)
    for group, files in groups.items():
        folder = root / "sys/fs/cgroup" / ("" if group == "top" else group.replace("__", "/"))
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    return root


def test_cpu__without_a_quota__is_what_the_process_may_run_on(tmp_path: Path) -> None:
    root = version_2(tmp_path, "/user.slice", user={"cpu.max": "max 100000\n"})
    assert cpu_milli(list(cgroup_folders(root))) == HERE


def test_cpu__with_a_quota_on_the_group_or_above_it__is_the_smallest(tmp_path: Path) -> None:
    root = version_2(
        tmp_path, "/lilypad.slice/provider.service", lilypad={}, top={},
        **{
            "lilypad.slice": {"cpu.max": "50000 100000\n"},
            "lilypad.slice__provider.service": {"cpu.max": "150000 100000\n"},
        },
    )  # fmt: skip
    assert cpu_milli(list(cgroup_folders(root))) == 500


def test_cpu__in_a_container_that_sees_its_group_as_the_top__obeys_it(tmp_path: Path) -> None:
    root = version_2(tmp_path, "/", top={"cpu.max": "25000 100000\n"})
    assert cpu_milli(list(cgroup_folders(root))) == 250


def test_cgroups__of_version_1__are_found_below_their_controllers(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        proc__self__cgroup=CGROUP_V1,
        proc__meminfo=MEMINFO,
        **{
            "sys__fs__cgroup__cpu,cpuacct__docker__4f3a__cpu.cfs_quota_us": "75000\n",
            "sys__fs__cgroup__cpu,cpuacct__docker__4f3a__cpu.cfs_period_us": "100000\n",
            "sys__fs__cgroup__cpu,cpuacct__cpu.cfs_quota_us": "-1\n",
            "sys__fs__cgroup__cpu,cpuacct__cpu.cfs_period_us": "100000\n",
            "sys__fs__cgroup__memory__docker__4f3a__memory.limit_in_bytes": f"{2048 * MIB}\n",
            "sys__fs__cgroup__memory__memory.limit_in_bytes": NO_LIMIT_V1,
        },
    )
    groups = list(cgroup_folders(root))
    assert cpu_milli(groups) == 750
    assert ram_mib(root, groups) == 2048 - 512


def test_cgroups__of_version_1_inside_a_container__are_those_at_the_top(tmp_path: Path) -> None:
    """The path in /proc is the host's, which the container does not see."""
    root = tree(
        tmp_path,
        proc__self__cgroup=CGROUP_V1,
        proc__meminfo=MEMINFO,
        **{"sys__fs__cgroup__memory__memory.limit_in_bytes": f"{4096 * MIB}\n"},
    )
    assert ram_mib(root, list(cgroup_folders(root))) == 3584


def test_ram__by_what_there_is__leaves_a_tenth_or_half_a_gibibyte_to_the_host(tmp_path: Path) -> None:
    root = version_2(tmp_path, "/", top={"memory.max": "max\n"})
    whole = 24684336 // 1024
    assert ram_mib(root, list(cgroup_folders(root))) == (whole - whole // 10) // 64 * 64
    (root / "sys/fs/cgroup/memory.max").write_text(f"{1024 * MIB}\n")
    assert ram_mib(root, list(cgroup_folders(root))) == 512
    (root / "sys/fs/cgroup/memory.max").write_text(f"{300 * MIB}\n")
    assert ram_mib(root, list(cgroup_folders(root))) == 0


def test_machine__without_proc_and_sys__is_still_known(tmp_path: Path) -> None:
    assert list(cgroup_folders(tmp_path)) == []
    assert cpu_milli([]) == HERE
    assert ram_mib(tmp_path, []) > 0


@pytest.mark.parametrize(
    ("text", "milli"),
    [("max 100000\n", None), ("150000 100000", 1500), ("-1 100000", None), ("1 1000000", 1), ("5 0", None), ("", None)],
)
def test_quota__of_a_group__is_a_part_of_a_core(text: str, milli: int | None) -> None:
    assert parse_cpu_max(text) == milli


def test_cgroups__of_both_versions_side_by_side__are_all_read() -> None:
    assert list(parse_cgroups(CGROUP_V1 + "0::/x:y\nnonsense\n")) == [
        ("memory", "/docker/4f3a"), ("cpu,cpuacct", "/docker/4f3a"), ("", "/x:y"),
    ]  # fmt: skip


def test_memory__of_a_kernel_that_says_nothing__is_unknown() -> None:
    assert parse_memory(MEMINFO, "MemTotal") == 24684336 * 1024
    assert parse_memory("MemFree: 1 kB\n", "MemTotal") is None


def test_free_memory__of_a_machine_that_others_use__is_what_they_leave(tmp_path: Path) -> None:
    root = version_2(tmp_path, "/", top={})
    assert free_now(tmp_path, root).ram_mib == 21373228 // 1024
    (root / "proc/meminfo").write_text(MEMINFO.replace("21373228", "24000000"))
    assert free_now(tmp_path, root).ram_mib == probe(tmp_path, root).ram_mib


@pytest.mark.parametrize(
    ("says", "found"), [("GPU-1, 81559", (1, 81559)), ("GPU-1, 24564\nGPU-2, 8192", (2, 16384)), ("", (0, 0))]
)
def test_gpus__of_different_sizes__count_as_the_smallest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, found: tuple[int, int]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    here = probe(tmp_path)
    assert (here.gpu, here.vram_mib) == found


def test_disk__of_a_folder_that_is_not_there_yet__is_that_of_the_one_above(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free // MIB
    found = disk_mib(tmp_path / "not" / "yet")
    assert abs(found - max(free - max(1024, free // 10), 0)) < 64, "others write to it"


def test_probe__of_this_machine__agrees_with_its_own_tools(tmp_path: Path) -> None:
    found = probe(tmp_path)
    processors = int(subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout)
    assert 0 < found.cpu_milli <= processors * 1000
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB
    assert 0 < found.ram_mib <= physical - 512
    assert found.ram_mib % 64 == 0
