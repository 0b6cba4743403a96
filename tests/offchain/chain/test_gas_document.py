"""The tables of the documents say what was measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


PAGES = [("contracts.md", "calls"), ("mediation.md", "disputes"), ("gas.md", "comparison")]


@pytest.mark.parametrize(("page", "make"), PAGES)
def test_table__is_what_was_measured(page: str, make: str) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "export_gas.py"))
    measured = json.loads((ROOT / "benchmarks" / "gas.json").read_text())
    assert {*script["ROWS"], *script["DISPUTE_ROWS"], *script["OTHERS"]} <= set(measured)
    assert (ROOT / "docs" / page).read_text() == script[make](measured), "run: python scripts/export_gas.py"
