"""From an output directory to the `Result` that a provider commits to, and back again.

An output directory holds the files `stdout`, `stderr` and `exitCode` (decimal, newline), the
directory `outputs/`, and nothing else. Everything in a result is taken in the one pass that also
makes the blocks, so it is about the same bytes even if somebody still writes to the directory.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from lilypad.errors import ContentInvalidError
from lilypad.store.blocks import BlockStore, add_blocks
from lilypad.store.cid import Cid
from lilypad.store.dag import Block, DagLimits
from lilypad.store.importer import directory_blocks
from lilypad.store.unixfs import decode
from lilypad.types import ZERO_DIGEST, Digest, ExitStatus, Result

if TYPE_CHECKING:
    from hashlib import _Hash

RETURN_BYTES = 1024
"""A longer outputs/return is an output like any other, not a return value."""

_RETURN = "outputs/return"
_FILES = ("exitCode", "stderr", "stdout")
_ENTRIES = ("exitCode", "outputs", "stderr", "stdout")
_EXIT_CODE_BYTES = 8


async def seal(
    output_dir: Path, exit_status: ExitStatus, store: BlockStore, limits: DagLimits | None = None
) -> tuple[Result, Cid]:
    """Put an output directory into the store and say what it amounts to.

    Raises:
        ContentInvalidError: it is not laid out as an output directory, or the module left something
            there that cannot be content (a link, a device, ...).
    """
    seen = _Seen()
    root = (await add_blocks(directory_blocks(output_dir, limits, seen.watch), store)).block
    return seen.result(root, exit_status), root.cid


async def verify(directory: Path, result: Result, limits: DagLimits | None = None) -> None:
    """Recompute a result from the bytes in a directory; ContentInvalidError names what differs."""
    found = await asyncio.to_thread(_recompute, directory, result.exit_status, limits)
    wrong = [f.name for f in fields(Result) if getattr(found, f.name) != getattr(result, f.name)]
    if wrong:
        raise ContentInvalidError(
            f"The content is not what the result says: {', '.join(wrong)}",
            expected=getattr(result, wrong[0]),
            found=getattr(found, wrong[0]),
        )


def _recompute(directory: Path, exit_status: ExitStatus, limits: DagLimits | None) -> Result:
    seen = _Seen()
    (root,) = deque(directory_blocks(directory, limits, seen.watch), maxlen=1)
    return seen.result(root, exit_status)


@dataclass(slots=True)
class _Seen:
    """What a result needs to know of the files that pass by."""

    hashes: dict[str, _Hash] = field(default_factory=dict)
    exit_code: bytes = b""
    return_bytes: int = 0

    def watch(self, path: str, chunk: bytes) -> None:
        if path == "exitCode":
            self.exit_code = (self.exit_code + chunk)[:_EXIT_CODE_BYTES]
        if path == _RETURN:
            self.return_bytes += len(chunk)
        if path in (*_ENTRIES, _RETURN):
            self.hashes.setdefault(path, hashlib.sha256()).update(chunk)

    def result(self, root: Block, exit_status: ExitStatus) -> Result:
        names = tuple(link.name for link in decode(root).links)
        if names != _ENTRIES or {*self.hashes} - {_RETURN} != {*_FILES}:
            raise ContentInvalidError(
                "An output directory holds the files stdout, stderr and exitCode and the directory outputs",
                found=", ".join(names),
            )
        if self.exit_code != b"%d\n" % exit_status:
            raise ContentInvalidError(
                "The file exitCode says something else than the exit status",
                file=ascii(self.exit_code),
                exit_status=int(exit_status),
            )
        has_return = _RETURN in self.hashes and self.return_bytes <= RETURN_BYTES
        return Result(
            output=root.cid.digest,
            returned=self._digest(_RETURN) if has_return else ZERO_DIGEST,
            exit_status=exit_status,
            stdout=self._digest("stdout"),
            stderr=self._digest("stderr"),
        )

    def _digest(self, path: str) -> Digest:
        return Digest(self.hashes[path].digest())
