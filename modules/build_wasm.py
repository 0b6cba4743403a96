"""Builds a module's WebAssembly file from its C source, the same bytes on every machine.

    python modules/build_wasm.py modules/cowsay

needs PyPI `ziglang`. What is built stands in the module's `[build]` section.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZIG_CACHE = ROOT / ".build" / "zig"
COMPILE = (
    "cc",
    "--target=wasm32-wasi",
    "-std=gnu11",
    "-Os",
    "-s",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wl,-z,stack-size=1048576",
)


def compile_wasm(sources: Sequence[Path], target: Path, extra: Sequence[str] = ()) -> None:
    """Runs in the sources' folder with relative names, so that no path of this machine gets into the bytes."""
    folder = sources[0].parent
    ZIG_CACHE.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "ZIG_GLOBAL_CACHE_DIR": str(ZIG_CACHE),
        "ZIG_LOCAL_CACHE_DIR": str(ZIG_CACHE),
    }
    with tempfile.TemporaryDirectory(dir=ZIG_CACHE) as temporary:
        built = Path(temporary) / "module.wasm"
        names = [source.relative_to(folder).as_posix() for source in sources]
        command = [sys.executable, "-m", "ziglang", *COMPILE, *extra, *names, "-o", str(built)]
        subprocess.run(command, cwd=folder, env=environment, check=True)
        built.chmod(0o644)
        target.parent.mkdir(parents=True, exist_ok=True)
        built.replace(target)


def build_module(module: Path, target: Path | None = None) -> Path:
    """Builds what module.toml says, to where it says unless told otherwise."""
    manifest = tomllib.loads((module / "module.toml").read_text())
    target = target or module / manifest["wasm"]["file"]
    sources = [module / name for name in manifest["build"]["sources"]]
    compile_wasm(sources, target, manifest["build"].get("flags", ()))
    return target


def compiler_version() -> str:
    return importlib.metadata.version("ziglang")


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        wasm = build_module(Path(folder))
        print(f"{wasm}: sha256 {hashlib.sha256(wasm.read_bytes()).hexdigest()}")  # noqa: T201
