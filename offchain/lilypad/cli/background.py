"""A command that goes on when the one that started it has ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def leave_running(arguments: list[str], log: Path) -> int:
    """Starts `lilypad ...` in a session of its own, with this environment; returns its process id."""
    program = [sys.executable, "-m", "lilypad.cli.main", *arguments]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(sys.executable, program, os.environ, file_actions=actions, setsid=True)
