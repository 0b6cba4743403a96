"""Compiles the contracts and writes ABI and creation code of each to where the agents read them.

ape run export_artifacts
"""

import json
from pathlib import Path

from ape import project

TARGET = Path(__file__).parent.parent / "offchain" / "lilypad" / "chain" / "artifacts"
CONTRACTS = (
    "LilypadToken", "LilypadPayments", "LilypadStorage", "LilypadModules", "LilypadUsers", "LilypadController",
    "LilypadMediation", "LilypadMediators", "Randao", "LilypadGovernor", "LilypadTimelock", "MockMediation",
    "MockRandomness", "MockWallet",
)  # fmt: skip


def main() -> None:
    project.load_contracts(use_cache=False)  # ape does not see that an imported file has changed
    TARGET.mkdir(exist_ok=True)
    for name in CONTRACTS:
        contract = project.get_contract(name).contract_type
        artifact = {
            "abi": [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in contract.abi],
            "bytecode": contract.deployment_bytecode.bytecode,
        }
        (TARGET / f"{name}.json").write_text(json.dumps(artifact, indent=1, sort_keys=True) + "\n")
