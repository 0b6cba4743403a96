"""Docker executor: what a module can see and touch, and what of its outputs leaves the container."""

from __future__ import annotations

import json
import textwrap

import pytest

from .docker_rig import Rig

pytestmark = pytest.mark.docker


async def ask(rig: Rig, script: str) -> dict[str, object]:
    """Run a probe that fills the dictionary `said`."""
    preamble = """
import json, os
said = {}
def attempt(name, action):
    try: said[name] = action() or "worked"
    except Exception as error: said[name] = type(error).__name__
"""
    result, job = await rig.run(f"{preamble}{textwrap.dedent(script)}\nprint(json.dumps(said))")
    assert result.exit_status == 0, job.stderr.decode()
    answer: dict[str, object] = json.loads(job.stdout)
    return answer


async def test_network__there_is_none(rig: Rig) -> None:
    said = await ask(
        rig,
        """
        import socket
        said["interfaces"] = [name for _, name in socket.if_nameindex()]
        attempt("connect", lambda: socket.create_connection(("192.0.2.1", 80), timeout=1))
        attempt("resolve", lambda: socket.getaddrinfo("example.org", 80))
        attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
        """,
    )

    assert said == {"interfaces": ["lo"], "connect": "OSError", "resolve": "gaierror", "raw": "PermissionError"}


async def test_process__has_no_power(rig: Rig) -> None:
    said = await ask(
        rig,
        """
        import ctypes
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
        said["ids"] = [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]
        said["capabilities"] = [int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")]
        said["no new privileges"] = int(status["NoNewPrivs"])
        said["seccomp filter"] = int(status["Seccomp"])
        attempt("become root", lambda: os.setuid(0))
        libc = ctypes.CDLL(None)
        said["user namespace"], said["mount"] = libc.unshare(0x10000000), libc.mount(b"x", b"/tmp", b"tmpfs", 0, 0)
        """,
    )

    assert said == {
        "ids": [10001, 10001, 10001, [10001]],
        "capabilities": [0, 0, 0, 0, 0],
        "no new privileges": 1,
        "seccomp filter": 2,
        "become root": "PermissionError",
        "user namespace": -1,
        "mount": -1,
    }


async def test_file_system__only_the_outputs_and_tmp_can_be_written(rig: Rig) -> None:
    said = await ask(
        rig,
        """
        for path in ("/file", "/app/file", "/inputs/file", "/inputs/greeting", "/usr/bin/python3.11",
                     "/.lilypad/warden", "/proc/sys/kernel/hostname", "/sys/fs/cgroup/file"):
            attempt(path, lambda: open(path, "a").close())
        for path in ("/outputs/file", "/tmp/file"):
            attempt(path, lambda: open(path, "a").close())
        said["socket"] = os.path.exists("/var/run/docker.sock") or os.path.exists("/run/docker.sock")
        said["devices"] = sorted(name for name in os.listdir("/dev") if name[:2] in ("sd", "vd", "kv", "nv", "me"))
        """,
    )

    writable = [path for path, how in said.items() if how == "worked"]
    assert writable == ["/outputs/file", "/tmp/file"]  # noqa: S108 -- in the container
    assert (said["socket"], said["devices"]) == (False, [])


async def test_file_system__programs_cannot_be_brought_along(rig: Rig) -> None:
    said = await ask(
        rig,
        """
        import shutil, subprocess
        for path in ("/tmp/python", "/outputs/python", "/dev/shm/python"):
            shutil.copy("/.lilypad/warden", path)
            attempt(path, lambda: subprocess.run([path, "-V"]))
        """,
    )

    assert set(said.values()) == {"PermissionError"}


async def test_warden__cannot_be_opened_or_traced(rig: Rig) -> None:
    said = await ask(
        rig,
        """
        import ctypes
        attempt("descriptors", lambda: os.listdir("/proc/1/fd"))
        attempt("stdout", lambda: open("/proc/1/fd/1", "wb"))
        attempt("memory", lambda: open("/proc/1/mem", "rb"))
        said["trace"] = ctypes.CDLL(None).ptrace(16, 1, 0, 0)
        said["processes"] = sorted(name for name in os.listdir("/proc") if name.isdigit())[0]
        """,
    )

    assert said == {
        "descriptors": "PermissionError",
        "stdout": "PermissionError",
        "memory": "PermissionError",
        "trace": -1,
        "processes": "1",
    }


async def test_outputs__links_and_special_files__stay_inside(rig: Rig) -> None:
    script = """
import os, socket
os.chdir("/outputs")
os.mkdir("sub")
os.symlink("/etc/passwd", "link"); os.symlink("/", "root"); os.symlink("../..", "sub/up"); os.symlink("x", "x")
os.mkfifo("fifo")
socket.socket(socket.AF_UNIX).bind("socket")
try: os.mknod("device", 0o20666, os.makedev(1, 3))
except OSError: pass
open("first", "w").write("same"); os.link("first", "second")
open(b"not utf-8 \\xff", "w").write("?"); os.mkdir(b"\\xfe"); open(b"\\xfe/inside", "w").write("?")
open("new\\nline", "w").write("kept")
"""
    result, job = await rig.run(script)

    assert result.exit_status == 0, job.stderr.decode()
    assert job.outputs == {"sub/": b"", "first": b"same", "second": b"same", "new\nline": b"kept"}
    assert all(path.stat().st_nlink == 1 for path in job.output.rglob("*") if path.is_file())


async def test_outputs__directories_without_end__are_trapped(rig: Rig) -> None:
    script = """
import os
os.chdir("/outputs")
for _ in range(100): os.mkdir("d"); os.chdir("d")
"""
    result, job = await rig.run(script)

    assert result.exit_status == 257
    assert job.is_empty()


async def test_inputs__are_readable_whatever_their_permissions_were(rig: Rig) -> None:
    job = rig.job("import os; print(open('/inputs/greeting').read(), os.stat('/inputs/greeting').st_mtime)")
    (job.inputs / "greeting").chmod(0o600)
    job.inputs.chmod(0o700)
    await rig.finish(job)

    assert job.stdout == b"hello\n 0.0\n"
