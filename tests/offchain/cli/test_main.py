"""The command as a whole: quick to start, plain about errors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .command import Command

HEAVY = ("web3", "aiohttp", "wasmtime", "pydantic", "rich", "eth_account", "eth_abi", "docker", "asyncio", "ape")
JOBS = ("run", "jobs", "status", "logs", "cancel", "result", "resume")
COMMANDS = (*JOBS, "up", "wallet", "provider", "solver", "modules", "config", "doctor", "completion")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["wallet", "deposit", "--help"]])
def test_help__of_anything__imports_nothing_heavy(arguments: list[str]) -> None:
    program = f"""if True:
        import sys
        from lilypad.cli.main import call
        assert call({arguments!r}) == 0
        assert not {{*{HEAVY!r}}} & {{*sys.modules}}, {{*{HEAVY!r}}} & {{*sys.modules}}
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help__of_the_whole__names_every_command_and_exit_code(offline: Command) -> None:
    text = offline.apart("--help").out
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "Exit codes:" in text


def test_version__is_the_package_s(offline: Command) -> None:
    assert offline("--version").out == "lilypad 0.1.0\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion__for_a_shell__is_a_script_that_says_how_to_install_it(offline: Command, shell: str) -> None:
    text = offline("completion", shell).out
    assert "_LILYPAD_COMPLETE" in text
    assert f"lilypad completion {shell}" in text.splitlines()[1]


def test_completion__without_a_shell__is_for_the_one_in_use(offline: Command) -> None:
    offline.environment["SHELL"] = "/usr/bin/zsh"
    assert "#compdef lilypad" in offline("completion").out
    offline.environment["SHELL"] = "/bin/tcsh"
    done = offline("completion")
    assert (done.code, "say which shell" in done.err) == (2, True)


def test_completion__of_a_word__knows_the_commands(offline: Command) -> None:
    environment = offline.with_settings()
    environment.environment |= {"_LILYPAD_COMPLETE": "bash_complete", "COMP_WORDS": "lilypad wal", "COMP_CWORD": "1"}
    assert environment.apart().out == "plain,wallet\n"


def test_completion__of_a_job__knows_this_machine_s(offline: Command) -> None:
    (offline.data / "creator" / "31337" / "0xabc" / "jobs" / ("c0ffee" * 10)).mkdir(parents=True)
    environment = offline.with_settings()
    environment.environment |= {"_LILYPAD_COMPLETE": "bash_complete", "COMP_WORDS": "lilypad logs c", "COMP_CWORD": "2"}
    assert environment.apart().out == "plain,c0ffeec0ffee\n"


def test_usage__that_is_wrong__is_a_document_with_json(offline: Command) -> None:
    done = offline("result", "abc", "--json", "--from", "somewhere")
    assert done.code == done.document["error"]["exitCode"] == 2
    assert "belongs to a CID" in done.document["error"]["message"]
    assert offline("status", "--json").document["error"]["kind"] == "MissingParameter"


@pytest.mark.parametrize(
    "arguments",
    [["jobs"], ["status", "ab"], ["logs", "ab"], ["cancel", "ab"], ["result", "ab"], ["resume", "ab"],
     ["provider", "status"], ["provider", "earnings"], ["wallet", "balance"]],
    ids=" ".join,
)  # fmt: skip
def test_command__without_a_network__says_what_is_missing_and_can_be_tried_again(
    offline: Command, arguments: list[str]
) -> None:
    done = offline(*arguments, "--json")
    assert done.code == done.document["error"]["exitCode"] == 4
    assert "no chain at 127.0.0.1:9: start one with `lilypad up`, or set LILYPAD_RPC" in done.err


def test_setting__that_is_wrong__is_named(offline: Command) -> None:
    done = offline.with_settings(chain_id="many")("jobs")
    assert done.code == 2
    assert "LILYPAD_CHAIN_ID" in done.err


def test_error__with_debug__shows_where_it_came_from(offline: Command) -> None:
    assert "Traceback" in offline("--debug", "run", "nosuch").err


def test_modules__listed_and_shown__say_what_they_take(offline: Command) -> None:
    names = [module["name"] for module in offline("modules", "list", "--json").document["modules"]]
    assert {"cowsay", "quiet"} <= {*names}
    shown = offline("modules", "info", "quiet")
    assert "int, default 4, minimum 1, maximum 1,000" in shown.out
    assert "file, optional, up to 10 bytes, given as @FILE" in shown.out
    document = json.loads(offline("modules", "info", "cowsay", "--json").out)
    assert document["inputs"][0]["maxLength"] == 10_000
    assert document["digest"].startswith("0x")
