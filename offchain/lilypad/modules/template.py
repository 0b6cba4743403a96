"""argv and env with places for inputs: `{Name}` stands for an input's value, `{{` and `}}` for braces.

An input fills its place and nothing else. It cannot become a second argument (arguments are a list, there is
no shell), nor a flag (an argument that begins with an input's text may not begin with '-'), nor another
environment variable (their names are fixed), nor the name of a flag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from lilypad.modules.tables import fail, nearest

_PIECE = re.compile(r"\{\{|\}\}|\{([A-Za-z][A-Za-z0-9_]*)\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input's value goes."""

    input: str


@dataclass(frozen=True, slots=True)
class Template:
    """One argument, or one environment variable's value: literal text and places."""

    source: str
    parts: tuple[str | Place, ...]

    @property
    def inputs(self) -> frozenset[str]:
        return frozenset(part.input for part in self.parts if isinstance(part, Place))

    def fill(self, text_of: Callable[[str], str]) -> str:
        return "".join(text_of(part.input) if isinstance(part, Place) else part for part in self.parts)

    def first_filled(self, text_of: Callable[[str], str]) -> str | None:
        """The input that the filled text begins with, if it does not begin with the author's own text."""
        for part in self.parts:
            if not isinstance(part, Place):
                return None
            if text_of(part.input):
                return part.input
        return None

    @property
    def builds_flag_name(self) -> bool:
        """Whether an input would be part of a flag's name, as in "--{Name}" (but not "--name={Value}")."""
        first = self.parts[0] if self.parts else ""
        return isinstance(first, str) and first.startswith("-") and "=" not in first and len(self.parts) > 1


@dataclass(frozen=True, slots=True)
class Command:
    """How the module is called. A group of arguments is left out when one of its inputs is absent."""

    argv: tuple[tuple[Template, ...], ...]
    env: tuple[tuple[str, Template], ...]


def parse_template(source: str, where: str, inputs: Collection[str]) -> Template:
    parts: list[str | Place] = []
    for match in _PIECE.finditer(source):
        piece, name = match[0], match[1]
        if name is not None:
            if name not in inputs:
                hint = nearest(name, inputs) if inputs else "the module has no inputs."
                fail(where, f"{source!r} asks for an input {name!r} that is not declared; {hint}")
            parts.append(Place(name))
        elif piece in "{}":
            fail(
                where,
                f"{source!r} has a single {piece!r}; write {{Name}} for an input, {piece * 2!r} for a brace.",
            )
        else:
            text = piece[0] if piece in ("{{", "}}") else piece
            if parts and isinstance(parts[-1], str):
                text = str(parts.pop()) + text
            parts.append(text)
    return Template(source, tuple(parts))
