"""What the warden's lines mean. No engine needed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.errors import ExecutorFaultError
from lilypad.executors.container_output import START_NS, End, Frame, Stopped, judge, parse, safe_path, unpack
from lilypad.types import ExecutionResult, ExitStatus, Limits

MOST = START_NS + 1_000
LIMITS = Limits(instructions=MOST, output_bytes=10, log_bytes=4, wall_seconds=5)


def line(tag: str, data: bytes) -> bytes:
    return f"{tag} {base64.b64encode(data).decode()}\n".encode()


@given(st.lists(st.tuples(st.sampled_from("oedfc"), st.binary(max_size=50))), st.integers(1, 20))
def test_parse__lines_cut_anywhere__are_the_same_lines(frames: list[tuple[str, bytes]], size: int) -> None:
    whole = b"".join(line(tag, data) for tag, data in frames) + b"x exit 0 1 2\n"
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]

    assert list(parse(pieces)) == [*(Frame(tag, data) for tag, data in frames), End("exit", 0, 1, 2)]


@pytest.mark.parametrize("bad", [b"hello\n", b"z AAAA\n", b"o A\n", b"x exit 0 0\n", b"x exit zero 0 0\n", b"\xff\n"])
def test_parse__line_of_somebody_else__is_a_fault(bad: bytes) -> None:
    with pytest.raises(ExecutorFaultError, match="not the warden's"):
        list(parse([bad]))


def test_unpack__logs_and_files__are_written_and_logs_cut_off(tmp_path: Path) -> None:
    lines = [line("o", b"abc"), line("o", b"def"), line("d", b"sub"), line("f", b"sub/file"), line("c", b"x" * 10)]
    end = unpack([*lines, b"x exit 0 7 5\n"], tmp_path / "part", LIMITS)

    assert end == End("exit", 0, 7, 5)
    assert (tmp_path / "part" / "stdout").read_bytes() == b"abcd"
    assert (tmp_path / "part" / "outputs" / "sub" / "file").read_bytes() == b"x" * 10


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([b"x exit 0 0 1\n"], "lines are missing"),
        ([b"x exit 0 0 0\n", b"x exit 0 0 0\n"], "goes on"),
        ([line("f", b"a"), line("c", b"x" * 11), b"x exit 0 0 2\n"], "more than output_bytes"),
        ([line("f", b"../a"), b"x exit 0 0 1\n"], "outside"),
    ],
)
def test_unpack__what_a_warden_never_says__is_a_fault(tmp_path: Path, lines: list[bytes], match: str) -> None:
    with pytest.raises(ExecutorFaultError, match=match):
        unpack(lines, tmp_path / "part", LIMITS)


def test_unpack__no_last_line__is_no_end(tmp_path: Path) -> None:
    assert unpack([line("o", b"a"), b"x exit 0 0 1"], tmp_path / "part", LIMITS) is None


@pytest.mark.parametrize("path", [b"", b"/etc", b"a//b", b"a/", b".", b"a/../b", b"a\0b"])
def test_safe_path__that_leads_elsewhere__is_a_fault(path: bytes) -> None:
    with pytest.raises(ExecutorFaultError):
        safe_path(path)


def test_safe_path__name_that_is_not_utf8__is_left_out() -> None:
    assert safe_path(b"a/\xff") is None


DONE = Stopped(exit_code=0, oom_killed=False, ran_seconds=1)
KILLED_EARLY = Stopped(exit_code=137, oom_killed=False, ran_seconds=1)
KILLED_LATE = Stopped(exit_code=137, oom_killed=False, ran_seconds=5)
KILLED_FOR_MEMORY = Stopped(exit_code=137, oom_killed=True, ran_seconds=1)
LOST_LATE = Stopped(exit_code=0, oom_killed=False, ran_seconds=6)


@pytest.mark.parametrize(
    ("end", "stopped", "status", "count"),
    [
        (End("exit", 3, 900, 0), DONE, 3, START_NS + 900),
        (End("exit", 3, 1900, 0), DONE, 3, MOST),
        (End("budget", 0, 900, 0), DONE, ExitStatus.OUT_OF_BUDGET, MOST),
        (End("memory", 0, 900, 0), DONE, ExitStatus.TRAPPED, START_NS + 900),
        (End("outputs", 0, 900, 0), DONE, ExitStatus.TRAPPED, START_NS + 900),
        (None, KILLED_LATE, ExitStatus.OUT_OF_BUDGET, MOST),
        (None, KILLED_FOR_MEMORY, ExitStatus.TRAPPED, MOST),
    ],
)
def test_judge__an_end__is_a_result(end: End | None, stopped: Stopped, status: int, count: int) -> None:
    assert judge(end, stopped, LIMITS) == ExecutionResult(ExitStatus(status), count)


@pytest.mark.parametrize(
    ("end", "stopped"),
    [(None, KILLED_EARLY), (None, LOST_LATE), (End("exec", 2, 0, 0), DONE), (End("exit", 300, 0, 0), DONE)],
)
def test_judge__a_failure_of_the_host__is_none(end: End | None, stopped: Stopped) -> None:
    assert judge(end, stopped, LIMITS) is None
