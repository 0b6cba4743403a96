"""`lilypad run` against a real network: what it prints, and how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from .command import Command, read_until

HASH = re.compile(r"0x[0-9a-f]{64}")


def test_run__of_a_cow__prints_it_and_what_it_cost(lilypad: Command) -> None:
    done = lilypad.apart("run", "cowsay", "-i", "Message=hello")
    assert done.code == 0, done.err
    assert done.out.startswith(" _______\n< hello >\n -------\n")
    summary = dict(line.split("  ", 1) for line in done.out.split("\n\n", 1)[1].splitlines())
    told = {name.strip(): value.strip() for name, value in summary.items()}
    assert told["CID"].startswith("bafy")
    assert told["cost"] == "0.001 LILY"
    assert told["exit status"] == "0"
    assert told["state"] == "accepted"
    assert all(HASH.fullmatch(told[name]) for name in ("deal", "agreed in tx", "submitted in tx", "accepted in tx"))
    assert (Path(told["output"]) / "outputs" / "cow.txt").read_text() == done.out.split("\n\n", 1)[0] + "\n"
    stages = re.findall(r"^ *[0-9.]+ s  (\w+)", done.err, re.MULTILINE)
    assert stages == ["offered", "agreed", "submitted", "verified", "accepted"]


def test_run__with_json__is_one_document(lilypad: Command, tmp_path: Path) -> None:
    done = lilypad.apart("run", "cowsay", "-i", "Message=two\nlines", "--output", str(tmp_path / "out"), "--json")
    assert done.code == 0, done.err
    found = done.document
    assert found["exitStatus"] == 0
    assert found["cost"] == {"wei": "1000000000000000", "lily": "0.001"}
    assert found["instructions"] > 100_000
    assert set(found["transactions"]) == {"agreed", "submitted", "accepted"}
    assert found["inputs"] == {"Message": "two\nlines"}
    assert found["output"] == str(tmp_path / "out")
    assert (tmp_path / "out" / "stdout").read_text() == found["stdout"]


@pytest.mark.parametrize(
    ("module", "code", "exit_status"),
    [("fails", 3, 3), ("fails-high", 123, 200), ("endless", 124, 256), ("traps", 125, 257)],
)
def test_run__of_a_failing_module__is_a_result(lilypad: Command, module: str, code: int, exit_status: int) -> None:
    done = lilypad("run", module, "--json")
    assert done.code == code, done.err
    assert done.document["exitStatus"] == exit_status
    assert done.document["state"] == "accepted"


def test_run__with_a_file__sends_it(lilypad: Command, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"0123456789")
    done = lilypad("run", "quiet", "-i", f"Data=@{tmp_path / 'data'}", "-i", "Size=7", "--json")
    assert done.code == 0, done.err
    assert done.document["inputs"] == {"Data": str(tmp_path / "data"), "Size": 7}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["cowsay"], 3, "inputs.Message: is missing"),
        (["cowsay", "-i", "Massage=x"], 3, "did you mean 'Message'"),
        (["cowsay", "-i", f"Message={'a' * 10_001}"], 3, "10000"),
        (["quiet", "-i", "Size=many"], 3, "expected a whole number"),
        (["cowsay", "-i", "Message=x", "--max-cost", "99999999999"], 5, "LILY"),
    ],
)
def test_run__of_what_cannot_be__says_why(lilypad: Command, arguments: list[str], code: int, says: str) -> None:
    done = lilypad("run", *arguments)
    assert done.code == code
    assert says in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nosuch"], 3, "there is no module 'nosuch'"),
        (["cowsay", "-i", "Message"], 2, "KEY=VALUE"),
        (["cowsay", "-i", "Message=a", "-i", "Message=b"], 2, "twice"),
        (["cowsay", "-i", "Message=a", "--max-cost", "1e3"], 2, "not an amount"),
        (["cowsay", "-i", "Message=a", "--max-cost", "0"], 2, "more than nothing"),
        (["quiet", "-i", "Data=plain"], 2, "-i Data=@PATH"),
        (["quiet", "-i", "Data=@/nowhere"], 2, "no such file"),
        (["cowsay", "-i", "Message=a", "--output", "/etc"], 2, "empty or a new folder"),
        (["cowsay", "-i", "Message=a"], 4, "no chain at 127.0.0.1:9: start one with `lilypad up`, or set LILYPAD_RPC"),
    ],
)
def test_run__without_a_network__fails_early(offline: Command, arguments: list[str], code: int, says: str) -> None:
    done = offline("run", *arguments)
    assert done.code == code
    assert says in done.err
    assert done.out == ""


def test_run__that_nobody_takes__says_why_and_can_be_left(lilypad: Command) -> None:
    arguments = ("run", "cowsay", "-i", "Message=cheap", "--max-cost", "0.0000001")
    with lilypad.start(*arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert "raise --max-cost" in read_until(process.stderr, "waiting")
        process.send_signal(signal.SIGINT)
        assert "lilypad resume" in process.stderr.read()
        assert process.wait(10) == 130


def test_run__with_json__tells_an_error_from_a_result(offline: Command) -> None:
    done = offline("run", "nosuch", "--json")
    assert done.document["error"]["kind"] == "ModuleInvalidError"
    assert done.document["error"]["exitCode"] == done.code == 3
