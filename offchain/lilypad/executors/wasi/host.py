"""Hands the WASI calls to the engine, and keeps what the engine must not be trusted with: how it ended.

No Python exception ever travels through the engine. Its binding keeps the last one in a global variable,
where executions in other threads would find it. Instead the host notes how the execution ended and drains the
fuel, and the engine stops the module at its next loop or function call; until then every call is ignored.
"""

from __future__ import annotations

from collections.abc import Callable

import wasmtime

from lilypad.executors.wasi import calls_descriptors, calls_paths, calls_process, meter
from lilypad.executors.wasi.calls import CALLS, WasiCall
from lilypad.executors.wasi.errno import Errno, ModuleExitedError, OutOfBudgetError, WasiError
from lilypad.executors.wasi.guest import Guest
from lilypad.executors.wasi.memory import EngineMemory

HOST_VERSION = 1
"""Changes whenever a module could see a different behaviour or be billed differently."""

NAMESPACE = "wasi_snapshot_preview1"
__all__ = ["CALLS", "HOST_VERSION", "NAMESPACE", "WasiHost", "function_type"]
_REGISTERED = (calls_descriptors, calls_paths, calls_process)  # importing them fills CALLS

_VALUE_TYPES: dict[str, Callable[[], wasmtime.ValType]] = {
    "i": wasmtime.ValType.i32,
    "l": wasmtime.ValType.i64,
    "s": wasmtime.ValType.i64,
}


def function_type(call: WasiCall) -> wasmtime.FuncType:
    results = [wasmtime.ValType.i32()] if call.returns_errno else []
    return wasmtime.FuncType([_VALUE_TYPES[t]() for t in call.signature], results)


class WasiHost:
    """One execution's calls."""

    def __init__(self, guest: Guest, store: wasmtime.Store) -> None:
        self.guest = guest
        self._store = store
        self.ended_by: ModuleExitedError | OutOfBudgetError | Exception | None = None
        """Set once: the module's exit, the end of its budget, or (anything else) a fault of this host."""
        self.fuel_left_at_end = 0

    def define_in(self, linker: wasmtime.Linker) -> None:
        for call in CALLS.values():
            linker.define_func(NAMESPACE, call.name, function_type(call), self._entry(call), access_caller=True)

    def _entry(self, call: WasiCall) -> Callable[..., int | None]:
        def enter(caller: wasmtime.Caller, *numbers: int) -> int | None:
            if not self.guest.memory.attached:
                self._attach_memory(caller)
            errno = self.perform(call, numbers)
            return int(errno) if call.returns_errno else None

        return enter

    def _attach_memory(self, caller: wasmtime.Caller) -> None:
        memory = caller["memory"]
        if isinstance(memory, wasmtime.Memory):  # check_module() has seen to it
            self.guest.memory.attach(EngineMemory(self._store, memory))

    def perform(self, call: WasiCall, numbers: tuple[int, ...]) -> Errno:
        if self.ended_by is not None:
            return Errno.NOSYS
        try:
            self.guest.meter.charge(meter.PER_CALL)
            call(self.guest, numbers)
        except WasiError as error:
            return error.errno
        except Exception as end:
            self._end(end)
        return Errno.SUCCESS

    def _end(self, reason: Exception) -> None:
        self.fuel_left_at_end = self.guest.meter.remaining()
        self.ended_by = reason
        self.guest.meter.drain()
