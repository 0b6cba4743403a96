"""Garbage collection, as IPFS does it: what a pinned root leads to is kept, all other blocks go.

It runs beside everybody who uses the store (see `holds`), and may be killed at any instruction: until a block is
removed nothing has changed, and what is left of a tree afterwards is garbage still. Parents are removed before what
is below them, so that a root which is there has everything below it there, unless somebody never had all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lilypad.crashing import crash_point
from lilypad.store.cid import Cid, Codec
from lilypad.store.files import BlockFiles, on_disk
from lilypad.store.holds import Limit

_AT_ONCE = 64
"""Blocks removed while others wait."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Bytes as `on_disk` counts them."""

    blocks: int
    freed: int
    spared: int
    """Of blocks that nothing leads to, but that somebody may be about to use."""
    used: int
    """What is left in the store."""


def collect(files: BlockFiles, wanted: Callable[[], Iterable[Cid]]) -> Collected:
    """Removes what neither a pin nor one of the `wanted` roots leads to. Of a wanted root that is kept which is here:
    nobody has to have all of it."""
    partial = files.partial_files()
    with files.holds.collecting() as limit:
        for path in partial:
            if path.name.partition("-")[0] not in limit.living:  # its writer was killed
                path.unlink(missing_ok=True)
        crash_point("collect.begun")
        roots = [*wanted()]  # before the pins: what is wanted until it is pinned is among one of them
        kept = {cid for cid, _ in files.below([*roots, *files.pins()])}
        crash_point("collect.marked")
        doomed, left, spared = dict[Cid, int](), 0, 0
        for cid, size, stamp in files.every_block():
            if cid not in kept and stamp < limit.before:
                doomed[cid] = on_disk(size)
            else:
                left += on_disk(size)
                spared += 0 if cid in kept else on_disk(size)
        gone = _remove(_parents_first(doomed, files), files, limit)
    stayed = sum(size for cid, size in doomed.items() if cid not in gone)
    freed = sum(doomed[cid] for cid in gone)
    return Collected(len(gone), freed, spared + stayed, left + stayed)


def _remove(doomed: Sequence[Cid], files: BlockFiles, limit: Limit) -> set[Cid]:
    gone = set()
    for start in range(0, len(doomed), _AT_ONCE):
        with files.holds.latched():
            for cid in doomed[start : start + _AT_ONCE]:
                path = files.path(cid)
                try:
                    if path.stat().st_mtime_ns < limit.before:  # nobody has found it since
                        path.unlink()
                        gone.add(cid)
                except FileNotFoundError:
                    gone.add(cid)
        crash_point("collect.removed")
    return gone


def _parents_first(doomed: Mapping[Cid, int], files: BlockFiles) -> list[Cid]:
    """Kahn's order over what goes: no node comes after one that it links to."""
    links = {
        cid: [child for child in dict.fromkeys(files.children(cid) or ()) if child in doomed]
        for cid in doomed
        if cid.codec is Codec.DAG_PB
    }
    parents = dict.fromkeys(doomed, 0)
    for below_it in links.values():
        for child in below_it:
            parents[child] += 1
    order = [cid for cid, count in parents.items() if count == 0]
    for cid in order:  # grows meanwhile
        for child in links.get(cid, ()):
            parents[child] -= 1
            if parents[child] == 0:
                order.append(child)
    return order
