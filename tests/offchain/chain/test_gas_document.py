"""The table of docs/contracts.md says what was measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_table__is_what_was_measured() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "export_gas.py"))
    assert set(script["ROWS"]) <= set(json.loads((ROOT / "benchmarks" / "gas.json").read_text()))
    assert (ROOT / "docs" / "contracts.md").read_text() == script["document"](), "run: python scripts/export_gas.py"
