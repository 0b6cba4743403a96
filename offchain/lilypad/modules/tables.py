"""Reading a parsed TOML or JSON file strictly: every mistake says what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from lilypad.errors import ModuleInvalidError

_NAMES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a table",
}
_REQUIRED: Any = object()


def fail(where: str, what: str) -> NoReturn:
    raise ModuleInvalidError(f"{where}: {what}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint behind a mistake: the word that was probably meant, or all there are."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(words)}."


class Table:
    """One table. Each key is taken out by the name of its type; what nobody knows is a mistake."""

    def __init__(self, data: object, where: str, known: Iterable[str]) -> None:
        if not isinstance(data, Mapping):
            fail(where, f"expected a table, got {describe(data)}.")
        self.where = where
        self._data = data
        known = tuple(known)
        for key in data:
            if key not in known:
                fail(where or "module.toml", f"unknown key {key!r}; {nearest(str(key), known)}")

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def has(self, key: str) -> bool:
        return key in self._data

    def _take(self, key: str, kind: type, default: Any) -> Any:
        if key not in self._data:
            if default is _REQUIRED:
                fail(self.at(key), f"is missing; give {_NAMES[kind]}.")
            return default
        value = self._data[key]
        right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not right:
            fail(self.at(key), f"expected {_NAMES[kind]}, got {describe(value)}.")
        return value

    def text(
        self,
        key: str,
        default: str = _REQUIRED,
        *,
        pattern: str = "",
        means: str = "",
        max_length: int = 1000,
    ) -> str:
        value: str = self._take(key, str, default)
        if len(value) > max_length:
            fail(self.at(key), f"has {len(value)} characters; at most {max_length} are allowed.")
        if key in self._data and pattern and not re.fullmatch(pattern, value):
            fail(self.at(key), f"{value!r} is not {means}.")
        return value

    def whole(self, key: str, default: int = _REQUIRED, *, least: int, most: int) -> int:
        value: int = self._take(key, int, default)
        if not least <= value <= most:
            fail(self.at(key), f"{value} is out of range; choose a number from {least} to {most}.")
        return value

    def number(self, key: str, default: float = _REQUIRED, *, above: float, most: float) -> float:
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            fail(self.at(key), f"expected a number, got {describe(value)}.")
        if not above < value <= most:
            fail(self.at(key), f"{value} is out of range; choose a number above {above}, at most {most}.")
        return float(value)

    def flag(self, key: str, default: bool = _REQUIRED) -> bool:
        value: bool = self._take(key, bool, default)
        return value

    def list(self, key: str, default: Any = _REQUIRED) -> list[Any]:
        value: list[Any] = self._take(key, list, default)
        return value

    def table(self, key: str, known: Iterable[str], default: Any = _REQUIRED) -> Table:
        return Table(self._take(key, dict, default), self.at(key), known)

    def mapping(self, key: str, default: Any = _REQUIRED) -> dict[str, Any]:
        value: dict[str, Any] = self._take(key, dict, default)
        return value

    def value(self, key: str, default: Any = _REQUIRED) -> Any:
        """Of whatever type."""
        if key not in self._data and default is _REQUIRED:
            fail(self.at(key), "is missing.")
        return self._data.get(key, default)


def describe(value: object) -> str:
    """A value and its type, in the words of the file's author."""
    shown = repr(value)
    kind = _NAMES.get(type(value), type(value).__name__)
    return f"{kind} ({shown if len(shown) <= 40 else shown[:37] + '...'})"
