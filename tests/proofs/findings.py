"""What slither says of our contracts, against what we answered (answers.toml)."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).with_name("answers.toml")
MOCKS = "mocks"


@dataclass(frozen=True, order=True)
class Finding:
    """Known by what it is and where, not by its line, which moves. Two of a kind in one place are two."""

    check: str
    where: str

    def __str__(self) -> str:
        return f"{self.check} in {self.where}"


def find(folder: Path, slither: Path, solc: Path, contracts: Path = ROOT / "contracts") -> dict[Finding, list[str]]:
    """Runs slither on our contracts alone: for each finding its descriptions."""
    sources = sorted(path for path in contracts.rglob("*.sol") if MOCKS not in path.parts)
    task, answer = folder / "sources.json", folder / "findings.json"
    task.write_text(json.dumps(_compiler_input({p.relative_to(contracts.parent).as_posix(): p for p in sources})))
    answer.unlink(missing_ok=True)
    command: list[str | Path] = [
        slither,
        task,
        "--compile-force-framework",
        "Solc-json",
        "--solc",
        solc,
        "--json",
        answer,
    ]
    command += ["--exclude-dependencies", "--filter-paths", "node_modules", "--disable-color", "--fail-none"]
    done = subprocess.run(command, cwd=contracts.parent, capture_output=True, text=True)
    if not answer.exists():
        raise RuntimeError(done.stdout + done.stderr)
    said = json.loads(answer.read_text())
    if not said["success"]:
        raise RuntimeError(said["error"])
    found: dict[Finding, list[str]] = {}
    for entry in said["results"].get("detectors", ()):
        found.setdefault(_finding(entry), []).append(entry["description"])
    return found


def read_answers(text: str) -> Counter[Finding]:
    """How often each finding is answered.

    Raises:
        ValueError: an answer says nothing.
    """
    answered: Counter[Finding] = Counter()
    for answer in tomllib.loads(text)["answer"]:
        if not str(answer["why"]).strip().endswith("."):
            raise ValueError(f"not a sentence: the answer to {answer['check']}")
        answered.update(Finding(answer["check"], where) for where in answer["where"])
    return answered


def differences(found: Mapping[Finding, Sequence[str]], answered: Mapping[Finding, int]) -> list[str]:
    """Findings without an answer, answers without a finding."""
    counted = {finding: len(texts) for finding, texts in found.items()}
    new = [f"no answer to {f}:\n{''.join(found[f])}" for f in sorted(found) if counted[f] > answered.get(f, 0)]
    stale = [f"an answer to what is not found: {f}" for f in sorted(answered) if answered[f] > counted.get(f, 0)]
    return new + stale


def _compiler_input(sources: Mapping[str, Path]) -> Any:
    return {
        "language": "Solidity",
        "sources": {name: {"content": path.read_text()} for name, path in sources.items()},
        "settings": {
            "evmVersion": "cancun",
            "viaIR": True,
            "optimizer": {"enabled": True, "runs": 200},
            "remappings": ["@openzeppelin/contracts=node_modules/@openzeppelin/contracts"],
        },
    }


def _finding(entry: Mapping[str, Any]) -> Finding:
    """The first element is what a finding is about; a variable of a function is named after both."""
    names: list[str] = []
    element = entry["elements"][0]
    while element and element["type"] in ("contract", "function", "variable", "event", "struct", "enum"):
        names.insert(0, element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    return Finding(entry["check"], ".".join(names) or entry["elements"][0]["name"])
