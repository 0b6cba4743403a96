"""What a provider's machine has for jobs, and who has which part of it: the bookkeeping, and nothing but.

A part is booked by a deal in hand, which may use what its job asked for, or by an offer that somebody may still take,
which may become a deal as large as the offer. What is offered next is a part of what is left, so the sum of all that is
booked never exceeds the total.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from lilypad.errors import RejectedError
from lilypad.types import Resources

LEAST = Resources(cpu_milli=100, ram_mib=64)
"""An offer of less than this would find no job."""
NOTHING = Resources()
USUAL_PLACES = 2
CORE = 1000
USUAL_DISK_MIB = 4_096
"""Of a place, where nobody says otherwise: what lies there grows, and the operator knows what else the disk is for."""


def total_of(parts: Iterable[Resources]) -> Resources:
    return functools.reduce(operator.add, parts, NOTHING)


@dataclass(frozen=True, slots=True)
class Booking:
    """Who has what at one moment."""

    total: Resources
    deals: Resources = NOTHING
    """Of the deals in hand."""
    offers: Resources = NOTHING
    """Of the offers that are out."""

    @property
    def booked(self) -> Resources:
        return self.deals + self.offers

    @property
    def free(self) -> Resources:
        """Nothing where more is booked than there is: the machine has become smaller since it was promised."""
        return self.total.beyond(self.booked)

    def samples(self) -> Iterator[tuple[tuple[str, str], int]]:
        """As metrics have it: by kind of resource and by who has it."""
        for kind in fields(Resources):
            for part in ("total", "deals", "offers"):
                yield (kind.name, part), getattr(getattr(self, part), kind.name)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator has said; None where it has not."""

    places: int | None = None
    cpu_milli: int | None = None
    ram_mib: int | None = None
    disk_mib: int | None = None
    gpu: int | None = None


def choose(machine: Resources, wish: Wish) -> tuple[int, Resources]:
    """How many places there are, and what they share: as wished, or all processors, memory and GPUs that the machine
    has for jobs, and as many places as it has cores for, two at most.

    Raises:
        RejectedError: the machine does not have it.
    """
    places = wish.places or max(min(USUAL_PLACES, machine.cpu_milli // CORE), 1)
    usual = {"cpu_milli": machine.cpu_milli, "ram_mib": machine.ram_mib,
             "disk_mib": min(machine.disk_mib, USUAL_DISK_MIB * places), "gpu": machine.gpu}  # fmt: skip
    said = {name: value for name in usual if (value := getattr(wish, name)) is not None}
    chosen = {**usual, **said}
    wanted = Resources(**chosen, vram_mib=_memory_of(chosen["gpu"], machine))
    if not wanted.fit_in(machine):
        raise RejectedError(f"this machine has {show(machine)} for jobs; {show(wanted)} is more")
    most = min(wanted.cpu_milli // LEAST.cpu_milli, wanted.ram_mib // LEAST.ram_mib)
    if most < places:
        message = f"a place needs at least {show(LEAST)}: with {show(wanted)} there can be {most}, not {places}"
        raise RejectedError(message)
    return places, wanted


def show(resources: Resources) -> str:
    """For people: "2 cores, 21.1 GiB of memory, 8 GiB of disk"."""
    if resources == NOTHING:
        return "nothing"
    parts = [
        f"{resources.cpu_milli / CORE:g} core{'s' * (resources.cpu_milli != CORE)}",
        f"{_show_size(resources.ram_mib)} of memory",
    ]
    if resources.disk_mib:
        parts.append(f"{_show_size(resources.disk_mib)} of disk")
    if resources.gpu:
        parts.append(f"{resources.gpu} GPU{'s' * (resources.gpu != 1)} with {_show_size(resources.vram_mib)}")
    return ", ".join(parts)


def _show_size(mib: int) -> str:
    return f"{mib / 1024:.1f}".removesuffix(".0") + " GiB" if mib >= 1024 else f"{mib} MiB"


def next_offer(free: Resources, places: int) -> Resources | None:
    """What to offer for the next one of `places` that are to be offered; None if there is too little for anybody.

    A fair part, and what cannot be divided on top. Fewer places than asked for, where each would get too little.
    """
    for number in range(places, 0, -1):
        part = _part(free, number)
        if LEAST.fit_in(part):
            return part
    return None


def _memory_of(gpus: int, of: Resources) -> int:
    """It is a part of the devices."""
    return of.vram_mib * gpus // of.gpu if of.gpu else 0


def _part(free: Resources, places: int) -> Resources:
    gpus = -(-free.gpu // places)

    def fair(amount: int) -> int:
        return amount // places + amount % places

    return Resources(
        cpu_milli=fair(free.cpu_milli),
        gpu=gpus,
        ram_mib=fair(free.ram_mib),
        vram_mib=_memory_of(gpus, free),
        disk_mib=fair(free.disk_mib),
    )
