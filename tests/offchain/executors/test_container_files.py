"""An output and the record that vouches for it: whatever comes between the two, none is ever left that bars the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lilypad.crashing import AT
from lilypad.executors.container_files import Record, finish, part_of
from lilypad.types import ExecutionResult, ExitStatus

RESULT = ExecutionResult(ExitStatus(3), 42)
RECORD = Record("one", "its spec", RESULT)


def put_together(output: Path) -> None:
    (part_of(output) / "outputs").mkdir(parents=True)
    (part_of(output) / "outputs" / "file").write_text("whole")
    finish(part_of(output), RESULT)


def test_record__is_there_with_its_output(tmp_path: Path) -> None:
    output = tmp_path / "output"
    assert Record.load(output) is None
    put_together(output)
    RECORD.keep(output)

    assert Record.load(output) == RECORD
    assert {path.name for path in tmp_path.iterdir()} == {"output", Record.path(output).name}
    assert (output / "exitCode").read_text() == "3\n"


@pytest.mark.parametrize("before", ["absent", "empty", "half"])
def test_process__that_dies_between_record_and_name__has_its_output_named_by_the_next(
    tmp_path: Path, before: str
) -> None:
    output = tmp_path / "output"
    if before != "absent":
        output.mkdir()
    if before == "half":
        (output / "stdout").touch()
    put_together(output)
    code = (
        "from lilypad.executors.container_files import *; from lilypad.types import *; from pathlib import Path;"
        f"Record('one', 'its spec', ExecutionResult(ExitStatus(3), 42)).keep(Path({str(output)!r}))"
    )
    environment = os.environ | {AT: "output.recorded"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == -9
    assert not output.exists()

    assert Record.load(output) == RECORD
    assert (output / "outputs" / "file").read_text() == "whole"


def test_record__whose_output_went__counts_for_nothing(tmp_path: Path) -> None:
    output = tmp_path / "output"
    put_together(output)
    RECORD.keep(output)
    output.rename(tmp_path / "elsewhere")

    assert Record.load(output) is None
    put_together(output)  # of another try, which is not recorded yet
    assert Record.load(output) is None


def test_record__forgotten__leaves_nothing_but_an_output_with_its_name(tmp_path: Path) -> None:
    output = tmp_path / "output"
    put_together(output)
    RECORD.keep(output)
    put_together(output)
    Record.forget(output)
    assert list(tmp_path.iterdir()) == [output]
