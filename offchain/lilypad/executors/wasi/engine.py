"""The engine's configuration, fixed since it decides results and fuel, and the cache of compiled modules."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import threading
import uuid
from pathlib import Path

import wasmtime

from lilypad.errors import ModuleInvalidError
from lilypad.executors.wasi.host import CALLS, NAMESPACE, function_type

ENGINE_NAME = "wasmtime"
ENGINE_VERSION = importlib.metadata.version("wasmtime")
MAX_ARTIFACT_BYTES = 64 << 20
PAGE = 65_536

SETTINGS: dict[str, bool | int | str] = {
    # what makes a run interruptible and countable
    "consume_fuel": True,
    "epoch_interruption": True,
    "max_wasm_stack": 1 << 20,
    # the one part of WebAssembly's arithmetic that is left open, closed
    "cranelift_nan_canonicalization": True,
    # sources of chance
    "wasm_threads": False,
    "wasm_relaxed_simd": False,
    # what is in use by compilers and deterministic
    "wasm_simd": True,
    "wasm_bulk_memory": True,
    "wasm_multi_value": True,
    "wasm_reference_types": True,
    # all else stays off until a module needs it
    "gc_support": False,
    "wasm_gc": False,
    "wasm_function_references": False,
    "wasm_exceptions": False,
    "wasm_tail_call": False,
    "wasm_multi_memory": False,
    "wasm_memory64": False,
    "wasm_component_model": False,
    "wasm_custom_page_sizes": False,
    "wasm_stack_switching": False,
    "wasm_wide_arithmetic": False,
}


def new_engine() -> wasmtime.Engine:
    """One for each execution, so that raising its epoch interrupts this execution and no other."""
    config = wasmtime.Config()
    for name, value in SETTINGS.items():
        setattr(config, name, value)
    return wasmtime.Engine(config)


class ModuleCache:
    """Machine code of the modules that were compiled before, one file for each.

    The engine believes what such a file says, so the directory belongs to this user alone and a file's name
    carries all that its content depends on.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._compiling = threading.Lock()

    def load(self, engine: wasmtime.Engine, wasm: bytes) -> wasmtime.Module:
        """Raises ModuleInvalidError where the bytes are not a module that this host runs."""
        if not wasm.startswith(b"\0asm"):
            raise ModuleInvalidError("The file is not a WebAssembly module: it does not begin with \\0asm.")
        path = self.path_of(wasm)
        with self._compiling:
            if path.exists():
                try:
                    return wasmtime.Module.deserialize_file(engine, str(path))
                except wasmtime.WasmtimeError:
                    pass  # from a machine with other instructions, or damaged: made anew below
            try:
                module = wasmtime.Module(engine, wasm)
            except wasmtime.WasmtimeError as error:
                raise ModuleInvalidError(
                    f"The file is not a WebAssembly module that this host can run: {error}. "
                    "Compile it for wasm32-wasi, without threads, relaxed SIMD, GC or 64-bit memory."
                ) from error
            self._store(path, module)
            return module

    def path_of(self, wasm: bytes) -> Path:
        decides = json.dumps([SETTINGS, sys.platform, platform.machine()], sort_keys=True)
        fingerprint = hashlib.sha256(decides.encode()).hexdigest()[:16]
        name = f"{hashlib.sha256(wasm).hexdigest()}-{ENGINE_NAME}-{ENGINE_VERSION}-{fingerprint}"
        return self._directory / name

    def _store(self, path: Path, module: wasmtime.Module) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        with unfinished.open("wb") as file:
            file.write(module.serialize())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def check_module(module: wasmtime.Module, memory_limit: int) -> None:
    """What the module asks for and offers is what this host has and needs. Raises ModuleInvalidError."""
    for wanted in module.imports:
        call = CALLS.get(wanted.name or "") if wanted.module == NAMESPACE else None
        if call is None or not _same_type(wanted.type, function_type(call)):
            raise ModuleInvalidError(
                f"The module imports {wanted.module}.{wanted.name}, which this host does not have. "
                "Use nothing but WASI preview 1 (wasm32-wasi)."
            )
    exports = {offered.name: offered.type for offered in module.exports}
    if not _same_type(exports.get("_start"), wasmtime.FuncType([], [])):
        raise ModuleInvalidError("The module exports no function _start. Compile it as a WASI command.")
    memory = exports.get("memory")
    if not isinstance(memory, wasmtime.MemoryType):
        raise ModuleInvalidError("The module exports no memory named `memory`.")
    if memory.limits.min * PAGE > memory_limit:
        raise ModuleInvalidError(
            f"The module starts with {memory.limits.min * PAGE} bytes of memory but may use {memory_limit}. "
            "Raise the manifest's memory limit."
        )


def _same_type(given: object, function: wasmtime.FuncType) -> bool:
    def shape(f: wasmtime.FuncType) -> tuple[list[str], list[str]]:
        return [str(t) for t in f.params], [str(t) for t in f.results]

    return isinstance(given, wasmtime.FuncType) and shape(given) == shape(function)
