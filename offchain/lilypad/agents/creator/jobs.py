"""A creator's jobs on disk: one folder each, so that commands can run side by side and a job outlives its command."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from lilypad.agents.creator.disputing import Check, CheckPolicy
from lilypad.crashing import crash_point
from lilypad.errors import FaultError
from lilypad.market.book import SignedJob
from lilypad.protocol.offers import JobOffer
from lilypad.settings import Settings
from lilypad.types import Address

JOB_FILE = "job.json"
WAITING = ".waiting"
COMPLETE = ".complete"
"""All jobs that were there before are marked."""
LOOK_SECONDS = 0.05


def creator_folder(settings: Settings, account: Address) -> Path:
    """Everything that a creator's account keeps on this machine."""
    return settings.data / "creator" / str(settings.chain_id) / account.lower()


@dataclass(frozen=True, slots=True)
class Job:
    """What a creator asked for. Everything else about it is on chain."""

    id: str
    """The digest of the signed offer, hex."""
    module: str
    inputs: dict[str, Any]
    """As given; files by their path."""
    offer: dict[str, str]
    signature: str
    created: float
    block: int
    """The chain's head when it was signed: its deal cannot be older."""
    deal: str | None = None
    """Once agreed, hex."""
    cancelled: bool = False
    """By this wallet, before there was a deal."""
    check: str = Check.NEVER
    probability: float | None = None
    lot: float = 1.0
    """Drawn from 0 to 1 when it was signed, and known to nobody else: see disputing.is_drawn."""

    @property
    def is_waiting(self) -> bool:
        return self.deal is None and not self.cancelled

    @property
    def policy(self) -> CheckPolicy:
        return CheckPolicy(Check(self.check), self.probability)

    @property
    def signed(self) -> SignedJob:
        return SignedJob(JobOffer.from_json(self.offer), bytes.fromhex(self.signature))


class JobFolder:
    """Beside the jobs' folders, `.waiting` has an empty file for each job that may still make a deal: before one is
    signed, its creator must know what the others may take, and to read all that there ever were would take longer each
    time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, job_id: str) -> Path:
        """Where the job's own files lie: its journal, its output."""
        return self._folder / job_id

    def save(self, job: Job) -> None:
        folder = self.path(job.id)
        folder.mkdir(parents=True, exist_ok=True)
        if job.is_waiting:
            self._mark(job)
        write_whole(folder / JOB_FILE, json.dumps(asdict(job), indent=1))
        if not job.is_waiting:
            self._unmark(job.id)

    def agreed(self, job: Job, deal: bytes) -> Job:
        job = replace(job, deal=deal.hex())
        self.save(job)
        return job

    def cancelled(self, job: Job) -> Job:
        job = replace(job, cancelled=True)
        self.save(job)
        return job

    def all(self) -> list[Job]:
        """Newest first."""
        files = self._folder.glob(f"*/{JOB_FILE}")
        return sorted((_load(file) for file in files), key=lambda job: -job.created)

    def waiting(self, now: float) -> list[Job]:
        """Those without a deal, as far as is known here, whose offers can still make one."""
        marks = self._folder / WAITING
        if not (marks / COMPLETE).exists():  # the folder of an earlier version, or of a command that was killed here
            for job in self.all():
                if job.is_waiting:
                    self._mark(job)
            marks.mkdir(parents=True, exist_ok=True)
            (marks / COMPLETE).touch()
        # A job is marked before it is there.
        files = [self.path(mark.name) / JOB_FILE for mark in sorted(marks.iterdir()) if mark.name != COMPLETE]
        jobs = [_load(file) for file in files if file.exists()]
        found = [job for job in jobs if job.is_waiting and job.signed.offer.expiry >= now]
        for gone in {job.id for job in jobs} - {job.id for job in found}:
            self._unmark(gone)
        return found

    def _mark(self, job: Job) -> None:
        marks = self._folder / WAITING
        marks.mkdir(parents=True, exist_ok=True)
        (marks / job.id).touch()

    def _unmark(self, job_id: str) -> None:
        (self._folder / WAITING / job_id).unlink(missing_ok=True)

    def find(self, prefix: str) -> Job:
        """By the beginning of a job's or a deal's id.

        Raises:
            FaultError: none, or more than one, begins so.
        """
        found = self._beginning_with(prefix)
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(job.id[:16] for job in found[:4])
            raise FaultError(f"several jobs begin with {prefix!r}: {shown}; write more of the id")
        if (owner := self._owner_elsewhere(prefix)) is not None:
            raise FaultError(f"the job {prefix!r} is another wallet's; set LILYPAD_KEYSTORE to it", account=owner)
        raise FaultError(f"no job of this wallet begins with {prefix!r}: see `lilypad jobs`")

    def _beginning_with(self, prefix: str) -> list[Job]:
        wanted = prefix.lower().removeprefix("0x")
        if not wanted:
            return []
        return [job for job in self.all() if job.id.startswith(wanted) or (job.deal or "").startswith(wanted)]

    def _owner_elsewhere(self, prefix: str) -> str | None:
        """Another account of this data folder that has the job."""
        for folder in sorted(self._folder.parent.parent.glob("0x*/jobs")):
            if folder != self._folder and JobFolder(folder)._beginning_with(prefix):
                return folder.parent.name
        return None


class FileCounter:
    """Numbers that several processes take from one file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def take(self) -> int:
        with locked(self._file):
            value = int(read_or(self._file, "0"))
            write_whole(self._file, str(value + 1))
        return value


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Held by one process at a time. The lock is a file beside it, because the file itself is replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def held(file: Path) -> AsyncIterator[None]:
    """The same while something is awaited: who waits for it looks now and then, and other tasks go on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("a") as handle:
        while not _try_to_lock(handle):  # noqa: ASYNC110 - another process lets go of it
            await asyncio.sleep(LOOK_SECONDS)
        yield


def _try_to_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_or(file: Path, default: str) -> str:
    """Also for an empty file, which an outage of the machine may leave."""
    return (file.read_text() if file.exists() else "") or default


def write_whole(file: Path, text: str) -> None:
    """All of it, or what was there before: a command that is killed while it writes leaves no half of a file, which
    would be read as a nonce or a lane that was never taken."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with temporary.open("w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    crash_point("file.written", file.name)
    temporary.replace(file)


def _load(file: Path) -> Job:
    try:
        return Job(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise FaultError(f"a job's file is damaged: {error}", file=file) from error
