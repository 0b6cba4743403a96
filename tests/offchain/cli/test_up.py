"""`lilypad up`: starts everything, ends everything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from .command import Command, descendants, read_document, wait_until_gone


def test_up__after_ctrl_c__exits_well_and_leaves_no_process(tmp_path: Path) -> None:
    arguments = ("up", "--chain-port", "0", "--market-port", "0", "--json")
    command = Command(tmp_path)
    with command.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert read_document(process.stdout)["chainId"] == 31337
        below = descendants(process.pid)
        assert below
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0, process.stderr.read()
    wait_until_gone(below)


def test_up__with_a_job__runs_it_and_ends_with_its_exit_code(tmp_path: Path, modules: str) -> None:
    done = Command(tmp_path, modules=modules).apart("up", "--run", "fails", "--json")
    assert done.code == 3, done.err
    assert done.document["exitStatus"] == 3
    assert (Path(done.document["output"]) / "exitCode").read_text() == "3\n"


def test_up__a_second_time_on_the_same_data__is_refused(lilypad: Command) -> None:
    done = lilypad("up", "--chain-port", "0", "--market-port", "0")
    assert done.code == 5
    assert "another `lilypad up` uses this data folder" in done.err


def test_up__on_a_port_that_is_taken__says_so(offline: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = offline("up", "--chain-port", str(port), "--market-port", "0")
    assert done.code == 5
    assert f"port={port}" in done.err


def test_up__with_inputs_and_no_job__is_wrong_usage(offline: Command) -> None:
    assert offline("up", "-i", "Message=x").code == 2
