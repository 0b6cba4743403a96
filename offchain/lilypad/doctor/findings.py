"""What an examination says."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Works, or is not needed by everybody."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    level: Level
    text: str
    fix: str = ""
    """What to do; never empty unless all is well."""

    def document(self) -> dict[str, str]:
        return {"check": self.check, "level": self.level.value, "text": self.text, "fix": self.fix}


def ok(check: str, text: str) -> Finding:
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, fix: str) -> Finding:
    return Finding(check, Level.WARNING, text, fix)


def broken(check: str, text: str, fix: str) -> Finding:
    return Finding(check, Level.BROKEN, text, fix)
