"""`lilypad cancel` against a real network."""

from __future__ import annotations

import subprocess

import pytest

from .command import Command, read_until

CHEAP = ("run", "cowsay", "-i", "Message=cheap", "--max-cost", "0.0000001")
"""So cheap that nobody takes it."""


@pytest.fixture
def offered(lilypad: Command) -> str:
    """A job that waits for a provider."""
    return str(lilypad(*CHEAP, "--detach", "--json").document["job"])


def test_cancel__of_a_job_that_nobody_took__ends_it_for_everybody(lilypad: Command, offered: str) -> None:
    done = lilypad("cancel", offered, "--json")
    assert done.code == 0, done.err
    assert done.document["outcome"] == "cancelled"
    assert done.document["transaction"].startswith("0x")
    assert lilypad("status", offered, "--json").document["state"] == "cancelled"
    for command in ("resume", "logs", "result"):
        later = lilypad(command, offered)
        assert (later.code, "cancelled" in later.err) == (3, True), later.err


def test_cancel__twice_in_a_row__is_harmless(lilypad: Command, offered: str) -> None:
    assert lilypad("cancel", offered).code == 0
    again = lilypad("cancel", offered, "--json")
    assert again.code == 0
    assert again.document["outcome"] == "already cancelled"
    assert again.document["transaction"] is None


def test_cancel__of_a_job_that_is_done__says_what_is_left_to_do(lilypad: Command) -> None:
    job = lilypad("run", "cowsay", "-i", "Message=done", "--json").document["job"]
    done = lilypad("cancel", job)
    assert done.code == 3
    assert "the deal has ended: accepted" in done.err
    assert lilypad("cancel", job, "--json").document["state"] == "accepted"


def test_cancel__of_a_job_with_a_result__points_at_resume(lilypad: Command) -> None:
    job = lilypad("run", "cowsay", "-i", "Message=almost", "--detach", "--json").document["job"]
    assert lilypad("logs", "-f", job).code == 0
    done = lilypad("cancel", job)
    assert done.code == 3
    assert f"lilypad resume {job[:12]}" in done.err
    assert lilypad("resume", job).code == 0


def test_run__while_another_terminal_cancels_it__ends_as_rejected(lilypad: Command) -> None:
    with lilypad.start(*CHEAP, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        job = read_until(process.stderr, "offered").split("job ")[1][:12]
        assert lilypad("cancel", job).code == 0
        rest = process.stderr.read()
        assert process.wait(10) == 3, rest
        assert "cancelled" in rest
