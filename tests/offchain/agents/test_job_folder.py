"""A creator's jobs on disk: which of them may still take money."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lilypad.agents.creator.jobs import COMPLETE, JOB_FILE, WAITING, Job, JobFolder
from tests.offchain.agents.deals import NOW, job_offer


def a_job(nonce: int, expiry: int = NOW + 600) -> Job:
    offer = job_offer(nonce, expiry)
    return Job(offer.struct_hash().hex(), "cowsay", {}, offer.to_json(), "00" * 65, float(nonce), 0)


@pytest.fixture
def jobs(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "jobs")


def waiting(jobs: JobFolder, now: int = NOW) -> set[str]:
    return {job.id for job in jobs.waiting(now)}


def marks(jobs: JobFolder) -> set[str]:
    return {path.name for path in jobs.path(WAITING).iterdir()} - {COMPLETE}


def test_waiting__are_jobs_without_a_deal_that_have_not_expired(jobs: JobFolder) -> None:
    new, agreed, cancelled, old = a_job(0), a_job(1), a_job(2), a_job(3, NOW - 1)
    for job in (new, agreed, cancelled, old):
        jobs.save(job)
    jobs.agreed(agreed, b"d" * 32)
    jobs.cancelled(cancelled)
    assert waiting(jobs) == {new.id}
    assert marks(jobs) == {new.id}
    assert len(jobs.all()) == 4


def test_waiting__in_the_folder_of_an_earlier_version__are_found_once_and_for_all(jobs: JobFolder) -> None:
    new, agreed = a_job(0), replace(a_job(1), deal="dd" * 32)
    for job in (new, agreed):
        jobs.save(job)
    for mark in jobs.path(WAITING).glob("*"):
        mark.unlink()
    jobs.path(WAITING).rmdir()
    assert waiting(jobs) == {new.id}
    assert marks(jobs) == {new.id}


def test_waiting__after_a_command_was_killed_while_it_marked_them__are_all_there(jobs: JobFolder) -> None:
    one, other = a_job(0), a_job(1)
    for job in (one, other):
        jobs.save(job)
    assert not (jobs.path(WAITING) / COMPLETE).exists()
    (jobs.path(WAITING) / other.id).unlink()
    assert waiting(jobs) == {one.id, other.id}


def test_waiting__job_whose_command_died_before_it_was_written__is_none(jobs: JobFolder) -> None:
    job = a_job(0)
    jobs.save(job)
    (jobs.path(job.id) / JOB_FILE).unlink()
    assert waiting(jobs) == set()
    jobs.save(job)
    assert waiting(jobs) == {job.id}


def test_waiting__of_a_creator_that_never_had_a_job__is_nothing(jobs: JobFolder) -> None:
    assert waiting(jobs) == set()
