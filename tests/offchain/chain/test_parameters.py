"""What a person writes into scripts/params is checked, and every mistake is told in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lilypad.chain.devnode import dev_account
from lilypad.chain.parameters import DeployParameters, Governance
from lilypad.errors import FaultError

PARAMS = Path(__file__).parents[3] / "scripts" / "params"
SOMEBODY, ANOTHER = dev_account(0).address, dev_account(1).address
GOVERNANCE = {
    "voting_delay": 10, "voting_period": 60, "proposal_threshold": 1_000, "quorum_percent": 4, "timelock_delay": 120,
}  # fmt: skip
PUBLIC: dict[str, Any] = {"salt": "s", "token_holder": SOMEBODY, "governance": GOVERNANCE}
PERSONAL: dict[str, Any] = {
    "salt": "s", "token_holder": SOMEBODY, "governor": SOMEBODY, "curator": SOMEBODY, "treasury": SOMEBODY,
}  # fmt: skip


def without(plain: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if name not in names}


def governed_by(**changes: Any) -> dict[str, Any]:
    return {**PUBLIC, "governance": {**GOVERNANCE, **changes}}


def test_parse__with_governance__has_its_settings() -> None:
    parameters = DeployParameters.parse(PUBLIC)
    assert parameters.governance == Governance(10, 60, 1_000, 4, 120)
    assert parameters.governor is parameters.curator is parameters.treasury is None


def test_load__local_network__belongs_to_a_person() -> None:
    parameters = DeployParameters.load(PARAMS / "local.yaml")
    assert parameters.governance is None
    assert parameters.governor == parameters.curator == SOMEBODY
    assert parameters.mock_judge is None
    assert parameters.mediation is not None, "disputes are decided as everywhere"


def test_load__example_as_it_is__asks_for_the_token_holder() -> None:
    with pytest.raises(FaultError, match=r"example\.yaml: token_holder must be a checksummed address, got '0x\.\.\.'"):
        DeployParameters.load(PARAMS / "example.yaml")


def test_load__example_filled_in__is_complete(tmp_path: Path) -> None:
    filled = tmp_path / "sepolia.yaml"
    filled.write_text((PARAMS / "example.yaml").read_text().replace("0x...", SOMEBODY))
    assert DeployParameters.load(filled).governance == Governance(172_800, 432_000, 1_000_000, 4, 172_800)


def test_load__missing_file__says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match=r"nowhere\.yaml is missing: copy example\.yaml there"):
        DeployParameters.load(tmp_path / "nowhere.yaml")


def test_load__no_yaml__says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("salt: [")
    with pytest.raises(FaultError, match=r"broken\.yaml is no YAML"):
        DeployParameters.load(broken)


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        (None, "parameters must be a mapping with salt, token_holder, governance"),
        ({}, "parameters: salt, token_holder missing"),
        ({**PUBLIC, "owner": SOMEBODY, "chain": 1}, "unknown chain, owner; known are salt"),
        ({**PUBLIC, "salt": ""}, "salt must be a text that is not empty, got ''"),
        ({**PUBLIC, "salt": 1}, "salt must be a text"),
        ({**PUBLIC, "token_holder": SOMEBODY.lower()}, "token_holder must be a checksummed address"),
        ({**PUBLIC, "treasury": None}, "treasury must be a checksummed address, got None"),
        ({**PUBLIC, "governance": None}, "governance must be a mapping with voting_delay"),
        ({**PUBLIC, "governance": without(GOVERNANCE, "quorum_percent")}, "governance: quorum_percent missing"),
        (governed_by(veto=1), "governance: unknown veto"),
        (governed_by(voting_delay=0), "governance.voting_delay must be 1 to 31536000 seconds, got 0"),
        (governed_by(voting_period=31_536_001), "governance.voting_period must be 1 to 31536000 seconds"),
        (governed_by(voting_period="5 days"), "governance.voting_period must be .* got '5 days'"),
        (governed_by(timelock_delay=0), "governance.timelock_delay must be 1 to"),
        (governed_by(proposal_threshold=-1), "governance.proposal_threshold must be 0 to 1000000000 whole tokens"),
        (governed_by(quorum_percent=0), "governance.quorum_percent must be 1 to 100 percent, got 0"),
        (governed_by(quorum_percent=101), "governance.quorum_percent must be 1 to 100 percent, got 101"),
        (governed_by(quorum_percent=True), "governance.quorum_percent must be .* got True"),
        (without(PERSONAL, "curator", "treasury"), "without governance somebody must be curator, treasury"),
        ({**PUBLIC, "governor": ANOTHER}, "with governance nobody may be governor: take that out"),
        ({**PERSONAL, "governance": GOVERNANCE}, "with governance nobody may be governor, curator"),
        ({**PUBLIC, "mock_judge": ANOTHER}, "with governance nobody may be mock_judge"),
    ],
)
def test_parse__mistaken__says_what_is_wrong(plain: Any, says: str) -> None:
    with pytest.raises(FaultError, match=says):
        DeployParameters.parse(plain)
