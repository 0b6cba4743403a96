"""`lilypad run --check`, and `challenge`, `cases` and `case` where nothing can be challenged or shown."""

from __future__ import annotations

import pytest

from .command import Command

NOBODY_S = "ab" * 32


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--check", "perhaps"], "'perhaps' is not one of 'never', 'sometimes', 'always', 'rerun'"),
        (["--check"], "requires an argument"),
        (["--check-probability", "0.5"], "--check-probability belongs to --check sometimes"),
        (["--check", "always", "--check-probability", "0.5"], "--check-probability belongs to --check sometimes"),
        (["--check", "sometimes", "--check-probability", "1.5"], "0<=x<=1"),
        (["--check", "sometimes", "--check-probability", "-1"], "0<=x<=1"),
        (["--check", "sometimes", "--check-probability", "often"], "not a valid float"),
    ],
)
def test_run__with_a_check_that_cannot_be__is_refused_before_anything_is_sent(
    offline: Command, options: list[str], says: str
) -> None:
    done = offline("run", "--json", "cowsay", "-i", "Message=x", *options)
    assert done.code == done.document["error"]["exitCode"] == 2
    assert says in done.document["error"]["message"]


@pytest.mark.parametrize(
    "options",
    [["--check", "never"], ["--check", "sometimes", "--check-probability", "0"], ["--check", "rerun"]],
    ids=" ".join,
)
def test_run__with_a_check_that_challenges_nothing_right__pays(lilypad: Command, options: list[str]) -> None:
    done = lilypad("run", "cowsay", "-i", "Message=checked", *options, "--json")
    assert done.code == 0, done.err
    assert done.document["state"] == "accepted"
    assert {*done.document["transactions"]} == {"agreed", "submitted", "accepted"}
    assert "challenged" not in done.err


@pytest.fixture
def offered(lilypad: Command) -> str:
    """A job so cheap that nobody takes it."""
    arguments = ("run", "cowsay", "-i", "Message=cheap", "--max-cost", "0.0000001", "--detach", "--json")
    return str(lilypad(*arguments).document["job"])


def test_challenge__of_a_job_that_nobody_took__has_nothing_to_doubt(lilypad: Command, offered: str) -> None:
    done = lilypad("challenge", offered, "--yes")
    assert (done.code, "no provider has taken this job yet" in done.err) == (5, True), done.err
    assert lilypad("cancel", offered).code == 0


def test_challenge__of_a_job_that_is_paid__comes_too_late(lilypad: Command) -> None:
    job = lilypad("run", "cowsay", "-i", "Message=paid", "--json").document
    for name in (job["job"][:12], job["deal"]):
        done = lilypad("challenge", name, "--yes", "--json")
        assert (done.code, done.document["error"]["kind"]) == (5, "FaultError")
        assert "nothing can be challenged: it is accepted" in done.err
    shown = lilypad("case", job["job"][:12])
    assert (shown.code, "see `lilypad cases`" in shown.err) == (5, True), "a job without a case"


def test_challenge__that_is_not_confirmed__sends_nothing(lilypad: Command) -> None:
    job = lilypad("run", "cowsay", "-i", "Message=doubt", "--detach", "--json").document["job"]
    assert lilypad("logs", "-f", job).code == 0
    done = lilypad("challenge", job, stdin="n\n")
    assert done.code == 130
    assert "This locks 3 LILY for the mediators, and 2 LILY as a bond. Challenge the result?" in done.err
    assert lilypad("status", job, "--json").document["state"] == "submitted"
    assert lilypad("resume", job).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["challenge", "ff00ff00"], 5, "no job of this wallet begins with 'ff00ff00': see `lilypad jobs`"),
        (["challenge", NOBODY_S], 5, "no deal of this network has this id"),
        (["challenge", f"0x{NOBODY_S}"], 5, "no deal of this network has this id"),
        (["challenge", "zz" * 32], 5, "no job of this wallet begins with"),
        (["challenge", ""], 5, "no job of this wallet begins with"),
        (["challenge"], 2, "Missing argument 'JOB'"),
        (["case", NOBODY_S], 5, f"no case begins with '{NOBODY_S}': see `lilypad cases`"),
        (["case", ""], 5, "no case begins with ''"),
        (["case"], 2, "Missing argument 'CASE'"),
        (["cases", "all"], 2, "unexpected extra argument"),
    ],
)
def test_dispute__of_what_is_not_there__says_so(lilypad: Command, arguments: list[str], code: int, says: str) -> None:
    done = lilypad(*arguments)
    assert (done.code, says in done.err) == (code, True), done.err
    assert done.out == ""


@pytest.mark.parametrize("arguments", [["challenge", NOBODY_S], ["cases"], ["case", "ab"]], ids=" ".join)
def test_dispute__without_a_network__says_what_is_missing(offline: Command, arguments: list[str]) -> None:
    done = offline(*arguments, "--json")
    assert done.code == done.document["error"]["exitCode"] == 4
    assert "no chain at 127.0.0.1:9" in done.err
