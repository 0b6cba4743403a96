"""Where two output directories of one job differ, for a person who has to find out why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 16
SHOWN = 24
"""Bytes of each side that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    path: str
    """Below the output directory: "stdout", "outputs/cow.txt"."""
    reason: str
    byte: int | None = None
    """The first that differs, counted from 1 as `cmp` does; None where it is not about bytes."""

    def __str__(self) -> str:
        where = self.path if self.byte is None else f"{self.path} byte {self.byte:,}"
        return f"{where}: {self.reason}"


def first_difference(expected: Path, found: Path) -> Difference | None:
    """Names and bytes, which are all that a commitment covers; the exit code first, then by name."""
    return _compare(_entries(expected), _entries(found))


def difference_of_files(expected: Path, found: Path) -> Difference | None:
    """The same, for directories that a repository keeps: it has no empty folders."""
    left, right = (
        {name: path for name, path in _entries(root).items() if path.is_file()} for root in (expected, found)
    )
    return _compare(left, right)


def _compare(left: Mapping[str, Path], right: Mapping[str, Path]) -> Difference | None:
    for name in sorted({*left, *right}, key=lambda n: (n != "exitCode", n)):
        if name not in right:
            return Difference(name, "is missing")
        if name not in left:
            return Difference(name, "is there, and was not before")
        if left[name].is_dir() != right[name].is_dir():
            return Difference(name, "is a folder now" if right[name].is_dir() else "is a file now")
        if not left[name].is_dir() and (difference := _in_bytes(name, left[name], right[name])) is not None:
            return difference
    return None


def _entries(root: Path) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*")}


def _in_bytes(name: str, expected: Path, found: Path) -> Difference | None:
    offset = 0
    with expected.open("rb") as left, found.open("rb") as right:
        while True:
            a, b = left.read(CHUNK), right.read(CHUNK)
            if a != b:
                at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
                left.seek(offset + at), right.seek(offset + at)
                reason = f"{_shown(right.read(SHOWN))} instead of {_shown(left.read(SHOWN))}"
                return Difference(name, reason, offset + at + 1)
            if not a:
                return None
            offset += len(a)


def _shown(data: bytes) -> str:
    return ascii(data.decode("utf-8", "backslashreplace")) if data else "the end"
