"""The inputs that are read from disk, the output directory that is written to it, and the record beside that.

The directory appears at once and complete, or not at all. The record, `.<name>.execution.json`, says which
execution the directory belongs to and what it cost; it holds a digest of the files, so that a directory
that a crash left half on the disk is not taken for a result.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from lilypad.crashing import crash_point
from lilypad.errors import ExecutorFaultError
from lilypad.executors.wasi.filesystem import MAX_DEPTH, Directory, File, Tree
from lilypad.executors.wasi.logs import Logs
from lilypad.executors.wasi.run import Finished
from lilypad.types import ExecutionResult, ExitStatus

MAX_INPUT_BYTES = 1 << 30
MAX_INPUT_NODES = 65_536


def read_inputs(directory: Path) -> Directory:
    """The read-only tree that the module sees at /inputs."""
    tree = Tree(quota=None)
    root = Directory(tree, tree.new_inode())
    _read_into(root, directory, MAX_INPUT_BYTES)
    return root


def _read_into(directory: Directory, source: Path, bytes_left: int) -> int:
    """Returns how many bytes may still follow."""
    for path in sorted(source.iterdir(), key=lambda p: os.fsencode(p.name)):
        inode = directory.tree.new_inode()
        if inode > MAX_INPUT_NODES or directory.depth >= MAX_DEPTH:
            raise ExecutorFaultError("The inputs have too many files or directories.", path=path)
        name = os.fsencode(path.name)
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ExecutorFaultError("An input is neither a file nor a directory.", path=path)
        if path.is_dir():
            child = directory.entries[name] = Directory(directory.tree, inode, directory.depth + 1)
            bytes_left = _read_into(child, path, bytes_left)
        else:
            bytes_left -= path.stat().st_size
            if bytes_left < 0:
                raise ExecutorFaultError(f"The inputs have more than {MAX_INPUT_BYTES} bytes.", path=path)
            directory.entries[name] = File(directory.tree, inode, bytearray(path.read_bytes()))
    return bytes_left


def check_absent_or_empty(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ExecutorFaultError("The output directory is in use by something else.", path=output)


def write_output(output: Path, key: str, finished: Finished, logs: Logs) -> None:
    """Raises ExecutorFaultError where the disk cannot hold it (full, or blind to the case of names)."""
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        (unfinished / "stdout").write_bytes(logs.stdout)
        (unfinished / "stderr").write_bytes(logs.stderr)
        crash_point("wasm.unfinished")
        (unfinished / "exitCode").write_text(f"{int(finished.result.exit_status)}\n")
        _write_tree(unfinished / "outputs", finished.outputs)
        _write_record(output, key, finished.result, unfinished)
        crash_point("wasm.recorded")
        unfinished.rename(output)
    except OSError as error:
        raise ExecutorFaultError(f"The output could not be written: {error}", path=output) from error


def _write_tree(path: Path, directory: Directory) -> None:
    path.mkdir()
    for name, node in directory.entries.items():
        child = path / name.decode()
        if isinstance(node, Directory):
            _write_tree(child, node)
        else:
            with child.open("xb") as file:
                file.write(node.data)


def _record_path(output: Path) -> Path:
    return output.with_name(f".{output.name}.execution.json")


def _write_record(output: Path, key: str, result: ExecutionResult, unfinished: Path) -> None:
    record = {
        "execution": key,
        "exit_status": int(result.exit_status),
        "instruction_count": result.instruction_count,
        "files": _digest_of_files(unfinished),
    }
    path = _record_path(output)
    temporary = path.with_name(path.name + ".unfinished")
    temporary.write_text(json.dumps(record) + "\n")
    temporary.replace(path)


def find_finished(output: Path, key: str) -> ExecutionResult | None:
    """The result of an execution whose output directory is already there and whole."""
    try:
        record = json.loads(_record_path(output).read_text())
        if record["execution"] != key or record["files"] != _digest_of_files(output):
            return None
        return ExecutionResult(ExitStatus(record["exit_status"]), record["instruction_count"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest_of_files(directory: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"
        whole.update(json.dumps([name, content]).encode())
    return whole.hexdigest()
