"""How this process's memory is had from the system: by the C library's allocator, which can be told."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of mallopt(3)."""
ARENAS = 2
LARGE = 128 << 10
"""Bytes; where the allocator begins, before it adapts."""


def keep_small() -> None:
    """For a process that runs for months, before its first thread. Without it glibc takes a heap for each thread, up to
    eight a core, and larger and larger blocks out of them, of which only a part can be given back: an agent grew by
    17 KiB a deal though it held no more than before. Other libraries know no such thing, and nothing is done there."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, ARENAS)
        mallopt(_MMAP_THRESHOLD, LARGE)
        mallopt(_TRIM_THRESHOLD, LARGE)
