"""What the doctor says of chains: real ones, and ages that no local chain has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lilypad.chain.deployments import Deployment, write_deployment
from lilypad.chain.devnode import DevNode, dev_account
from lilypad.doctor.chain import _age_of_head, examine_deployment, examine_endpoints, examine_settings
from lilypad.doctor.findings import Level
from lilypad.doctor.people import examine_account, examine_market
from lilypad.settings import Settings
from lilypad.types import Address

CHAIN_ID = 31_422
DEAD = "http://127.0.0.1:9/key"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node() -> AsyncIterator[DevNode]:
    async with DevNode(chain_id=CHAIN_ID) as node:
        yield node


@pytest.fixture
def settings(node: DevNode, tmp_path: Path) -> Settings:
    return Settings(rpc=(node.url,), chain_id=CHAIN_ID, data=tmp_path, deployments=tmp_path, market=DEAD)


async def test_endpoints__are_examined_one_by_one(settings: Settings) -> None:
    both = settings.model_copy(update={"rpc": (DEAD, *settings.rpc)})
    found = [finding for finding in await examine_endpoints(both) if finding.check == "rpc"]
    assert [finding.level for finding in found] == [Level.BROKEN, Level.OK]
    assert "key" not in found[0].text


async def test_endpoint__of_another_chain__is_broken(settings: Settings) -> None:
    (finding,) = await examine_endpoints(settings.model_copy(update={"chain_id": 1}))
    assert finding.level is Level.BROKEN
    assert f"actual={CHAIN_ID}" in finding.text


@pytest.mark.parametrize(
    ("age", "chain", "level"),
    [
        (5, 1, Level.OK),
        (200, 1, Level.WARNING),
        (2_000, 1, Level.BROKEN),
        (2_000, 31337, Level.OK),
        (-60, 1, Level.WARNING),
        (-5, 1, Level.OK),
    ],
)
def test_head__by_its_age__is_judged(age: float, chain: int, level: Level) -> None:
    finding = _age_of_head("node", age, chain)
    assert finding.level is level
    assert bool(finding.fix) is (level is not Level.OK)


async def test_deployment__without_a_file__is_broken(settings: Settings) -> None:
    findings, deployment = await examine_deployment(settings)
    assert findings[0].level is Level.BROKEN
    assert deployment is None


async def test_deployment__without_code_on_the_chain__names_the_contract(settings: Settings) -> None:
    nobody = Address("0x" + "11" * 20)
    write_deployment(settings.deployments, Deployment(CHAIN_ID, 0, {"LilypadController": nobody}))
    findings, deployment = await examine_deployment(settings)
    assert findings[0].level is Level.BROKEN
    assert "LilypadController" in findings[0].text
    assert deployment is not None


async def test_account__that_cannot_be_asked_about__is_broken(settings: Settings) -> None:
    nobody = Address("0x" + "11" * 20)
    names = ("LilypadController", "LilypadPayments", "LilypadModules", "LilypadUsers", "LilypadToken")
    deployment = Deployment(CHAIN_ID, 0, dict.fromkeys(names, nobody))
    findings = await examine_account(settings, deployment, dev_account(0).address)
    assert [finding.level for finding in findings] == [Level.OK, Level.BROKEN]


async def test_market__that_is_away__is_broken(settings: Settings) -> None:
    (finding,) = await examine_market(settings, None)
    assert finding.level is Level.BROKEN
    assert "LILYPAD_MARKET" in finding.fix


def test_settings__of_a_local_chain_on_another__are_warned_of(settings: Settings) -> None:
    assert [finding.level for finding in examine_settings(settings)] == [Level.WARNING] * 2
    good = settings.model_copy(update={"confirmations": 3, "public_url": "https://here"})
    assert [finding.level for finding in examine_settings(good)] == [Level.OK]
    assert examine_settings(settings.model_copy(update={"chain_id": 31337}))[0].level is Level.OK
