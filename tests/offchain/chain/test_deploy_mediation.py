"""The court in the deployment plan: what a person writes down, and what comes of it on a chain."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from eth_account import Account

from lilypad.chain.contracts import Contract
from lilypad.chain.deploy import carry_out, contracts_of, plan
from lilypad.chain.devnode import DevNode
from lilypad.chain.parameters import DeployParameters, Governance, Mediation
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import FaultError
from lilypad.protocol.docket import Settings
from lilypad.store.journal import Journal
from lilypad.types import Address

EXAMPLE: dict[str, Any] = yaml.safe_load(Path("scripts/params/example.yaml").read_text())["mediation"]
HOLDER = Address(Account.create().address)


def test_example__is_within_the_bounds_and_packed_as_the_protocol_packs_it() -> None:
    terms = Mediation.parse(EXAMPLE)
    names = set(Settings.__dataclass_fields__)
    settings = Settings(**{name: value for name, value in asdict(terms).items() if name in names})
    assert settings.valid
    assert terms.settings() == settings.word()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fee": 0}, "outside the bounds"),
        ({"penalty": 9_999}, "outside the bounds"),
        ({"appeals": 3}, "outside the bounds"),
        ({"burn_percent": 0}, "outside the bounds"),
        ({"min_stake": 1 << 40}, "does not fit"),
        ({"epoch": 599}, "epoch"),
        ({"commit": "4 hours"}, "whole number"),
    ],
)
def test_parameters__that_the_contract_would_refuse__are_refused_before(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultError, match=said):
        Mediation.parse({**EXAMPLE, **changes})


async def test_plan__with_a_court__creates_it_with_its_mediators_and_gives_it_to_governance(tmp_path: Path) -> None:
    terms = Mediation.parse(EXAMPLE)
    steps = list(plan(DeployParameters("a court", HOLDER, Governance(10, 60, 1_000, 4, 120), mediation=terms)))
    where = contracts_of(steps)
    async with DevNode(chain_id=31_404) as node, Rpc([node.url], chain_id=31_404) as rpc:
        payer = Account.create()
        await rpc.call("anvil_setBalance", payer.address, hex(10**20))
        with Journal(tmp_path / "payer.sqlite") as journal:
            await carry_out(steps, rpc, Sender(rpc, journal, payer, options=SenderOptions(poll_seconds=0.02)))
        court = Contract("LilypadMediation", where["LilypadMediation"])
        assert await court.call(rpc, "MEDIATORS") == where["LilypadMediators"]
        assert await court.call(rpc, "owner") == where["LilypadTimelock"]
        assert await court.call(rpc, "settings") == terms.settings()
        mediators = Contract("LilypadMediators", where["LilypadMediators"])
        assert await mediators.call(rpc, "COURT") == court.address
        assert await mediators.call(rpc, "minStake") == EXAMPLE["min_stake"]
