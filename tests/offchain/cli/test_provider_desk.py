"""A provider of one's own: seen, drained, and what it earned. It alone takes the jobs that are offered to it."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lilypad.agents.provider.machine import disk_mib

from .command import Command, read_document, read_until


@pytest.fixture
def operator(lilypad: Command, tmp_path: Path) -> Command:
    """Somebody with a data folder, a wallet, and collateral for two deals."""
    (tmp_path / "password").write_text("correct horse")
    deployments = lilypad.environment["LILYPAD_DEPLOYMENTS"]
    command = lilypad.with_settings(data=tmp_path, password_file=tmp_path / "password", deployments=deployments)
    for arguments in (["create"], ["fund"], ["deposit", "25"]):
        assert command("wallet", *arguments).code == 0
    return command


@contextmanager
def started(operator: Command) -> Iterator[subprocess.Popen[str]]:
    arguments = ("provider", "start", "--price", "0.5", "--places", "1", "--cpu", "1", "--ram", "256MiB", "--json")
    with operator.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = read_document(process.stdout)
        assert (said["pid"], said["capacity"]["cpuMilli"]) == (process.pid, 1_000)
        try:
            yield process
            process.send_signal(signal.SIGTERM)  # takes its offers back: the next test's jobs are not for it
            process.wait(20)
        finally:
            process.kill()


def in_hand(lilypad: Command, operator: Command) -> str:
    """A job that this provider has finished and nobody has paid: the cheapest takes it, once the market knows of it."""
    while not operator("provider", "status", "--json").document["capacity"]["offers"]["cpuMilli"]:
        time.sleep(0.1)
    job: str = lilypad("run", "cowsay", "-i", "Message=mine", "--detach", "--json").document["job"]
    assert lilypad("logs", "-f", job).code == 0
    address = operator("wallet", "address").out.strip()
    assert lilypad("status", job, "--json").document["provider"] == address
    return job


def test_status__of_a_provider__tells_whether_it_runs(operator: Command, tmp_path: Path) -> None:
    before = operator("provider", "status", "--json")
    assert (before.code, before.document["state"], before.document["endpoint"]) == (4, "not running", None)
    with started(operator) as process:
        now = operator("provider", "status", "--json")
        assert now.code == 0, now.err
        found = now.document
        assert (found["state"], found["pid"], found["places"]) == ("serving", process.pid, 1)
        assert (found["endpointAnswers"], found["marketAnswers"]) == (True, True)
        assert found["price"]["lily"] == "0.5"
        assert (found["kept"], found["quota"]) == (0, 20 << 30)
        capacity = found["capacity"]
        disk = min(4_096, disk_mib(tmp_path))
        assert capacity["total"] == {"cpuMilli": 1_000, "ramMib": 256, "diskMib": disk, "gpu": 0, "vramMib": 0}
        assert capacity["deals"]["cpuMilli"] == 0
        booked = {kind: capacity["offers"][kind] + capacity["free"][kind] for kind in capacity["total"]}
        assert booked == capacity["total"]
        page = operator("provider", "status").out
        assert "for jobs       1 core, 256 MiB of memory, " in page
    ended = operator("provider", "status")
    assert ended.code == 4
    assert "does not answer from here" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--cpu", "1000"), 3, r"this machine has \S+ cores, .* for jobs; 1000 cores, .* is more"),
        (("--ram", "900000GiB"), 3, "is more"),
        (("--places", "3", "--cpu", "0.2"), 3, r"there can be 2, not 3"),
        (("--ram", "lots"), 2, "512MiB or 7.5GiB"),
        (("--cpu", "two"), 2, "like 4 or 1.5"),
        (("--gpu", "1000"), 3, r"1000 GPUs with 0 MiB is more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_start__with_more_than_there_is__is_refused(
    operator: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = operator("provider", "start", *arguments)
    assert done.code == code
    assert re.search(says, done.err), done.err


def test_drain__with_a_deal_in_hand__waits_for_its_end_and_takes_no_other(lilypad: Command, operator: Command) -> None:
    with started(operator) as process:
        job = in_hand(lilypad, operator)
        assert operator("provider", "drain", "--no-wait").code == 0
        assert process.stderr is not None
        read_until(process.stderr, "offers_withdrawn")
        with operator.start("provider", "drain", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
            assert waiting.stderr is not None
            read_until(waiting.stderr, "waiting for those in hand")
            seen = operator("provider", "status", "--json").document
            assert (seen["state"], len(seen["deals"])) == ("draining", 1)
            other = lilypad("run", "cowsay", "-i", "Message=later", "--json").document
            assert other["provider"] != seen["account"], "it takes no more deals"
            assert process.poll() is None
            assert lilypad("resume", job).code == 0
            assert process.wait(20) == 0
            assert waiting.stdout is not None
            assert read_document(waiting.stdout)["state"] == "drained"
            assert waiting.wait(10) == 0
    again = operator("provider", "drain", "--json")
    assert (again.code, again.document["state"]) == (0, "not running")


def test_terminate__of_a_provider_with_a_deal__drains_it_and_a_second_time_ends_it(
    lilypad: Command, operator: Command
) -> None:
    with started(operator) as process:
        job = in_hand(lilypad, operator)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        read_until(process.stderr, "drain_begun")
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    left = operator("provider", "drain")
    assert left.code == 5
    assert "1 of its deals wait for it: `lilypad provider start`" in left.err
    with started(operator) as process:
        assert lilypad("resume", job).code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_earnings__after_a_deal__are_shown_and_can_be_taken_out(lilypad: Command, operator: Command) -> None:
    assert operator("provider", "earnings", "--json").document["deals"] == []
    with started(operator):
        assert lilypad("resume", in_hand(lilypad, operator)).code == 0
    by_deal = operator("provider", "earnings", "--json").document
    assert [deal["state"] for deal in by_deal["deals"]] == ["accepted"]
    assert by_deal["total"]["lily"] == "0.001"
    (day,) = operator("provider", "earnings", "--by", "day", "--json").document["days"]
    assert (day["deals"], day["gained"]["lily"]) == (1, "0.001")
    taken = operator("provider", "earnings", "--withdraw", "0.001", "--json").document
    assert int(by_deal["free"]["wei"]) - int(taken["free"]["wei"]) == 10**15
    assert operator("provider", "earnings", "--withdraw", "1000").code == 3
    assert operator("provider", "earnings", "--withdraw", "1", "--withdraw-all").code == 2
    assert operator("provider", "earnings", "--withdraw-all", "--json").document["free"]["wei"] == "0"


def test_drain__of_the_provider_in_lilypad_up__is_refused(lilypad: Command) -> None:
    done = lilypad("provider", "drain")
    assert done.code == 5
    assert "a part of `lilypad up`" in done.err
    assert lilypad("provider", "status").code == 0
