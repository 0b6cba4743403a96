"""The language of an input's `pattern`: a part of regular expressions that cannot be made slow.

A pattern is a row of characters, escapes and classes, each with or without `?`, `*`, `+` or `{m,n}`, and describes
the whole value. No groups, no alternatives (use type "choice"), no references. Who runs a module checks inputs that
a stranger wrote against a pattern that another stranger wrote: both may want it to take for ever.
"""

from __future__ import annotations

import re

from lilypad.modules.tables import fail

_ATOM = r"(?:\[\^?(?:\\[^\x00-\x1f]|[^\]\[\\])+\]|\\[dws]|\\[^\w\s]|[^\\\[\](){}*+?|^$])"
_QUANTIFIER = r"(?:[*+?]|\{(?:\d{1,4}|\d{1,4},\d{0,4})\})"
_PATTERN = re.compile(f"(?:{_ATOM}{_QUANTIFIER}?)*", re.DOTALL)
_ITEM = re.compile(f"({_ATOM})({_QUANTIFIER}?)", re.DOTALL)
_MAX_STEPS = 10_000_000


def compile_pattern(pattern: str, max_length: int, where: str) -> re.Pattern[str]:
    if not _PATTERN.fullmatch(pattern):
        fail(
            where,
            f"{pattern!r} is not a pattern that is allowed here. Write characters, escapes and [classes] with "
            '?, *, + or {m,n}; for alternatives use type "choice".',
        )
    open_ends = sum(1 for _, quantifier in _ITEM.findall(pattern) if not re.fullmatch(r"(\{\d+\})?", quantifier))
    if max_length**open_ends > _MAX_STEPS:
        fail(
            where,
            f"{pattern!r} has {open_ends} parts of open length, which is slow on {max_length} characters. "
            "Lower max_length or use fewer of them.",
        )
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        fail(where, f"{pattern!r} is not a regular expression: {error}.")
