"""What a deal costs is what benchmarks/gas.json says; `python -m benchmarks.record` writes it anew, on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.record import TARGET, measure

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "offchain" / "lilypad" / "chain" / "artifacts"
TOLERANCE, DRAWN = 0.005, 0.08
"""Where mediators are drawn, the node's randomness says whom, and they do not all lie equally deep in the tree."""
NAMES = (
    *("LilypadToken", "LilypadPayments", "LilypadStorage", "LilypadModules", "LilypadController"),
    *("LilypadMediation", "LilypadMediators", "Randao"),
)


@pytest.fixture(scope="module")
def gas() -> dict[str, int]:
    """What was recorded; the artifacts that will be measured must not be older than the contracts."""
    oldest = min((ARTIFACTS / f"{name}.json").stat().st_mtime for name in NAMES)
    newer = [
        str(path.relative_to(ROOT)) for path in (ROOT / "contracts").rglob("*.sol") if path.stat().st_mtime > oldest
    ]
    assert not [path for path in newer if "mocks" not in path], "run: ape run export_artifacts"
    recorded: dict[str, int] = json.loads(TARGET.read_text())
    return recorded


async def test_gas__every_step__costs_what_is_recorded(gas: dict[str, int]) -> None:
    found = await measure()
    assert set(found) == set(gas)
    off = {name: (gas[name], found[name]) for name in gas if abs(found[name] - gas[name]) > tolerance(name) * gas[name]}
    assert not off, "recorded and found; if it is meant, write it anew: python -m benchmarks.record"


def tolerance(name: str) -> float:
    return DRAWN if name.startswith(("draw", "dispute", "mediated")) else TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_size__every_contract__can_be_created(compiled: Any, name: str) -> None:
    code = compiled.get_contract(name).contract_type.runtime_bytecode.bytecode
    assert (len(code) - 2) // 2 < 24_576  # EIP-170; we aim for 20,000
