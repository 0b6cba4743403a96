"""`lilypad jobs`, `status`, `result` and `resume`: what became of what was asked for."""

from __future__ import annotations

import time
from pathlib import Path

import click

from lilypad.cli.options import Invocation, check_output, json_option, output_option, pass_invocation
from lilypad.errors import OfferInvalidError, RecoverableError


@click.command()
@json_option
@pass_invocation
def jobs(invocation: Invocation) -> int:
    """List this account's jobs, the newest first."""
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, job_document

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            found = archive.jobs.all()
            standings = await archive.standings(found)
        now = time.time()
        documents = [job_document(job, standings.get(job.id), now) for job in found]
        if invocation.json:
            click.echo(dump({"jobs": documents}))
        elif documents:
            render.jobs_table(documents, [now - job.created for job in found])
        else:
            click.echo("No jobs yet. Start one with: lilypad run cowsay -i Message=hello", err=True)
        return 0

    return session.run(work())


@click.command()
@click.argument("id")
@json_option
@pass_invocation
def status(invocation: Invocation, id: str) -> int:
    """Show where a job stands. ID is the beginning of a job's or a deal's id."""
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, job_document

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            job = archive.jobs.find(id)
            standing = (await archive.standings([job])).get(job.id)
        document = job_document(job, standing, time.time())
        if invocation.json:
            click.echo(dump(document))
        else:
            render.summary(document)
        return 0

    return session.run(work())


@click.command()
@click.argument("id")
@output_option
@json_option
@pass_invocation
def result(invocation: Invocation, id: str, output: Path | None) -> int:
    """Print a job's result again, fetched and checked if need be.

    Looks only: a result that is not paid for yet is accepted by `lilypad resume`.
    """
    from lilypad.cli import session
    from lilypad.cli.run import deliver

    output = check_output(output)
    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            job = archive.jobs.find(id)
            standing = (await archive.standings([job])).get(job.id)
            if standing is None and job.signed.offer.expiry < time.time():
                raise OfferInvalidError("no provider took the job before its offer expired", job=job.id)
            if standing is None:
                hint = f"the job has no deal yet; go on with `lilypad resume {job.id[:12]}`"
                raise RecoverableError(hint, job=job.id)
            deal = standing.deal
            if deal.claim is None and not deal.status.is_end:
                raise RecoverableError("the provider has no result yet", job=job.id, status=deal.status.name.lower())
            found = await archive.result(job, deal) if deal.claim is not None else None
            return deliver(invocation, job, standing, found, output)

    return session.run(work())


@click.command()
@click.argument("id")
@output_option
@json_option
@pass_invocation
def resume(invocation: Invocation, id: str, output: Path | None) -> int:
    """Take up a job whose command ended before the job did."""
    from lilypad.cli import session
    from lilypad.cli.run import follow_job

    output = check_output(output)
    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            return await follow_job(lily, invocation, lily.jobs.find(id), output)

    return session.run(work())
