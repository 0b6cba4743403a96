"""The file that says where the protocol lives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lilypad.chain.deployments import Deployment, deployment_path, read_deployment, write_deployment
from lilypad.chain.devnode import dev_account
from lilypad.errors import FaultError
from lilypad.types import Address

PLACE = Address(dev_account(0).address)


def test_write_deployment__read_again__is_equal(tmp_path: Path) -> None:
    deployment = Deployment(31337, 12, {"LilypadUsers": PLACE})
    path = write_deployment(tmp_path / "deployments", deployment)
    assert json.loads(path.read_text()) == {"block": 12, "chainId": 31337, "contracts": {"LilypadUsers": PLACE}}
    assert read_deployment(tmp_path / "deployments", 31337) == deployment
    assert [p.name for p in path.parent.iterdir()] == ["31337.json"]


def test_read_deployment__lower_case_addresses__get_their_checksum(tmp_path: Path) -> None:
    content = {"chainId": 1, "block": 0, "contracts": {"LilypadUsers": PLACE.lower()}}
    deployment_path(tmp_path, 1).write_text(json.dumps(content))
    assert read_deployment(tmp_path, 1).address("LilypadUsers") == PLACE


def test_address__not_deployed__names_it() -> None:
    with pytest.raises(FaultError, match="LilypadJobs"):
        Deployment(1, 0, {}).address("LilypadJobs")


def test_read_deployment__missing__says_which_file(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match=r"nothing is deployed.*7\.json"):
        read_deployment(tmp_path, 7)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"chainId": 1, "block": "0", "contracts": {}}',
        '{"chainId": 1, "block": 0, "contracts": {"LilypadUsers": "0x1"}}',
    ],
)
def test_read_deployment__damaged__is_a_fault(tmp_path: Path, content: str) -> None:
    deployment_path(tmp_path, 1).write_text(content)
    with pytest.raises(FaultError, match="damaged"):
        read_deployment(tmp_path, 1)


def test_read_deployment__of_another_chain__is_a_fault(tmp_path: Path) -> None:
    deployment_path(tmp_path, 2).write_text('{"chainId": 1, "block": 0, "contracts": {}}')
    with pytest.raises(FaultError, match="named for another chain"):
        read_deployment(tmp_path, 2)
