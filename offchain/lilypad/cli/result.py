"""`lilypad result`: what came of a job, as often as you like; or any result by its CID."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.options import Invocation, check_output, job_argument, json_option, output_option, pass_invocation
from lilypad.cli.words import SHORT
from lilypad.errors import OfferInvalidError, RecoverableError

if TYPE_CHECKING:
    from lilypad.agents.creator.archive import Archive

CID_BEGINNINGS = ("bafy", "bafk")
"""No id in hexadecimal begins so."""


@click.command()
@job_argument
@output_option
@click.option("--again", is_flag=True, help="Fetch it from the provider even if it is on this machine.")
@click.option("--from", "servers", multiple=True, metavar="URL", help="With a CID: ask this agent first. Repeatable.")
@json_option
@pass_invocation
def result(invocation: Invocation, job_id: str, output: Path | None, again: bool, servers: tuple[str, ...]) -> int:
    """Print a job's result again.

    Fetched if it is not on this machine, and checked in any case. JOB may be the CID of a result too. Looks only: a
    result that is not paid for yet is accepted by `lilypad resume`.
    """
    from lilypad.cli import session

    output = check_output(output)
    by_cid = job_id.startswith(CID_BEGINNINGS)
    if (servers and not by_cid) or (again and by_cid):
        raise click.UsageError("--from belongs to a CID, --again to a job.")
    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            if by_cid:
                return await _by_cid(invocation, archive, job_id, output, servers)
            return await _of_job(invocation, archive, job_id, output, again=again)

    return session.run(work())


async def _of_job(invocation: Invocation, archive: Archive, job_id: str, output: Path | None, *, again: bool) -> int:
    from lilypad.cli.run import deliver

    job = archive.jobs.find(job_id)
    standing = (await archive.standings([job])).get(job.id)
    if standing is None and job.cancelled:
        raise OfferInvalidError("the job was cancelled before a provider took it", job=job.id)
    if standing is None and job.signed.offer.expiry < time.time():
        raise OfferInvalidError("no provider took the job before its offer expired", job=job.id)
    if standing is None:
        hint = f"the job has no deal yet; go on with `lilypad resume {job.id[:SHORT]}`"
        raise RecoverableError(hint, job=job.id)
    deal = standing.deal
    if deal.claim is None and not deal.status.is_end:
        hint = f"the provider has no result yet; see what it prints with `lilypad logs -f {job.id[:SHORT]}`"
        raise RecoverableError(hint, job=job.id, status=deal.status.name.lower())
    found = await archive.result(job, deal, again=again) if deal.claim is not None else None
    return deliver(invocation, job, standing, found, output)


async def _by_cid(
    invocation: Invocation, archive: Archive, text: str, output: Path | None, servers: tuple[str, ...]
) -> int:
    from lilypad.cli import render
    from lilypad.cli.documents import dump
    from lilypad.cli.failures import exit_code_of_module
    from lilypad.store.cid import Cid

    cid = Cid.parse(text)
    folder = archive.folder / "content" / str(cid)
    await archive.content(cid, folder, servers)
    if output is not None:
        shutil.copytree(folder, output, dirs_exist_ok=True)
    files = {name: folder / name for name in ("stdout", "stderr", "exitCode")}
    document: dict[str, Any] = {"cid": str(cid), "output": str(output or folder)}
    is_result = all(file.is_file() for file in files.values()) and _EXIT.fullmatch(files["exitCode"].read_bytes())
    if is_result:
        document["exitStatus"] = status = int(files["exitCode"].read_text())
        document |= {name: files[name].read_text(errors="replace") for name in ("stdout", "stderr")}
    if invocation.json:
        click.echo(dump(document))
    else:
        if is_result:
            render.module_output(files["stdout"].read_bytes(), files["stderr"].read_bytes())
            click.echo()
        render.pairs([(name, document.get(key)) for name, key in _ROWS])
    return exit_code_of_module(status) if is_result else 0


_EXIT = re.compile(rb"[0-9]{1,3}\n")
_ROWS = (("CID", "cid"), ("exit status", "exitStatus"), ("output", "output"))
