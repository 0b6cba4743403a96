"""An execution's directories on this machine: inputs on the way in, output and record on the way out."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lilypad.crashing import crash_point
from lilypad.types import ExecutionResult, ExitStatus


def publish_inputs(inputs: Path) -> None:
    """Let the module's user read the inputs, and take away their times, which no two machines share."""
    for path in (inputs, *inputs.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (0, 0))


def part_of(output: Path) -> Path:
    """Where an output directory is put together."""
    return output.with_name(f"{output.name}.part")


def finish(part: Path, result: ExecutionResult) -> None:
    """Makes an unpacked directory complete.

    A job that was cut off has no output: how far it had come is different on every machine.
    """
    if result.exit_status > 255:
        shutil.rmtree(part / "outputs")
        (part / "outputs").mkdir()
        (part / "stdout").write_bytes(b"")
        (part / "stderr").write_bytes(b"")
    (part / "exitCode").write_text(f"{int(result.exit_status)}\n")


def _is_complete(directory: Path) -> bool:
    return (directory / "exitCode").is_file()


@dataclass(frozen=True, slots=True)
class Record:
    """Lies beside the output directory; where it lies, that directory is complete, if not under its own name then as
    a part. So at no time is there an output that nobody vouches for, which would be in the way of another try."""

    execution_id: str
    spec_digest: str
    result: ExecutionResult

    @staticmethod
    def path(output: Path) -> Path:
        return output.with_name(f"{output.name}.execution.json")

    def keep(self, output: Path) -> None:
        """Gives the part the name of the output, all at once, once this record is on the disk."""
        shutil.rmtree(output, ignore_errors=True)  # empty, or of a try that was given up
        self._save(output)
        crash_point("output.recorded")
        _name(output)

    @classmethod
    def forget(cls, output: Path) -> None:
        """An output that has its name stays."""
        cls.path(output).unlink(missing_ok=True)
        shutil.rmtree(part_of(output), ignore_errors=True)

    def _save(self, output: Path) -> None:
        os.sync()  # a power cut must not leave the record without the files that it vouches for
        path = self.path(output)
        part = path.with_name(f"{path.name}.part")
        fields = {
            "execution": self.execution_id,
            "spec": self.spec_digest,
            "exit_status": int(self.result.exit_status),
            "instruction_count": self.result.instruction_count,
        }
        with part.open("w") as file:
            json.dump(fields, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _flush(path.parent)

    @classmethod
    def load(cls, output: Path) -> Record | None:
        """Goes on where a crash came between the record and the name. One whose output went is nobody's any more."""
        with suppress(FileNotFoundError):
            fields = json.loads(cls.path(output).read_text())
            result = ExecutionResult(ExitStatus(fields["exit_status"]), fields["instruction_count"])
            if not _is_complete(output) and _is_complete(part_of(output)):
                _name(output)
            if _is_complete(output):  # maybe only now, by another thread
                return cls(fields["execution"], fields["spec"], result)
            cls.path(output).unlink(missing_ok=True)
        return None


def _name(output: Path) -> None:
    with suppress(FileNotFoundError):  # somebody else has just done it
        part_of(output).replace(output)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
