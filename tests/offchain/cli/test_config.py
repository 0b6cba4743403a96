"""`lilypad config`: what holds, where it comes from, and how it is changed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from .command import Command


@pytest.fixture
def fresh(tmp_path: Path) -> Command:
    """Somebody who has set nothing but where the data lies."""
    return Command(tmp_path)


def setting(command: Command, name: str) -> dict[str, Any]:
    (found,) = [each for each in command("config", "--json").document["settings"] if each["name"] == name]
    return found


def test_config__set__holds_for_the_next_command(fresh: Command) -> None:
    assert setting(fresh, "price_per_instruction")["source"] == "default"
    done = fresh("config", "set", "price-per-instruction", "5")
    assert done.code == 0, done.err
    file = fresh("config", "path").out.strip()
    assert setting(fresh, "price_per_instruction") == {
        "name": "price_per_instruction",
        "variable": "LILYPAD_PRICE_PER_INSTRUCTION",
        "value": "5",
        "source": file,
    }
    assert fresh("config", "get", "LILYPAD_PRICE_PER_INSTRUCTION").out == "5\n"
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600


def test_config__with_the_environment__says_that_it_counts_more(fresh: Command) -> None:
    command = fresh.with_settings(chain_id=5)
    done = command("config", "set", "chain_id", "7")
    assert "LILYPAD_CHAIN_ID in the environment counts more" in done.err
    found = setting(command, "chain_id")
    assert (found["value"], found["source"]) == ("5", "environment")


def test_config__unset__brings_the_default_back_and_keeps_the_rest(fresh: Command) -> None:
    fresh("config", "set", "judge_window", "60")
    file = Path(fresh("config", "path").out.strip())
    file.write_text(f"# mine\n{file.read_text()}LILYPAD_SUBMIT_WINDOW=30\n")
    assert fresh("config", "unset", "judge_window", "--json").document["removed"] is True
    assert fresh("config", "unset", "judge_window", "--json").document["removed"] is False
    assert file.read_text() == "# mine\nLILYPAD_SUBMIT_WINDOW=30\n"
    assert setting(fresh, "judge_window")["value"] == "3600"


@pytest.mark.parametrize("value", ["http://127.0.0.1:1,http://127.0.0.1:2", "http://127.0.0.1:1/#with 'signs'"])
def test_config__of_a_value_with_signs_in_it__comes_back_as_it_was(fresh: Command, value: str) -> None:
    fresh("config", "set", "rpc", value)
    assert fresh("config", "get", "rpc").out == f"{value}\n"


def test_config__of_a_path__is_absolute_because_commands_are_called_from_anywhere(fresh: Command) -> None:
    fresh("config", "set", "keystore", "keys/wallet.json")
    assert fresh("config", "get", "keystore").out.strip() == str(Path("keys/wallet.json").absolute())


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["set", "chain_id", "many"], 3, "the setting chain_id cannot be 'many'"),
        (["set", "marked", "x"], 3, "did you mean 'market'?"),
        (["get", "nothing_like_it"], 3, "`lilypad config` lists them"),
        (["unset", "nothing_like_it"], 3, "there is no setting"),
        (["set", "market"], 2, "Missing argument"),
    ],
)
def test_config__of_what_cannot_be__writes_nothing(fresh: Command, arguments: list[str], code: int, says: str) -> None:
    done = fresh("config", *arguments)
    assert (done.code, says in done.err) == (code, True), done.err
    assert fresh("config", "path", "--json").document["exists"] is False


def test_config__with_a_file_that_is_wrong__can_be_repaired(fresh: Command) -> None:
    fresh("config", "set", "judge_window", "60")
    file = Path(fresh("config", "path").out.strip())
    file.write_text("LILYPAD_CHAIN_ID=many\n")
    broken = fresh("jobs")
    assert broken.code == 2
    assert "LILYPAD_CHAIN_ID" in broken.err
    assert str(file) in broken.err
    assert fresh("config", "unset", "chain_id").code == 0
    assert fresh("config").code == 0


def test_config__with_a_misspelt_variable__says_that_nobody_reads_it(fresh: Command) -> None:
    done = fresh.with_settings(marked="x")("config")
    assert done.code == 0
    assert "LILYPAD_MARKED in the environment is no setting" in done.err


def test_command__with_a_settings_file_that_is_not_there__does_not_go_on_without_it(fresh: Command) -> None:
    command = fresh.with_settings(env_file=fresh.data / "gone.env")
    done = command("jobs")
    assert done.code == 2
    assert "gone.env, but there is no such file" in done.err
    assert command("config", "set", "chain_id", "31337").code == 0
    assert command("config").code == 0
