"""Module packages made of small C programs, each as WebAssembly and as a container of one static binary."""

from __future__ import annotations

import hashlib
import io
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".build" / "test-packages"
PROGRAMS = {
    "cowsay": ROOT / "modules" / "cowsay" / "cowsay.c",
    "fails": ROOT / "tests" / "fixtures" / "wasm" / "exit3.c",
    "endless": ROOT / "tests" / "fixtures" / "wasm" / "endless.c",
    "talks": ROOT / "tests" / "fixtures" / "wasm" / "talks.c",
    "tells": ROOT / "tests" / "fixtures" / "wasm" / "tells.c",
}
_WASM = runpy.run_path(str(ROOT / "modules" / "build_wasm.py"))
_IMAGE = runpy.run_path(str(ROOT / "modules" / "build_image.py"))

MANIFEST = """\
name = "{name}"
version = "1.0.0"
description = "A test program."
deterministic = true

{engine}

[[inputs]]
name = "Message"
type = "string"
description = "What to say."
default = "moo"

[[inputs]]
name = "Data"
type = "file"
description = "Something to find in /inputs."
required = false
max_bytes = 1_000

[command]
argv = ["{program}", "{{Message}}"]

[limits]
memory_bytes = 67_108_864
output_bytes = 1_048_576
log_bytes = 65_536
wall_seconds = 20

[resources]
cpu_milli = 1000
gpu = {gpu}
ram_mib = 64

[budget]
default = {budget}
maximum = 10_000_000_000
"""


def wasm_package(folder: Path, program: str, budget: int) -> None:
    target = folder / program
    target.mkdir(parents=True)
    built = _cached(program, ".wasm", lambda source, file: _WASM["compile_wasm"]([source], file))
    shutil.copyfile(built, target / "program.wasm")
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    engine = f'[wasm]\nfile = "program.wasm"\nsha256 = "{digest}"\nengine = "wasmtime 50.0.1"\nhost_version = 1'
    _write_manifest(target, program, engine, program, budget)


def container_package(folder: Path, program: str, budget: int, gpu: int = 0) -> None:
    """The same source, compiled for Linux, alone in an image."""
    name = f"{program}-container"
    target = folder / name
    target.mkdir(parents=True)
    binary = _cached(program, ".linux", _compile_native)
    image = _load_image(binary, target / "image.tar")
    _write_manifest(target, name, f'[docker]\nimage = "{image}"', "/program", budget, gpu)


def _cached(program: str, suffix: str, build: object) -> Path:
    source = PROGRAMS[program]
    key = hashlib.sha256(source.read_bytes() + _WASM["compiler_version"]().encode()).hexdigest()[:16]
    file = BUILT / f"{program}-{key}{suffix}"
    if not file.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        build(source, file)  # type: ignore[operator]
    return file


def _compile_native(source: Path, target: Path) -> None:
    cache = str(ROOT / ".build" / "zig")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "--target=x86_64-linux-musl",
        "-static",
        "-Os",
        "-s",
        "-std=gnu11",
    ]
    subprocess.run([*command, str(source), "-o", str(target)], env=environment, check=True)


def _load_image(binary: Path, tar: Path) -> str:
    base = tar.with_name("base.tar")
    with tarfile.open(base, "w") as layer:
        data = binary.read_bytes()
        layer.addfile(_IMAGE["entry"]("program", size=len(data), mode=0o755), io.BytesIO(data))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        layer.addfile(_IMAGE["entry"]("tmp", mode=0o1777, kind=tarfile.DIRTYPE))
    layers = [hashlib.sha256(data).hexdigest() for data in (base.read_bytes(), buffer.getvalue())]
    config = _IMAGE["configuration"](layers)
    _IMAGE["write_image"](tar, config, base, buffer.getvalue(), layers)
    subprocess.run(["docker", "load", "--quiet", "--input", str(tar)], check=True, capture_output=True)
    return f"sha256:{hashlib.sha256(config).hexdigest()}"


def _write_manifest(folder: Path, name: str, engine: str, program: str, budget: int, gpu: int = 0) -> None:
    text = MANIFEST.format(name=name, engine=engine, program=program, budget=budget, gpu=gpu)
    (folder / "module.toml").write_text(text)
