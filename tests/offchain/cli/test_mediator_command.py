"""`lilypad mediator`: money goes to stake and comes back. A wallet of its own, beside the network's three mediators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .command import Command

WALLET = 1_000
LEAST = 100
"""Of scripts/params/local.yaml."""
UNBONDING = timedelta(days=38)
AMOUNTS = ("staked", "atRisk", "leaving", "owed", "free", "lost")


@pytest.fixture
def person(lilypad: Command, tmp_path: Path) -> Iterator[Command]:
    """Somebody with a wallet that has money, and nothing at stake. What is staked leaves before it can be drawn."""
    (tmp_path / "password").write_text("correct horse")
    deployments = lilypad.environment["LILYPAD_DEPLOYMENTS"]
    command = lilypad.with_settings(data=tmp_path, password_file=tmp_path / "password", deployments=deployments)
    for arguments in (["create"], ["fund", "--amount", str(WALLET)]):
        assert command("wallet", *arguments).code == 0
    yield command
    left = amounts(command("mediator", "status", "--json").document)
    if left["staked"] != left["leaving"]:
        assert command("mediator", "unstake", str(left["staked"] - left["leaving"])).code == 0


def amounts(document: dict[str, Any]) -> dict[str, float]:
    """In LILY; what is nothing is left out only by whoever compares."""
    return {name: float(document[name]["lily"]) for name in AMOUNTS}


def in_wallet(person: Command) -> float:
    return float(person("wallet", "balance", "--json").document["wallet"]["lily"])


def test_status__of_somebody_without_a_stake__is_all_nothing(person: Command) -> None:
    done = person("mediator", "status", "--json")
    assert done.code == 0, done.err
    assert done.document["account"] == person("wallet", "address").out.strip()
    assert amounts(done.document) == dict.fromkeys(AMOUNTS, 0)
    assert done.document["leavesAt"] is None
    page = person("mediator", "status").out
    assert "at stake         0 LILY" in page
    assert "\nleaving " not in page


def test_stake__of_what_the_wallet_has__goes_there_and_can_be_raised(person: Command) -> None:
    done = person("mediator", "stake", "150.001", "--json")
    assert done.code == 0, done.err
    assert amounts(done.document) == dict.fromkeys(AMOUNTS, 0) | {"staked": 150.001}
    assert done.document["staked"] == {"wei": "150001000000000000000", "lily": "150.001"}
    assert in_wallet(person) == WALLET - 150.001
    raised = person("mediator", "stake", "0.999")
    assert raised.code == 0, raised.err
    assert "at stake         151 LILY" in raised.out
    assert in_wallet(person) == WALLET - 151


def test_unstake__of_a_part__leaves_38_days_later_and_is_not_released_before(person: Command) -> None:
    assert person("mediator", "stake", "200").code == 0
    done = person("mediator", "unstake", "50.5", "--json")
    assert done.code == 0, done.err
    assert amounts(done.document) == dict.fromkeys(AMOUNTS, 0) | {"staked": 200, "leaving": 50.5}
    leaves = datetime.fromisoformat(done.document["leavesAt"]) - datetime.now(UTC)
    assert UNBONDING - timedelta(minutes=30) < leaves < UNBONDING + timedelta(minutes=30)
    assert "leaving          50.5 LILY from " in person("mediator", "status").out
    early = person("mediator", "release", "--json")
    assert (early.code, early.document["error"]["kind"]) == (3, "RejectedError")
    assert "nothing is free yet; see `lilypad mediator status`" in early.err
    more = person("mediator", "unstake", "149.501")
    assert (more.code, "only 149.5 LILY are at stake and not leaving yet" in more.err) == (3, True)
    assert amounts(person("mediator", "unstake", "149.5", "--json").document)["leaving"] == 200


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["stake", "99.999"], 3, "nobody is drawn with less than 100 LILY at stake"),
        (["stake", "100.0005"], 3, "stakes are whole thousandths of a LILY"),
        (["unstake", "0.0005"], 3, "stakes are whole thousandths of a LILY"),
        (["stake", "1000.001"], 3, "there are only 1000 LILY in the wallet"),
        (["stake", str(10**9)], 3, "there are only 1000 LILY in the wallet"),
        (["unstake", "1"], 3, "only 0 LILY are at stake and not leaving yet"),
        (["release"], 3, "nothing is free yet"),
        (["collect"], 3, "there are no fees to collect"),
        (["stake", "0"], 2, "must be more than nothing"),
        (["unstake", "0"], 2, "must be more than nothing"),
        (["stake", "1e3"], 2, "not an amount"),
        (["stake", "-5"], 2, "No such option"),
        (["stake"], 2, "Missing argument 'AMOUNT'"),
        (["unstake"], 2, "Missing argument 'AMOUNT'"),
        (["collect", "5"], 2, "unexpected extra argument"),
        (["judge"], 2, "No such command 'judge'"),
    ],
)
def test_mediator__asked_for_what_cannot_be__says_why_and_moves_nothing(
    person: Command, arguments: list[str], code: int, says: str
) -> None:
    done = person("mediator", *arguments)
    assert (done.code, says in done.err) == (code, True), done.err
    assert done.out == ""
    assert in_wallet(person) == WALLET
    assert amounts(person("mediator", "status", "--json").document) == dict.fromkeys(AMOUNTS, 0)


@pytest.mark.parametrize(
    "arguments", [["status"], ["stake", "100"], ["unstake", "1"], ["release"], ["collect"]], ids=" ".join
)
def test_mediator__without_a_network__says_what_is_missing(offline: Command, arguments: list[str]) -> None:
    done = offline("mediator", *arguments, "--json")
    assert done.code == done.document["error"]["exitCode"] == 4
    assert "no chain at 127.0.0.1:9" in done.err


def test_start__without_a_wallet__takes_no_well_known_account(lilypad: Command) -> None:
    done = lilypad("mediator", "start")
    assert (done.code, "there is no wallet" in done.err) == (5, True), done.err
