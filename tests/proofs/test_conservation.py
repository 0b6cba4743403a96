"""Halmos proves each check of the .t.sol files here, for all inputs that the check assumes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.proofs.findings import ROOT

PROOFS = Path(__file__).parent
BUILD = ROOT / ".build" / "prove"
TOOLS = BUILD / "venv" / "bin"


@pytest.fixture(scope="session")
def proven(missing: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each check."""
    if not (TOOLS / "halmos").exists():
        missing("halmos is not there: make prove")
    (solc,) = (ROOT / ".build" / "solcx").glob("solc-v*")
    answer = tmp_path_factory.mktemp("halmos") / "answer.json"
    command: list[str | Path] = [TOOLS / "halmos", "--root", ROOT, "--forge-build-out", ".build/prove/out"]
    # Whatever a function panics for, an overflow as well, disproves that it never reverts.
    command += ["--panic-error-codes", "*", "--loop", "8"]
    command += ["--solver-threads", "2", "--solver-timeout-assertion", "120s"]
    command += ["--solver-command", f"{TOOLS / 'python'} {PROOFS / 'solver.py'}", "--json-output", answer]
    settings = {"FOUNDRY_CONFIG": str(PROOFS / "foundry.toml"), "FOUNDRY_SOLC": str(solc)}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)
    if not answer.exists():
        raise RuntimeError(done.stdout + done.stderr)
    results = json.loads(answer.read_text())["test_results"]
    return {test["name"].split("(")[0]: test for tests in results.values() for test in tests}


def checks() -> list[str]:
    return [name for path in PROOFS.glob("*.t.sol") for name in re.findall(r"function (check_\w+)", path.read_text())]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("check", checks())
def test_check__for_all_inputs__holds(proven: dict[str, Any], check: str) -> None:
    assert proven[check]["exitcode"] == 0, proven[check]
