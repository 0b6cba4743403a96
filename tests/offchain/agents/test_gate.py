"""Who may run beside whom."""

from __future__ import annotations

import asyncio

from lilypad.agents.provider.gate import Gate
from lilypad.types import DealId, Resources

ROOM = Resources(cpu_milli=2_000, ram_mib=1_024)
HALF = Resources(cpu_milli=1_000, ram_mib=512)
A, B, C = (DealId(name * 32) for name in (b"a", b"b", b"c"))


async def test_gate__lets_in_what_fits_and_nothing_beyond() -> None:
    gate = Gate(ROOM, 8)
    assert await gate.enter(A, HALF, 0)
    assert await gate.enter(B, HALF, 0)
    assert not await gate.enter(C, Resources(cpu_milli=1), 0)
    assert gate.running == ROOM
    gate.leave(A)
    assert await gate.enter(C, HALF, 0)


async def test_gate__lets_in_no_more_than_there_are_places() -> None:
    gate = Gate(ROOM, 1)
    assert await gate.enter(A, Resources(), 0)
    assert not await gate.enter(B, Resources(), 0)


async def test_gate__for_whoever_is_inside__stays_open() -> None:
    gate = Gate(ROOM, 1)
    gate.resume(A, ROOM)
    assert await gate.enter(A, ROOM, 0)
    gate.leave(A)
    assert gate.running == Resources()
    gate.leave(A)


async def test_gate__of_a_machine_that_became_smaller__lets_one_in_alone() -> None:
    gate = Gate(HALF, 2)
    assert await gate.enter(A, ROOM, 0)
    assert not await gate.enter(B, HALF, 0)
    gate.leave(A)
    assert await gate.enter(B, HALF, 0)
    assert not await gate.enter(A, ROOM, 0)


async def test_gate__tells_those_who_wait_when_somebody_leaves() -> None:
    gate = Gate(ROOM, 8)
    gate.resume(A, ROOM)
    waiting = [asyncio.create_task(gate.enter(deal, HALF, 60)) for deal in (B, C)]
    await asyncio.sleep(0)
    gate.leave(A)
    assert await asyncio.gather(*waiting) == [True, True]
