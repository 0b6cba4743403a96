"""One execution, from the first instruction to its end. Blocks; the engine gives up the interpreter lock."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import wasmtime

from lilypad.errors import ExecutorFaultError
from lilypad.executors.wasi.errno import ModuleExitedError, OutOfBudgetError
from lilypad.executors.wasi.filesystem import Directory
from lilypad.executors.wasi.guest import Guest, SeededRandom, new_outputs
from lilypad.executors.wasi.host import WasiHost
from lilypad.executors.wasi.logs import Logs
from lilypad.executors.wasi.memory import GuestMemory
from lilypad.executors.wasi.meter import Meter
from lilypad.types import ExecutionResult, ExecutionSpec, ExitStatus

MAX_TABLES = 16
MAX_TABLE_ELEMENTS = 1 << 18

Code = wasmtime.TrapCode
DETERMINISTIC_TRAPS = frozenset(
    {
        Code.MEMORY_OUT_OF_BOUNDS,
        Code.TABLE_OUT_OF_BOUNDS,
        Code.INDIRECT_CALL_TO_NULL,
        Code.BAD_SIGNATURE,
        Code.INTEGER_OVERFLOW,
        Code.INTEGER_DIVISION_BY_ZERO,
        Code.BAD_CONVERSION_TO_INTEGER,
    }
)


class Interrupt:
    """Stops one execution from any thread. The engine is that execution's own."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self.engine = engine
        self._requested = threading.Event()
        self._closing = threading.Lock()
        self._closed = False

    def request(self) -> None:
        self._requested.set()
        with self._closing:
            if not self._closed:
                self.engine.increment_epoch()

    def check(self) -> None:
        if self._requested.is_set():
            raise ExecutorFaultError("The execution was cancelled before it began.")

    def close(self) -> None:
        """Gives the engine back. Later requests have no effect."""
        with self._closing:
            self._closed = True
            self.engine.close()


@dataclass(frozen=True, slots=True)
class Finished:
    """A result, and the files that belong to it."""

    result: ExecutionResult
    outputs: Directory


def run_module(
    module: wasmtime.Module, spec: ExecutionSpec, inputs: Directory, logs: Logs, interrupt: Interrupt
) -> Finished:
    """Raises ExecutorFaultError when the end is not one that every other host would have come to."""
    with wasmtime.Store(interrupt.engine) as store, wasmtime.Linker(interrupt.engine) as linker:
        _set_limits(store, spec)
        interrupt.check()  # only now: what was requested before the deadline was set has no effect
        host = WasiHost(_new_guest(store, spec, inputs, logs), store)
        host.define_in(linker)
        deadline = threading.Timer(spec.limits.wall_seconds, interrupt.request)
        deadline.start()
        try:
            trap = _call_start(store, linker, module)
        finally:
            deadline.cancel()
            deadline.join()
        return Finished(_judge(host, trap, spec.limits.instructions, store.get_fuel()), host.guest.outputs)


def _set_limits(store: wasmtime.Store, spec: ExecutionSpec) -> None:
    store.set_fuel(spec.limits.instructions)
    store.set_epoch_deadline(1)
    store.set_limits(
        memory_size=spec.limits.memory_bytes,
        table_elements=MAX_TABLE_ELEMENTS,
        instances=1,
        tables=MAX_TABLES,
        memories=1,
    )


def _new_guest(store: wasmtime.Store, spec: ExecutionSpec, inputs: Directory, logs: Logs) -> Guest:
    return Guest(
        argv=tuple(a.encode() for a in spec.argv),
        env=tuple(f"{name}={value}".encode() for name, value in spec.env),
        memory=GuestMemory(),
        meter=Meter(store.get_fuel, store.set_fuel),
        logs=logs,
        inputs=inputs,
        outputs=new_outputs(spec.limits.output_bytes),
        random=SeededRandom(spec.seed),
    )


def _call_start(store: wasmtime.Store, linker: wasmtime.Linker, module: wasmtime.Module) -> wasmtime.Trap | None:
    try:
        start = linker.instantiate(store, module).exports(store)["_start"]
        if isinstance(start, wasmtime.Func):  # check_module() has seen to it
            start(store)
    except wasmtime.Trap as trap:
        return trap
    except wasmtime.WasmtimeError as error:
        raise ExecutorFaultError(f"The engine could not run the module: {error}") from error
    return None


def _judge(host: WasiHost, trap: wasmtime.Trap | None, limit: int, fuel_left: int) -> ExecutionResult:
    """Makes a result of the end, where it is an end that is the same everywhere."""
    out_of_budget = ExecutionResult(ExitStatus(ExitStatus.OUT_OF_BUDGET), limit)
    match host.ended_by:
        case ModuleExitedError(code=code):
            return ExecutionResult(ExitStatus(code & 0xFF), limit - host.fuel_left_at_end)
        case OutOfBudgetError():
            return out_of_budget
        case Exception() as fault:
            raise ExecutorFaultError(f"The WASI host failed: {fault!r}. This is a bug in it.") from fault
    if trap is None:
        return ExecutionResult(ExitStatus(0), limit - fuel_left)
    if trap.trap_code is Code.OUT_OF_FUEL:
        return out_of_budget
    if trap.trap_code is Code.UNREACHABLE:
        return ExecutionResult(ExitStatus(ExitStatus.TRAPPED), limit - fuel_left)
    if trap.trap_code in DETERMINISTIC_TRAPS:
        # The engine keeps the count in a register and loses what came after the last call when it traps. The
        # one count that is the same everywhere and no gift to a module that computes first is the budget.
        return ExecutionResult(ExitStatus(ExitStatus.TRAPPED), limit)
    raise ExecutorFaultError(_explain_fault(trap), trap=trap.trap_code)


def _explain_fault(trap: wasmtime.Trap) -> str:
    if trap.trap_code is Code.STACK_OVERFLOW:
        return "The module used up the call stack, whose size differs between hosts. Decline the job."
    if trap.trap_code is Code.INTERRUPT:
        return "The module was interrupted: cancelled, or longer at work than its wall clock limit."
    return f"The engine stopped the module: {trap.message}"
