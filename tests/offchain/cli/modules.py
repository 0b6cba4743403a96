"""Modules that end in the ways that cowsay never does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import wasmtime

BODIES = {
    "fails": "(call $exit (i32.const 3))",
    "fails-high": "(call $exit (i32.const 200))",
    "traps": "unreachable",
    "endless": "(loop $again (br $again))",
    "quiet": "",
}
PROGRAM = """
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") {body}))
"""
MANIFEST = """
name = "{name}"
version = "1.0.0"
description = "A test program."

[wasm]
file = "program.wasm"
sha256 = "{sha256}"
engine = "wasmtime 50.0.1"
host_version = 1

[[inputs]]
name = "Data"
type = "file"
required = false
max_bytes = 10

[[inputs]]
name = "Size"
type = "int"
default = 4
minimum = 1
maximum = 1_000

[command]
argv = ["{name}", "{{Size}}", ["{{Data}}"]]

[limits]
memory_bytes = 1_048_576
output_bytes = 1_048_576
log_bytes = 65_536
wall_seconds = 20

[resources]
cpu_milli = 1000
ram_mib = 64

[budget]
default = 5_000_000
maximum = 10_000_000_000
"""


def write_modules(folder: Path) -> Path:
    for name, body in BODIES.items():
        target = folder / name
        target.mkdir(parents=True)
        program = bytes(wasmtime.wat2wasm(PROGRAM.format(body=body)))
        (target / "program.wasm").write_bytes(program)
        (target / "module.toml").write_text(MANIFEST.format(name=name, sha256=hashlib.sha256(program).hexdigest()))
    return folder
