"""Clears a creator's disk of jobs that are over for good. May be killed, and run beside any other command."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from lilypad.agents.creator.archive import Archive, Standing
from lilypad.agents.creator.jobs import JOB_FILE, Job
from lilypad.errors import FaultError
from lilypad.store.cid import Cid
from lilypad.store.journal import Journal

DAY = 86_400
COPY_SECONDS = 3_600
"""More than a command takes from writing a job's inputs to having them in its store."""


@dataclass(frozen=True, slots=True)
class Pruned:
    jobs: tuple[Job, ...]
    freed: int
    """Bytes of content, beside the jobs' own files."""


async def prune(archive: Archive, days: float) -> Pruned:
    """Removes the folders of jobs that ended so long ago, with their outputs; then all content but the inputs of the
    jobs that are left."""
    now = time.time()
    jobs = archive.jobs.all()
    standings = await archive.standings(jobs)
    over = [job for job in jobs if (end := _ended(job, standings.get(job.id), now)) and end <= now - days * DAY]
    gone = [job for job in over if await asyncio.to_thread(_remove, archive.jobs.path(job.id))]
    await asyncio.to_thread(_remove_copies, archive.folder / "inputs", now - COPY_SECONDS)

    def needed() -> list[Cid]:
        return [Cid.of_directory(job.signed.offer.inputs) for job in archive.jobs.all()]

    return Pruned(tuple(gone), (await archive.store.collect(needed)).freed)


def _ended(job: Job, standing: Standing | None, now: float) -> float | None:
    """When nothing could come of it any more; None as long as something may."""
    if standing is not None:
        return standing.deal.since if standing.deal.status.is_end else None
    if job.cancelled:
        return job.created
    expiry = job.signed.offer.expiry
    return expiry if expiry + COPY_SECONDS < now else None  # a deal of the last moment may not be confirmed yet


def _remove(folder: Path) -> bool:
    """Not of a job that another command follows. Its file goes last: one that is half removed is still listed."""
    try:
        with Journal(folder / "journal.sqlite"):
            for path in folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != JOB_FILE:
                    path.unlink()
    except FaultError:
        return False
    shutil.rmtree(folder)
    return True


def _remove_copies(folder: Path, before: float) -> None:
    """What inputs were made of. Their content is in the store as soon as they are there."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.stat().st_mtime < before:
            shutil.rmtree(path)
