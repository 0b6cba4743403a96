"""`lilypad jobs`, `status` and `resume`: what became of what was asked for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lilypad.cli.options import Invocation, check_output, job_argument, json_option, output_option, pass_invocation

if TYPE_CHECKING:
    from lilypad.agents.creator.archive import Archive


@click.command()
@click.option("--prune", type=click.FloatRange(0), metavar="DAYS", help="Remove those that ended longer ago, first.")
@json_option
@pass_invocation
def jobs(invocation: Invocation, prune: float | None) -> int:
    """List this account's jobs, the newest first."""
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, job_document

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            if prune is not None:
                await _prune(archive, prune)
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


async def _prune(archive: Archive, days: float) -> None:
    from lilypad.agents.creator.pruning import prune
    from lilypad.cli.amounts import format_bytes

    gone = await prune(archive, days)
    removed = f"{len(gone.jobs)} jobs with their outputs, and {format_bytes(gone.freed)} of content"
    click.echo(f"lilypad: removed {removed}", err=True)


@click.command()
@job_argument
@json_option
@pass_invocation
def status(invocation: Invocation, job_id: str) -> int:
    """Show where a job stands. JOB is the beginning of a job's or a deal's id."""
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, job_document

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            job = archive.jobs.find(job_id)
            standing = (await archive.standings([job])).get(job.id)
        document = job_document(job, standing, time.time())
        if invocation.json:
            click.echo(dump(document))
        else:
            render.summary(document)
        return 0

    return session.run(work())


@click.command()
@job_argument
@output_option
@json_option
@pass_invocation
def resume(invocation: Invocation, job_id: str, output: Path | None) -> int:
    """Take up a job whose command ended before the job did.

    From wherever it stands: announces its offer again, waits, fetches, checks and pays.
    """
    from lilypad.cli import session
    from lilypad.cli.run import follow_job

    output = check_output(output)
    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            return await follow_job(lily, invocation, lily.jobs.find(job_id), output)

    return session.run(work())


@click.command(hidden=True)
@job_argument
@pass_invocation
def announce(invocation: Invocation, job_id: str) -> int:
    """Keep a job's offer with the market until a provider takes it: what `run --detach` leaves in the background."""
    from lilypad.cli import session

    settings = session.start(invocation, "info")

    async def work() -> int:
        import aiohttp

        from lilypad.agents.creator.keeping import keep_announced

        async with aiohttp.ClientSession() as http:
            why = await keep_announced(settings, session.account_address(settings), job_id, http)
        click.echo(f"lilypad: no longer announced: {why}", err=True)
        return 0

    return session.run(work())
