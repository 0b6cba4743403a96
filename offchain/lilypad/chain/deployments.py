"""Where the protocol lives on a chain: `deployments/<chain id>.json`, written on deploying, read by every agent."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from eth_utils.address import is_address, to_checksum_address

from lilypad.errors import FaultError
from lilypad.types import Address


@dataclass(frozen=True, slots=True)
class Deployment:
    chain_id: int
    block: int
    """The first block worth reading: nothing of the protocol happened before."""
    contracts: dict[str, Address]

    def address(self, name: str) -> Address:
        try:
            return self.contracts[name]
        except KeyError:
            raise FaultError("not part of this deployment", contract=name, chain_id=self.chain_id) from None


def deployment_path(directory: Path, chain_id: int) -> Path:
    return directory / f"{chain_id}.json"


def read_deployment(directory: Path, chain_id: int) -> Deployment:
    path = deployment_path(directory, chain_id)
    try:
        content = json.loads(path.read_text())
        deployment = _parse(content)
    except FileNotFoundError:
        raise FaultError("nothing is deployed on this chain, or its deployment file is missing", path=path) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FaultError(f"a deployment file is damaged: {error!r}", path=path) from error
    if deployment.chain_id != chain_id:
        raise FaultError("a deployment file is named for another chain", path=path, chain_id=deployment.chain_id)
    return deployment


def write_deployment(directory: Path, deployment: Deployment) -> Path:
    """Replaces the file in one step, so that a reader never sees half of it."""
    path = deployment_path(directory, deployment.chain_id)
    directory.mkdir(parents=True, exist_ok=True)
    content = {"chainId": deployment.chain_id, "block": deployment.block, "contracts": deployment.contracts}
    with tempfile.NamedTemporaryFile("w", dir=directory, prefix=path.name, suffix=".new", delete=False) as file:
        file.write(json.dumps(content, indent=2, sort_keys=True) + "\n")
    temporary = Path(file.name)
    temporary.chmod(0o644)
    temporary.replace(path)
    return path


def _parse(content: dict[str, object]) -> Deployment:
    chain_id, block, contracts = content["chainId"], content["block"], content["contracts"]
    if not (isinstance(chain_id, int) and isinstance(block, int) and isinstance(contracts, dict)):
        raise TypeError("chainId and block must be integers, contracts an object")
    for name, address in contracts.items():
        if not is_address(address):
            raise ValueError(f"{name} has no valid address: {address!r}")
    return Deployment(chain_id, block, {name: to_checksum_address(a) for name, a in contracts.items()})
