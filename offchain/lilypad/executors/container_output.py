"""What the warden hands out: lines to files, the end to a result. No engine here.

Only directories and regular files with UTF-8 names leave a container; symbolic links, devices, pipes
and sockets in /outputs are left out, as is their metadata. A hard link becomes a file of its own.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from lilypad.errors import ExecutorFaultError
from lilypad.types import ExecutionResult, ExitStatus, Limits

KILLED = 128 + 9
"""The exit code of a container whose process 1 died of SIGKILL."""

START_NS = 100_000_000
"""A tenth of a second is billed for the container itself, whose start costs the machine more than that. So two
machines also agree, within a tolerance, on jobs that take a few milliseconds, of which each measures another number."""


@dataclass(frozen=True, slots=True)
class End:
    """The warden's last line."""

    how: str
    code: int
    cpu_ns: int
    frames: int


@dataclass(frozen=True, slots=True)
class Frame:
    tag: str
    data: bytes


def parse(chunks: Iterable[bytes]) -> Iterator[Frame | End]:
    """Lines of the warden from bytes cut anywhere. A last line without its newline is not a line."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _parse_line(line)


def _parse_line(line: bytes) -> Frame | End:
    try:
        tag, _, body = line.decode("ascii").partition(" ")
        if tag == "x":
            how, code, cpu_ns, frames = body.split(" ")
            return End(how, int(code), int(cpu_ns), int(frames))
        if tag not in ("o", "e", "d", "f", "c"):
            raise ValueError(tag)
        return Frame(tag, base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error) as error:
        raise ExecutorFaultError("the container's log holds a line that is not the warden's") from error


class OutputWriter:
    """Writes an output directory from frames."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.directory = directory
        self.frames = 0
        self._output_left = limits.output_bytes
        self._file: BinaryIO | None = None
        (directory / "outputs").mkdir(parents=True)
        self._logs = {"o": (directory / "stdout").open("wb"), "e": (directory / "stderr").open("wb")}
        self._log_left = dict.fromkeys(self._logs, limits.log_bytes)

    def write(self, frame: Frame) -> None:
        self.frames += 1
        if frame.tag in self._logs:
            kept = frame.data[: self._log_left[frame.tag]]
            self._log_left[frame.tag] -= len(kept)
            self._logs[frame.tag].write(kept)
        elif frame.tag == "c":
            self._output_left -= len(frame.data)
            if self._output_left < 0:
                raise ExecutorFaultError("the warden handed out more than output_bytes")
            if self._file is not None:
                self._file.write(frame.data)
        else:
            self._open(frame)

    def _open(self, frame: Frame) -> None:
        self._close_file()
        path = safe_path(frame.data)
        if path is None:
            return
        target = self.directory / "outputs" / path
        if frame.tag == "d":
            target.mkdir()
        else:
            self._file = target.open("xb")

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def close(self) -> None:
        self._close_file()
        for log in self._logs.values():
            log.close()


def safe_path(raw: bytes) -> PurePosixPath | None:
    """A path below outputs/, or None for one with a name that is not UTF-8, which content cannot have."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    parts = text.split("/")
    if "\0" in text or any(part in ("", ".", "..") for part in parts):
        raise ExecutorFaultError("the warden handed out a path outside /outputs", path=text)
    return PurePosixPath(*parts)


def unpack(chunks: Iterable[bytes], directory: Path, limits: Limits) -> End | None:
    """Write everything that was handed out into a fresh directory. None when the last line is missing."""
    shutil.rmtree(directory, ignore_errors=True)
    writer = OutputWriter(directory, limits)
    end: End | None = None
    try:
        for item in parse(chunks):
            if end is not None:
                raise ExecutorFaultError("the container's log goes on after its end")
            if isinstance(item, End):
                end = item
            else:
                writer.write(item)
    finally:
        writer.close()
    if end is not None and end.frames != writer.frames:
        raise ExecutorFaultError("lines are missing from the container's log")
    return end


@dataclass(frozen=True, slots=True)
class Stopped:
    """What the engine says of a container that has stopped."""

    exit_code: int
    oom_killed: bool
    ran_seconds: float

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Stopped:
        return cls(state["ExitCode"], state["OOMKilled"], ran_seconds(state))


def ran_seconds(state: Mapping[str, Any]) -> float:
    """How long a container has run, by the engine's clock, or ran before it stopped."""
    until = time.time() if state["Running"] else _timestamp(state["FinishedAt"])
    return until - _timestamp(state["StartedAt"])


def _timestamp(text: str) -> float:
    """An engine's time of day, which has nanoseconds, as seconds since 1970."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def judge(end: End | None, stopped: Stopped, limits: Limits) -> ExecutionResult | None:
    """The result that an end means; None when it means none and the host is to blame.

    Without a last line the warden itself was killed: by the kernel for want of memory, by us because
    the deadline was long past, or by an engine that went down, and only the first two are results.
    """
    if end is None:
        killed = stopped.exit_code == KILLED
        if killed and stopped.oom_killed:
            return ExecutionResult(ExitStatus(ExitStatus.TRAPPED), limits.instructions)
        if killed and stopped.ran_seconds >= limits.wall_seconds:
            return ExecutionResult(ExitStatus(ExitStatus.OUT_OF_BUDGET), limits.instructions)
        return None
    count = min(START_NS + end.cpu_ns, limits.instructions)
    if end.how == "exit" and 0 <= end.code <= 255:
        return ExecutionResult(ExitStatus(end.code), count)
    if end.how == "budget":
        return ExecutionResult(ExitStatus(ExitStatus.OUT_OF_BUDGET), limits.instructions)
    if end.how in ("memory", "outputs"):
        return ExecutionResult(ExitStatus(ExitStatus.TRAPPED), count)
    return None
