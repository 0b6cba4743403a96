"""The command as its users call it: in a process of its own, or in this one, which saves its start."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from click.testing import CliRunner

from lilypad.cli.main import call

ROOT = Path(__file__).parents[3]
LILYPAD = Path(sys.executable).parent / "lilypad"
PATIENCE = 60.0


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Command:
    """`lilypad(...)` with settings of its own: nothing of the person who runs the tests."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LILYPAD_")}
        self.environment |= {"XDG_CONFIG_HOME": str(data / "config")}
        self.environment |= {"LILYPAD_DATA": str(data), "LILYPAD_DEPLOYMENTS": str(data / "deployments")}
        self.environment |= {f"LILYPAD_{name.upper()}": str(value) for name, value in settings.items()}

    def with_settings(self, **settings: object) -> Command:
        other = Command(self.data)
        other.environment = self.environment | {f"LILYPAD_{n.upper()}": str(v) for n, v in settings.items()}
        return other

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        """In this process."""
        environment: dict[str, str | None] = {n: None for n in os.environ if n.startswith("LILYPAD_")}
        logger = logging.getLogger("lilypad")
        level = logger.level
        with CliRunner(mix_stderr=False).isolation(stdin, environment | self.environment) as (out, err):
            code = call([*arguments])
            logger.setLevel(level)  # tests that come after this one read logs too
            assert err is not None
            return Outcome(code, out.getvalue().decode(), err.getvalue().decode())

    def apart(self, *arguments: str, stdin: str = "") -> Outcome:
        """In a process of its own."""
        done = subprocess.run(
            [LILYPAD, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=ROOT,
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([LILYPAD, *arguments], text=True, env=self.environment, cwd=ROOT, **streams)


def read_document(stream: IO[str]) -> Any:
    """The first JSON document that a running command prints."""
    text = ""
    while line := stream.readline():
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"the command ended without a document: {text!r}")


def read_until(stream: IO[str], word: str) -> str:
    text = ""
    while line := stream.readline():
        text += line
        if word in line:
            return text
    raise AssertionError(f"the command ended without saying {word!r}: {text!r}")


def descendants(pid: int) -> set[int]:
    """Every process below this one, by what the kernel says."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {int(word) for task in tasks for word in (task / "children").read_text().split()}
    except OSError:
        return set()
    return children.union(*(descendants(child) for child in children))


def wait_until_gone(pids: set[int]) -> None:
    """An orphan's end is nobody's event, so this one has to look."""
    until = time.monotonic() + 5
    while alive := {pid for pid in pids if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < until, f"still there: {alive}"
        time.sleep(0.02)
