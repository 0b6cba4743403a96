"""Arguments, environment, clock, random bytes, waiting, the end; and the calls that are refused."""

from __future__ import annotations

import struct

from lilypad.executors.wasi import meter
from lilypad.executors.wasi.calls import wasi_call
from lilypad.executors.wasi.errno import Errno, ModuleExitedError, WasiError
from lilypad.executors.wasi.guest import EPOCH_2000, TICK, Guest

REALTIME = 0
MAX_CLOCK = 3
MAX_SUBSCRIPTIONS = 1024
RANDOM_PIECE = 1 << 16
SUBSCRIPTION_BYTES = 48
EVENT_BYTES = 32


@wasi_call("ii")
def args_get(guest: Guest, pointers: int, strings: int) -> None:
    _write_strings(guest, guest.argv, pointers, strings)


@wasi_call("ii")
def args_sizes_get(guest: Guest, count: int, size: int) -> None:
    _write_sizes(guest, guest.argv, count, size)


@wasi_call("ii")
def environ_get(guest: Guest, pointers: int, strings: int) -> None:
    _write_strings(guest, guest.env, pointers, strings)


@wasi_call("ii")
def environ_sizes_get(guest: Guest, count: int, size: int) -> None:
    _write_sizes(guest, guest.env, count, size)


def _write_strings(guest: Guest, strings: tuple[bytes, ...], pointers: int, address: int) -> None:
    for string in strings:
        guest.meter.charge(meter.PER_BUFFER + meter.PER_BYTE * len(string))
        guest.memory.write_u32(pointers, address)
        guest.memory.write(address, string + b"\0")
        pointers += 4
        address += len(string) + 1


def _write_sizes(guest: Guest, strings: tuple[bytes, ...], count: int, size: int) -> None:
    guest.memory.write_u32(count, len(strings))
    guest.memory.write_u32(size, sum(len(s) + 1 for s in strings))


@wasi_call("ii")
def clock_res_get(guest: Guest, clock: int, result: int) -> None:
    _check_clock(clock)
    guest.memory.write_u64(result, TICK)


@wasi_call("ili")
def clock_time_get(guest: Guest, clock: int, _precision: int, result: int) -> None:
    _check_clock(clock)
    guest.memory.write_u64(result, guest.clock.read() + (EPOCH_2000 if clock == REALTIME else 0))


def _check_clock(clock: int) -> None:
    if clock > MAX_CLOCK:
        raise WasiError(Errno.INVAL)


@wasi_call("ii")
def random_get(guest: Guest, address: int, size: int) -> None:
    guest.memory.check(address, size)
    guest.meter.charge(meter.PER_RANDOM_BYTE * size)
    for piece in range(0, size, RANDOM_PIECE):
        guest.memory.write(address + piece, guest.random.draw(min(RANDOM_PIECE, size - piece)))


@wasi_call("i", returns_errno=False)
def proc_exit(_guest: Guest, code: int) -> None:
    raise ModuleExitedError(code)


@wasi_call("")
def sched_yield(_guest: Guest) -> None:
    """There is nobody to yield to."""


@wasi_call("iiii")
def poll_oneoff(guest: Guest, subscriptions: int, events: int, count: int, result: int) -> None:
    """Descriptors are always ready. With clocks alone, time jumps to the earliest of them."""
    if not 0 < count <= MAX_SUBSCRIPTIONS:
        raise WasiError(Errno.INVAL)
    guest.meter.charge(meter.PER_BUFFER * count)
    guest.memory.check(events, EVENT_BYTES * count)
    raw = guest.memory.read(subscriptions, SUBSCRIPTION_BYTES * count)
    wanted = [raw[i : i + SUBSCRIPTION_BYTES] for i in range(0, len(raw), SUBSCRIPTION_BYTES)]
    ready = [s for s in wanted if s[8] != _EVENT_CLOCK]
    if not ready:
        due = [_due_time(guest, s) for s in wanted]
        guest.clock.advance_to(min(due))
        ready = [s for s, time in zip(wanted, due, strict=True) if time <= guest.clock.now]
    happened = b"".join(s[:8] + struct.pack("<HB5xQHxxxxxx", 0, s[8], 0, 0) for s in ready)
    guest.memory.write(events, happened)
    guest.memory.write_u32(result, len(ready))


_EVENT_CLOCK = 0
_ABSOLUTE = 1


def _due_time(guest: Guest, subscription: bytes) -> int:
    clock, timeout, _precision, flags = struct.unpack_from("<I4xQQH", subscription, 16)
    if not flags & _ABSOLUTE:
        return guest.clock.now + int(timeout)
    return int(timeout) - (EPOCH_2000 if clock == REALTIME else 0)


def _refuse(name: str, signature: str) -> None:
    def refused(_guest: Guest, *_numbers: int) -> None:
        raise WasiError(Errno.NOSYS)

    refused.__name__ = name
    wasi_call(signature)(refused)


for _name, _signature in {
    "proc_raise": "i",
    "sock_accept": "iii",
    "sock_recv": "iiiiii",
    "sock_send": "iiiii",
    "sock_shutdown": "ii",
}.items():
    _refuse(_name, _signature)
