"""Under what a module is run to see whether its result stays the same: each of them is something that it can see, and
that no two machines share. What no module can see (docs/module-author.md says what) is not varied.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lilypad.types import Engine

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system of another kind, where there is one
AT_ONCE = 3
_PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]
_OLD_NAMES, _NEW_NAMES = ("AVX2_Usable", "FMA_Usable", "AVX512F_Usable"), ("AVX", "AVX2", "FMA", "AVX512F")
OLDER_PROCESSOR = (
    ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in (*_OLD_NAMES, *_NEW_NAMES))),
    ("OPENBLAS_CORETYPE", "Nehalem"),
)
"""Libraries that choose their code by the processor (the C library's exp and sin among them) choose another."""


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    wait_seconds: float = 0
    """Since the first run: the calendar moves on."""
    is_rearranged: bool = False
    """The files of /inputs are listed in another order, by another file system if there is one."""
    processors: str = ""
    """The only ones that it may use; empty for all."""
    speed_percent: int = 100
    variables: tuple[tuple[str, str], ...] = ()
    at_once: int = 1
    has_new_cache: bool = False
    """WASM: compiled again, instead of taken from the cache."""


AS_IT_IS = Condition("first run")
_LATER = Condition("again, two seconds later", wait_seconds=2)
_REARRANGED = Condition("input files in another order", is_rearranged=True)
_AT_ONCE = Condition("three at once", at_once=AT_ONCE)
_CONTAINER = (
    _LATER,
    _REARRANGED,
    Condition("one processor", processors=str(_PROCESSORS[0])),
    Condition("half as fast", speed_percent=50),
    Condition("an older processor", variables=OLDER_PROCESSOR),
    _AT_ONCE,
)
_WASM = (_LATER, Condition("compiled anew", has_new_cache=True), _REARRANGED, _AT_ONCE)


def conditions_for(engine: Engine, inputs: Path) -> Iterator[Condition]:
    """Those that can make a difference: one file has one order, one processor is one already."""
    for condition in _WASM if engine is Engine.WASM else _CONTAINER:
        if condition.is_rearranged and len(list(inputs.iterdir())) < 2:
            continue
        if condition.processors and len(_PROCESSORS) == 1:
            continue
        yield condition


def rearrange(inputs: Path, target: Path) -> None:
    """The same files, in a directory that lists them in another order."""
    usual = _listed(inputs)
    for names in (sorted(usual, reverse=True), sorted(usual)):
        shutil.rmtree(target, ignore_errors=True)
        _copy(inputs, target, names)
        if _listed(target) != usual:
            return


def _listed(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _copy(source: Path, target: Path, names: Iterable[str]) -> None:
    target.mkdir(parents=True)
    for name in names:
        if (source / name).is_dir():
            _copy(source / name, target / name, sorted(_listed(source / name), reverse=True))
        else:
            shutil.copyfile(source / name, target / name)


def other_file_system(inputs: Path) -> Path | None:
    """Where there is room for a second copy of the inputs, listed by other rules."""
    size = sum(path.stat().st_size for path in inputs.rglob("*") if path.is_file())
    is_usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 * size
    return MEMORY if is_usable else None
