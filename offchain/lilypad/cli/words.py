"""What a person can do next, and what can no longer be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lilypad.protocol.deal import Deal

SHORT = 12
"""Digits of an id that a person is shown."""

NEXT = {
    "offered": "`lilypad resume {id}` waits for a provider, `lilypad cancel {id}` calls the job back",
    "agreed": "`lilypad logs -f {id}` shows what it prints, `lilypad resume {id}` brings the result home",
    "submitted": "`lilypad resume {id}` fetches, checks and pays the result",
    "challenged": "mediators decide; `lilypad case {id}` shows how far they are, `lilypad resume {id}` waits for them",
}


def next_step(job_id: str, state: str) -> str | None:
    """Nothing, once a job has ended."""
    step = NEXT.get(state)
    return step.format(id=job_id[:SHORT]) if step else None


def why_too_late(job_id: str, deal: Deal) -> str:
    """What still can be done about a job that has a deal."""
    id_, state = job_id[:SHORT], deal.status.name.lower()
    match state:
        case "agreed":
            return (
                "a provider has taken the job, and both sides are bound. `lilypad resume "
                f"{id_}` pays for a result, or without one in time gets your money back with the provider's penalty"
            )
        case "submitted":
            return (
                f"the result is there. `lilypad resume {id_}` fetches, checks and pays it; it is paid in any case when "
                "the judge window is over. Who doubts it challenges it until then"
            )
        case "challenged":
            return "the result is disputed, and the mediation decides"
    return f"the deal has ended: {state}. There is nothing left to cancel"
