"""The warden that is shipped is the one whose source is shipped."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from lilypad.executors import container_policy

ROOT = Path(__file__).parents[3]
TARGETS = {"x86_64": "x86_64-linux-musl"}
FLAGS = ["-static", "-Os", "-s", "-Wall", "-Wextra", "-Werror"]


@pytest.mark.skipif(platform.machine() not in TARGETS, reason="no warden is shipped for this processor")
def test_warden__built_again__has_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("ziglang")
    shipped = container_policy.warden_binary()
    cache = str(ROOT / ".build" / "zig")
    compiler = [sys.executable, "-m", "ziglang", "cc", f"--target={TARGETS[platform.machine()]}"]
    subprocess.run(
        [*compiler, *FLAGS, "-o", str(tmp_path / "warden"), "warden.c"],
        cwd=shipped.parent,
        env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache},
        check=True,
    )

    assert (tmp_path / "warden").read_bytes() == shipped.read_bytes()
