"""Which functions of a contract ask who the caller is: read from the sources, its own and those it inherits from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[3]
OURS = ROOT / "contracts"
LIBRARY = ROOT / "node_modules" / "@openzeppelin" / "contracts"

_CONTRACT = re.compile(r"^(abstract contract|contract|interface|library) (\w+)(?:\s+is\s+([^{]+))?\s*\{", re.MULTILINE)
_FUNCTION = re.compile(r"^    function (\w+)\(([^{;]*)([{;])", re.MULTILINE)
_MODIFIER = re.compile(r"\bonly[A-Z]\w*")
_REFUSAL = re.compile(r"Unauthorized|OnlyExecutor|_checkOwner\(|_checkRole\(|_checkGovernance\(")


@dataclass(frozen=True)
class Source:
    parents: tuple[str, ...]
    guarded: frozenset[str]
    is_ours: bool
    is_abstract: bool


def contracts() -> list[str]:
    """All that can be deployed, but the mocks."""
    return sorted(name for name, source in _sources().items() if source.is_ours and not source.is_abstract)


def guarded(name: str) -> set[str]:
    """The functions, inherited ones included, whose head or body has a guard of an admin's."""
    source = _sources()[name]
    return set(source.guarded).union(*(guarded(parent) for parent in source.parents if parent in _sources()))


@cache
def _sources() -> Mapping[str, Source]:
    ours = [file for file in OURS.rglob("*.sol") if "mocks" not in file.parts]
    theirs = [file for folder in ("access", "governance", "utils") for file in (LIBRARY / folder).rglob("*.sol")]
    return {name: source for file in (*theirs, *ours) for name, source in _read(file)}


def _read(file: Path) -> Iterator[tuple[str, Source]]:
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
    for head, following in pairwise([*_CONTRACT.finditer(text), None]):
        assert head is not None
        kind, name, parents = head.groups()
        body = text[head.end() : following.start() if following else len(text)]
        listed = tuple(parent.split("(")[0].strip() for parent in (parents or "").split(","))
        is_ours = file.is_relative_to(OURS)
        yield name, Source(listed, frozenset(_guarded(body)), is_ours, is_abstract=kind != "contract")


def _guarded(body: str) -> Iterator[str]:
    for function, following in pairwise([*_FUNCTION.finditer(body), None]):
        assert function is not None
        name, head, _ = function.groups()
        inside = body[function.end() : following.start() if following else len(body)]
        if _MODIFIER.search(head) or _REFUSAL.search(inside):
            yield name
