"""`lilypad wallet`, and an agent that works with it."""

from __future__ import annotations

import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lilypad.chain.devnode import dev_account

from .command import Command, read_until

OWNER = dev_account(0)


@pytest.fixture(scope="module")
def password_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secret") / "password"
    file.write_text("correct horse\n")
    return file


@pytest.fixture(scope="module")
def owner(
    network: tuple[Command, dict[str, Any]], password_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    """Somebody with a wallet, with money in it."""
    keystore = tmp_path_factory.mktemp("keys") / "wallet.json"
    command = network[0].with_settings(keystore=keystore, password_file=password_file)
    done = command("wallet", "import", "--key-file", "-", "--json", stdin=OWNER.key.hex())
    assert done.code == 0, done.err
    assert done.document == {"address": OWNER.address, "file": str(keystore)}
    return command


def test_create__of_a_wallet__is_private_and_never_over_another(offline: Command, password_file: Path) -> None:
    command = offline.with_settings(password_file=password_file)
    done = command("wallet", "create", "--json")
    assert done.code == 0, done.err
    file = Path(done.document["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert command("wallet", "address").out.strip() == done.document["address"]
    before = file.read_bytes()
    again = command("wallet", "create")
    assert again.code == 5
    assert "there is a wallet already" in again.err
    assert file.read_bytes() == before


def test_wallet__after_deposit_and_withdrawal__has_what_it_had(owner: Command) -> None:
    before = owner("wallet", "balance", "--json").document
    deposited = owner("wallet", "deposit", "12.000000000000000001", "--json")
    assert deposited.code == 0, deposited.err
    assert _free(deposited.document) - _free(before) == 12 * 10**18 + 1
    assert deposited.document["transaction"].startswith("0x")
    withdrawn = owner("wallet", "withdraw", "12.000000000000000001", "--json").document
    assert withdrawn["wallet"] == before["wallet"]
    assert withdrawn["free"] == before["free"]


def test_withdraw__of_more_than_is_free__is_rejected(owner: Command) -> None:
    done = owner("wallet", "withdraw", "1000000")
    assert done.code == 3
    assert "free in the vault" in done.err


def test_fund__of_a_new_wallet__lets_it_pay_for_a_job(lilypad: Command, password_file: Path, tmp_path: Path) -> None:
    command = lilypad.with_settings(keystore=tmp_path / "wallet.json", password_file=password_file)
    assert command("wallet", "create").code == 0
    poor = command("run", "cowsay", "-i", "Message=rich")
    assert poor.code == 5
    funded = command("wallet", "fund", "--amount", "2.5", "--json")
    assert funded.code == 0, funded.err
    assert funded.document["wallet"]["lily"] == "2.5"
    assert funded.document["gas"]["wei"] == str(10 * 10**18)
    done = command("run", "cowsay", "-i", "Message=rich", "--json")
    assert done.code == 0, done.err
    again = command("wallet", "fund", "--json").document
    assert again["wallet"]["lily"] == "1002.49"
    assert int(again["gas"]["wei"]) < 10 * 10**18, "gas only where it is missing"


def test_fund__on_another_chain__is_refused(offline: Command, owner: Command) -> None:
    done = owner.with_settings(chain_id=1)("wallet", "fund")
    assert done.code == 3
    assert "local chains (31337) only" in done.err
    assert "no chain at" in offline("wallet", "fund").err


def test_fund__with_more_than_there_is__is_rejected(lilypad: Command) -> None:
    done = lilypad("wallet", "fund", "--amount", "2000000000")
    assert done.code == 3
    assert "the development account has not so much" in done.err


def test_command__with_another_password__does_not_start(owner: Command, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    done = owner("wallet", "deposit", "1", "--password-file", str(tmp_path / "wrong"))
    assert done.code == 5
    assert "the password does not open this wallet" in done.err


def test_command__without_a_wallet_on_a_local_chain__takes_the_development_account(lilypad: Command) -> None:
    assert lilypad("wallet", "address").out.strip() == dev_account(3).address


def test_command__with_a_missing_keystore__takes_no_other_account(offline: Command, tmp_path: Path) -> None:
    done = offline.with_settings(keystore=tmp_path / "gone.json")("wallet", "address")
    assert done.code == 5
    assert "lilypad wallet create" in done.err


def test_provider__stopped_by_its_supervisor__ends_well(owner: Command) -> None:
    with owner.start("provider", "start", "--price", "0.5", stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert OWNER.address in read_until(process.stderr, "offers 2 places")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, process.stderr.read()


def test_provider__without_a_wallet__does_not_start(lilypad: Command) -> None:
    done = lilypad("provider", "start")
    assert done.code == 5
    assert "there is no wallet" in done.err


def _free(document: dict[str, Any]) -> int:
    return int(document["free"]["wei"])
