"""An execution's directories on this machine: inputs on the way in, output and record on the way out."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lilypad.types import ExecutionResult, ExitStatus


def publish_inputs(inputs: Path) -> None:
    """Let the module's user read the inputs, and take away their times, which no two machines share."""
    for path in (inputs, *inputs.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (0, 0))


def finish(part: Path, output: Path, result: ExecutionResult) -> None:
    """Turn an unpacked directory into the output directory, all at once.

    A job that was cut off has no output: how far it had come is different on every machine.
    """
    if result.exit_status > 255:
        shutil.rmtree(part / "outputs")
        (part / "outputs").mkdir()
        (part / "stdout").write_bytes(b"")
        (part / "stderr").write_bytes(b"")
    (part / "exitCode").write_text(f"{int(result.exit_status)}\n")
    if output.exists():
        shutil.rmtree(output)  # empty, or half of a collection that a crash interrupted
    part.replace(output)


@dataclass(frozen=True, slots=True)
class Record:
    """Lies beside the output directory; where it lies, that directory is complete."""

    execution_id: str
    spec_digest: str
    result: ExecutionResult

    @staticmethod
    def path(output: Path) -> Path:
        return output.with_name(f"{output.name}.execution.json")

    def save(self, output: Path) -> None:
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

    @classmethod
    def load(cls, output: Path) -> Record | None:
        with suppress(FileNotFoundError):
            fields = json.loads(cls.path(output).read_text())
            result = ExecutionResult(ExitStatus(fields["exit_status"]), fields["instruction_count"])
            return cls(fields["execution"], fields["spec"], result)
        return None
