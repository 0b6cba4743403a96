"""`lilypad watcher`: what it says of an account that has challenged nothing, and of what cannot be."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from .command import Command


@pytest.fixture
def person(lilypad: Command, tmp_path: Path) -> Command:
    """Somebody with a wallet that has money."""
    (tmp_path / "password").write_text("correct horse")
    deployments = lilypad.environment["LILYPAD_DEPLOYMENTS"]
    command = lilypad.with_settings(data=tmp_path, password_file=tmp_path / "password", deployments=deployments)
    for arguments in (["create"], ["fund", "--amount", "50"]):
        assert command("wallet", *arguments).code == 0
    return command


def test_status__of_somebody_who_has_challenged_nothing__says_what_a_challenge_would_lock(person: Command) -> None:
    done = person("watcher", "status", "--json")
    assert done.code == 0, done.err
    found = done.document
    assert found["account"] == person("wallet", "address").out.strip()
    assert (found["wallet"]["lily"], found["challenge"]["lily"]) == ("50", "5")
    assert [found[name] for name in ("open", "won", "lost", "undecided", "cases")] == [0, 0, 0, 0, []]
    page = person("watcher", "status").out
    assert "a challenge locks  5 LILY" in page
    assert "challenged         0 open, 0 won, 0 lost, 0 undecided" in page


def test_start__with_too_little_for_a_challenge__says_so_and_ends_by_sigterm(person: Command) -> None:
    command = person.with_settings(ops_port=0)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with command.start("watcher", "start", "--bond", "4", "--check", "0.5", **streams) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert "a challenge locks 5 LILY, 4 are there for it: see `lilypad watcher status`" in next(lines)
        assert "lilypad: watcher 0x" in next(lines)
        assert "operations_at" in next(lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--check", "0"], "not in the range 0<x<=1"),
        (["--check", "1.5"], "not in the range 0<x<=1"),
        (["--bond", "0"], "must be more than nothing"),
        (["--bond", "much"], "not an amount"),
        (["--places", "0"], "not in the range"),
        (["--wait", "-1"], "not in the range"),
    ],
    ids=" ".join,
)
def test_start__with_what_makes_no_sense__says_why(person: Command, arguments: list[str], says: str) -> None:
    done = person("watcher", "start", *arguments)
    assert (done.code, says in done.err) == (2, True), done.err


def test_start__without_a_wallet__takes_no_well_known_account(lilypad: Command) -> None:
    done = lilypad("watcher", "start")
    assert (done.code, "there is no wallet" in done.err) == (5, True), done.err


def test_status__without_a_network__says_what_is_missing(offline: Command) -> None:
    done = offline("watcher", "status", "--json")
    assert done.code == done.document["error"]["exitCode"] == 4
    assert "no chain at 127.0.0.1:9" in done.err


@pytest.mark.parametrize(("name", "value"), [("check", "0"), ("check", "2"), ("bond", "-1"), ("places", "0")])
def test_setting__that_makes_no_sense__is_refused(person: Command, name: str, value: str) -> None:
    done = person.with_settings(**{f"watch_{name}": value})("watcher", "status")
    assert (done.code, f"LILYPAD_WATCH_{name.upper()}" in done.err) == (2, True), done.err
