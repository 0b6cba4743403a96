"""A job whose command is over: found again, looked at, taken up."""

from __future__ import annotations

from pathlib import Path

import pytest

from lilypad.store.cid import Cid
from lilypad.types import Digest

from .command import Command


@pytest.fixture(scope="module")
def detached(lilypad: Command) -> str:
    """The id of a job that nobody follows."""
    done = lilypad("run", "cowsay", "-i", "Message=later", "--detach", "--json")
    assert done.code == 0, done.err
    assert done.document["state"] == "offered"
    return str(done.document["job"])


def test_resume__of_a_detached_job__brings_it_to_its_end(lilypad: Command, detached: str) -> None:
    done = lilypad("resume", detached[:10])
    assert done.code == 0, done.err
    assert "< later >" in done.out
    assert "accepted" in done.err


def test_result__of_a_finished_job__can_be_had_again(lilypad: Command, detached: str, tmp_path: Path) -> None:
    lilypad("resume", detached)
    target = tmp_path / "again"
    done = lilypad("result", f"0x{detached[:10].upper()}", "--output", str(target))
    assert done.code == 0, done.err
    assert "< later >" in done.out
    assert {path.name for path in target.iterdir()} == {"stdout", "stderr", "exitCode", "outputs"}


def test_result__whose_files_were_changed__is_fetched_again(lilypad: Command, detached: str) -> None:
    before = lilypad("result", detached, "--json").document
    (Path(before["output"]) / "stdout").write_text("a lie")
    assert lilypad("result", detached, "--json").document == before


def test_jobs__after_a_few__lists_them(lilypad: Command, detached: str) -> None:
    (found,) = [job for job in lilypad("jobs", "--json").document["jobs"] if job["job"] == detached]
    assert found["module"] == "cowsay"
    assert found["state"] in ("offered", "agreed", "submitted", "accepted")
    (line,) = [line for line in lilypad("jobs").out.splitlines() if line.startswith(detached[:12])]
    assert line.split()[1] == "cowsay"


def test_status__of_a_job__shows_its_deal(lilypad: Command, detached: str) -> None:
    lilypad("resume", detached)
    found = lilypad("status", detached[:8], "--json").document
    assert found["state"] == "accepted"
    assert found["transactions"].keys() == {"agreed", "submitted", "accepted"}
    by_deal = lilypad("status", found["deal"][:14])
    assert by_deal.code == 0
    assert found["deal"] in by_deal.out


def test_result__by_its_cid__is_the_same(lilypad: Command, detached: str, tmp_path: Path) -> None:
    lilypad("resume", detached)
    of_job = lilypad("result", detached, "--json").document
    by_cid = lilypad("result", of_job["cid"], "--output", str(tmp_path / "copy"), "--json")
    assert by_cid.code == 0, by_cid.err
    assert by_cid.document["stdout"] == of_job["stdout"]
    assert (tmp_path / "copy" / "outputs" / "cow.txt").read_text() == of_job["stdout"]


def test_result__of_a_cid_that_nobody_has__may_come_later(lilypad: Command) -> None:
    nothing = str(Cid.of_directory(Digest(b"x" * 32)))
    done = lilypad("result", nothing)
    assert done.code == 4
    assert "No server has this content" in done.err


def test_result__again__comes_from_the_provider(lilypad: Command, detached: str) -> None:
    lilypad("resume", detached)
    before = lilypad("result", detached, "--json").document
    elsewhere = lilypad.with_settings(rpc=lilypad.environment["LILYPAD_RPC"])
    cow = Path(before["output"]) / "outputs" / "cow.txt"
    cow.unlink()
    assert elsewhere("result", detached, "--again", "--json").document == before
    assert cow.read_text() == before["stdout"], "it was written anew"


@pytest.mark.parametrize("command", ["status", "logs", "cancel", "result", "resume"])
def test_id__of_no_job__is_a_fault(lilypad: Command, command: str) -> None:
    done = lilypad(command, "0000000000")
    assert done.code == 5
    assert "no job of this wallet begins with '0000000000': see `lilypad jobs`" in done.err
