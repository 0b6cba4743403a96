"""How far a job has come, for whoever watches."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lilypad.agents.creator.jobs import Job
from lilypad.agents.work.fetching import JobResult
from lilypad.protocol.deal import Deal


class Stage(enum.StrEnum):
    OFFERED = "offered"
    """Signed and announced; waits for a provider."""
    AGREED = "agreed"
    """On chain, both sides' money locked; the provider is at work."""
    SUBMITTED = "submitted"
    """The provider has committed to a result."""
    VERIFIED = "verified"
    """The output is here, and every byte of it is what was committed to."""
    CHALLENGED = "disputed"
    """Disputed; mediators decide."""
    ACCEPTED = "accepted"
    """Paid."""
    ENDED = "ended"
    """The deal ended in another way: declined, late, rejected or undecided."""


@dataclass(frozen=True, slots=True)
class Progress:
    stage: Stage
    job: Job
    deal: Deal | None = None
    result: JobResult | None = None
    obstacles: tuple[str, ...] = ()
    """While it is offered: the rules of matching that it breaks with the resources on offer, if any."""
    doubt: str | None = None
    """Why the result is challenged although it is here, if it is."""
