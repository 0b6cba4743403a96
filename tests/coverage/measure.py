"""How much of the contracts their tests execute: python -m tests.coverage.measure, after the tests have written a tape.

Replays the tape on instrumented contracts and fails when a contract has less than 95 % of its branches covered: each
decision has two, and both must have been taken.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.coverage.instrument import BRANCHES, Decision, instrument

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".build" / "coverage"
SOURCES = FOLDER / "contracts"
LCOV = FOLDER / "lcov.info"
EXCUSES = Path(__file__).with_name("excused.toml")
LEAST_PERCENT = 95


@dataclass(frozen=True)
class Branch:
    decision: Decision
    outcome: bool
    taken: int

    @property
    def key(self) -> tuple[str, str, bool]:
        """Not the line, which moves."""
        return self.decision.file, self.decision.source, self.outcome

    def __str__(self) -> str:
        d = self.decision
        return f"{d.file}:{d.line}: never {str(self.outcome).lower()}: {d.kind} {d.source}"


def main() -> int:
    decisions = instrument(ROOT, ROOT / "contracts", SOURCES, _solc())
    output = _replay()
    if output is not None:
        print(output)  # noqa: T201
        return 1
    found, stale = excuse(branches(decisions, LCOV.read_text()), EXCUSES.read_text())
    text, enough = report(found)
    print("\n".join([text, *stale]))  # noqa: T201
    return 0 if enough and not stale else 1


def branches(decisions: Sequence[Decision], lcov: str) -> list[Branch]:
    """Both branches of each decision, as forge counted them in the functions that stand for them."""
    section = next(part for part in lcov.split("end_of_record") if f"/{BRANCHES}\n" in part)
    numbers = {int(line): int(n) for line, n in re.findall(r"^FN:(\d+),Branch\.b(\d+)$", section, re.MULTILINE)}
    counted: dict[tuple[int, bool], int] = {}
    for line, path, hits in re.findall(r"^BRDA:(\d+),\d+,([01]),(\d+|-)$", section, re.MULTILINE):
        counted[numbers[int(line) - 1], path == "0"] = 0 if hits == "-" else int(hits)
    return [Branch(d, way, counted[n, way]) for n, d in enumerate(decisions) for way in (True, False)]


def excuse(found: Sequence[Branch], excuses: str) -> tuple[list[Branch], list[str]]:
    """Those that have no excuse, and what is wrong with the excuses.

    Raises:
        ValueError: an excuse gives no reason.
    """
    said = tomllib.loads(excuses)
    entries = [*said.get("branch", ()), *said.get("file", ())]
    if any(not str(entry["why"]).strip().endswith(".") for entry in entries):
        raise ValueError("an excuse gives no reason")
    files = {entry["file"] for entry in said.get("file", ())}
    branches_ = {(entry["file"], entry["source"], entry["never"]) for entry in said.get("branch", ())}
    excused = [b for b in found if b.decision.file in files or b.key in branches_]
    untaken = {b.key for b in excused if not b.taken}
    stale = [f"an excuse for what is taken or not there: {' '.join(map(str, key))}" for key in branches_ - untaken]
    stale += [f"an excuse for what is not there: {f}" for f in files - {b.decision.file for b in excused}]
    return [b for b in found if b not in excused], stale


def report(found: Sequence[Branch], least: float = LEAST_PERCENT) -> tuple[str, bool]:
    """The table, the branches never taken, and whether every file has enough."""
    files: dict[str, list[Branch]] = {}
    for branch in found:
        files.setdefault(branch.decision.file, []).append(branch)
    rows = [_row(file, of_file) for file, of_file in files.items()]
    short = [file for file, of_file in files.items() if _percent(of_file) < least]
    missed = [str(branch) for branch in found if not branch.taken]
    lines = [*rows, _row("all", found), *([""] if missed else []), *missed]
    lines += [f"less than {least} % of its branches: {file}" for file in short]
    return "\n".join(lines), not short


def _row(name: str, found: Sequence[Branch]) -> str:
    taken = sum(1 for branch in found if branch.taken)
    return f"{name:<44} {taken:>4} of {len(found):>4} branches {_percent(found):>6.1f} %"


def _percent(found: Sequence[Branch]) -> float:
    return 100 * sum(1 for branch in found if branch.taken) / len(found)


# ------------------------------------------------------------ forge


def _replay() -> str | None:
    """What forge said, if the replay did not end as the tape did."""
    settings: Mapping[str, str] = {
        "FOUNDRY_CONFIG": str(Path(__file__).with_name("foundry.toml")),
        "LILYPAD_TAPE": str(FOLDER / "tape"),
    }
    command = [
        "forge",
        "coverage",
        "--ir-minimum",
        "--use",
        str(_solc()),
        "--report",
        "lcov",
        "--report-file",
        str(LCOV),
    ]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout[-6_000:] + done.stderr[-6_000:]


def _solc() -> Path:
    (found,) = Path(os.environ["SOLCX_BINARY_PATH"]).glob("solc-v*")
    return found


if __name__ == "__main__":
    sys.exit(main())
