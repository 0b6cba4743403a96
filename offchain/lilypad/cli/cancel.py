"""`lilypad cancel`: call a job back, while that can be done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.failures import REJECTED
from lilypad.cli.options import Invocation, job_argument, json_option, pass_invocation
from lilypad.cli.words import SHORT, why_too_late

if TYPE_CHECKING:
    from lilypad.agents.creator.cancelling import Cancellation
    from lilypad.agents.creator.jobs import Job


@click.command()
@job_argument
@json_option
@pass_invocation
def cancel(invocation: Invocation, job_id: str) -> int:
    """Call a job back that no provider has taken yet.

    It costs a transaction; afterwards nobody can make a deal of the job's offer. If there is a deal already, this says
    what still can be done, and ends with exit code 3.
    """
    from lilypad.agents.creator.cancelling import Outcome
    from lilypad.cli import session

    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            job = lily.jobs.find(job_id)
            done = await lily.cancel(job)
        _show(invocation, job, done)
        return REJECTED if done.outcome is Outcome.TOO_LATE else 0

    return session.run(work())


def _show(invocation: Invocation, job: Job, done: Cancellation) -> None:
    from lilypad.agents.creator.cancelling import Outcome
    from lilypad.cli.documents import dump, time_document

    late = why_too_late(job.id, done.deal) if done.deal is not None else None
    document: dict[str, Any] = {
        "job": job.id,
        "outcome": str(done.outcome),
        "deal": "0x" + done.deal.id.hex() if done.deal else None,
        "state": done.deal.status.name.lower() if done.deal else None,
        "until": time_document(_deadline(done)),
        "hint": late,
        "transaction": "0x" + done.receipt.tx_hash.hex() if done.receipt else None,
        "marketKnows": done.market_knows,
    }
    if invocation.json:
        click.echo(dump(document))
    elif late is not None:
        click.echo(f"lilypad: the job cannot be cancelled: {late}{_by(document)}", err=True)
    else:
        click.echo(f"job {job.id[:SHORT]}: {_words(job, done)}")
    if done.outcome is Outcome.CANCELLED and not done.market_knows:
        click.echo("lilypad: the market does not answer; it learns it from the chain", err=True)


def _words(job: Job, done: Cancellation) -> str:
    from lilypad.agents.creator.cancelling import Outcome

    if done.outcome is Outcome.EXPIRED:
        ago = int(time.time() - job.signed.offer.expiry)
        return f"its offer expired {ago} s ago and nobody took it; there is nothing to cancel"
    if done.outcome is Outcome.ALREADY:
        return "was cancelled already"
    assert done.receipt is not None  # noqa: S101 - what was cancelled has one
    return f"cancelled in tx 0x{done.receipt.tx_hash.hex()}; nothing was spent on it but gas"


def _deadline(done: Cancellation) -> int | None:
    from lilypad.protocol.deal import deadline

    return deadline(done.deal) if done.deal is not None else None


def _by(document: dict[str, Any]) -> str:
    from lilypad.cli.render import local_time

    until = local_time(document["until"])
    return f" (until {until})" if until else ""
