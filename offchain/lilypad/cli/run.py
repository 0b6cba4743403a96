"""`lilypad run`: one job, watched from the offer to the checked and paid result."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.completion import complete_module
from lilypad.cli.failures import NO_RESULT, OUT_OF_BUDGET, exit_code_of_module
from lilypad.cli.options import (
    LILY,
    Invocation,
    check_option,
    check_output,
    inputs_option,
    json_option,
    output_option,
    pass_invocation,
    split_inputs,
)
from lilypad.cli.words import SHORT
from lilypad.errors import RecoverableError

if TYPE_CHECKING:
    from lilypad.agents.creator.api import Lilypad
    from lilypad.agents.creator.archive import Standing
    from lilypad.agents.creator.job_offers import JobOptions
    from lilypad.agents.creator.jobs import Job
    from lilypad.agents.work.fetching import JobResult
    from lilypad.agents.work.packages import Package


@click.command()
@click.argument("module", shell_complete=complete_module)
@inputs_option
@click.option("--max-cost", type=LILY, help="The most it may cost; fixes the instruction limit too.")
@output_option
@check_option
@click.option("--check-probability", type=click.FloatRange(0, 1), help="With --check sometimes: how often.")
@click.option("--detach", is_flag=True, help="Do not wait; `lilypad resume` fetches, checks and pays later.")
@json_option
@pass_invocation
def run(
    invocation: Invocation,
    module: str,
    inputs: tuple[str, ...],
    max_cost: int | None,
    output: Path | None,
    check: str,
    check_probability: float | None,
    detach: bool,
) -> int:
    """Run a MODULE on the network and wait for its checked result.

    On stdout: what the module printed, then a summary. Everything else goes to stderr.
    """
    from lilypad.cli import session

    texts, output = split_inputs(inputs), check_output(output)
    if detach and output is not None:
        raise click.UsageError("--detach does not wait for an output; give --output to `lilypad resume`.")
    if check_probability is not None and check != "sometimes":
        raise click.UsageError("--check-probability belongs to --check sometimes.")
    settings = session.start(invocation)
    from lilypad.agents.creator.disputing import Check, CheckPolicy
    from lilypad.agents.creator.job_offers import JobOptions
    from lilypad.agents.work.packages import Packages

    values = read_inputs(Packages(settings.modules).named(module), texts)
    account = session.open_account(settings)
    options = JobOptions(payment_ceiling=max_cost, policy=CheckPolicy(Check(check), check_probability))

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            return await run_job(lily, invocation, module, values, options, output, detach=detach)

    return session.run(work())


def read_inputs(package: Package, texts: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as what the module takes; `@FILE` where it takes a file."""
    from lilypad.modules.inputs import input_from_text
    from lilypad.modules.manifest import InputType

    files = {definition.name for definition in package.manifest.inputs if definition.type is InputType.FILE}
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in files:
            values[name] = input_from_text(package.manifest, name, text)
            continue
        path = Path(text.removeprefix("@"))
        if not text.startswith("@") or not path.is_file():
            what = "there is no such file" if text.startswith("@") else "it is a file"
            raise click.UsageError(f"the input {name!r}: {what}; write -i {name}=@PATH.")
        values[name] = path.absolute()
    return values


async def run_job(
    lily: Lilypad,
    invocation: Invocation,
    module: str,
    values: Mapping[str, Any],
    options: JobOptions,
    output: Path | None,
    *,
    detach: bool = False,
) -> int:
    """From the wish to the exit code."""
    from lilypad.cli import render
    from lilypad.cli.background import leave_running
    from lilypad.cli.documents import dump, job_document

    job = await lily.submit(module, values, options)
    if not detach:
        return await follow_job(lily, invocation, job, output)
    try:
        await lily.announce(job)
    except RecoverableError:
        click.echo(f"lilypad: the job is signed, but not out; `lilypad resume {job.id[:SHORT]}` announces it", err=True)
        raise
    leave_running(["announce", job.id], lily.jobs.path(job.id) / "announce.log")
    document = job_document(job, None, time.time())
    click.echo(dump(document) if invocation.json else render.detached(document))
    return 0


async def follow_job(lily: Lilypad, invocation: Invocation, job: Job, output: Path | None) -> int:
    """Carries a job on to its end, shows how far it is, then what came of it."""
    import asyncio

    from lilypad.agents.creator.archive import find_standings
    from lilypad.cli import render

    result: JobResult | None = None
    try:
        with render.Steps() as steps:
            async for progress in lily.follow(job):
                steps.reached(progress)
                result = progress.result
    except (asyncio.CancelledError, RecoverableError):
        click.echo(f"lilypad: the job goes on; take it up again with `lilypad resume {job.id[:SHORT]}`", err=True)
        raise
    standing = (await find_standings(lily.actor, [job])).get(job.id)
    return deliver(invocation, job, standing, result, output)


def deliver(
    invocation: Invocation, job: Job, standing: Standing | None, result: JobResult | None, output: Path | None
) -> int:
    """Prints a job that has ended; the exit code says how."""
    from lilypad.cli import render
    from lilypad.cli.documents import dump, job_document

    if result is not None and output is not None:
        shutil.copytree(result.folder, output, dirs_exist_ok=True)
    document = job_document(job, standing, time.time(), result, output)
    if invocation.json:
        click.echo(dump(document))
    else:
        if result is not None:
            render.module_output(result.stdout, result.stderr)
            click.echo()
        render.summary(document)
    if result is None or document["state"] in ("rejected", "undecided"):
        return NO_RESULT
    code = exit_code_of_module(result.exit_status)
    if code == OUT_OF_BUDGET:
        click.echo("lilypad: the module reached its instruction limit; a higher --max-cost raises it", err=True)
    return code
