"""`lilypad challenge`, `appeal`, `cases` and `case`: results that somebody doubts, and what mediators say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lilypad.cli.completion import complete_job
from lilypad.cli.options import Invocation, json_option, pass_invocation
from lilypad.errors import FaultError

if TYPE_CHECKING:
    from lilypad.agents.creator.api import Lilypad
    from lilypad.agents.creator.jobs import JobFolder
    from lilypad.protocol.deal import Deal

WHOLE_ID = 64
"""Digits of a deal's id."""


@click.command()
@click.argument("job_id", metavar="JOB", shell_complete=complete_job)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_invocation
def challenge(invocation: Invocation, job_id: str, yes: bool) -> int:
    """Doubt the result of a JOB: drawn mediators run it again, and the money follows what they find.

    JOB is the beginning of a job's or a deal's id, or the whole id of anybody's deal: whoever catches a wrong result
    earns a share of the provider's collateral. Whoever is wrong pays the mediators and loses half of the bond.
    """
    from lilypad.agents.court import CourtRoom
    from lilypad.cli import session
    from lilypad.cli.amounts import amount_document, format_lily
    from lilypad.cli.documents import dump

    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            deal = await _deal_of(lily, job_id)
            CourtRoom(lily.actor)
            fee, bond = await lily.actor.quote(deal.agreement.verification)
            price = f"{format_lily(fee)} LILY for the mediators, and {format_lily(bond)} LILY as a bond"
            if not yes and not invocation.json:
                click.confirm(f"This locks {price}. Challenge the result?", abort=True, err=True)
            receipt = await lily.challenge(deal)
        id_, tx = "0x" + deal.id.hex(), "0x" + receipt.tx_hash.hex()
        if invocation.json:
            prices = {"fee": amount_document(fee), "bond": amount_document(bond)}
            click.echo(dump({"case": id_, **prices, "transaction": tx}))
        else:
            click.echo(f"case {id_}\nlocked {price}\nSee how far it is with: lilypad case {id_[:14]}")
        return 0

    return session.run(work())


async def _deal_of(lily: Lilypad, job_id: str) -> Deal:
    """Of an own job, or anybody's by its whole id."""
    from lilypad.agents.books.casework import find_deal
    from lilypad.agents.creator.archive import find_standings
    from lilypad.types import DealId

    digits = job_id.lower().removeprefix("0x")
    try:
        job = lily.jobs.find(job_id)
    except FaultError:
        if len(digits) != WHOLE_ID or any(c not in "0123456789abcdef" for c in digits):
            raise
        return await find_deal(lily.actor, DealId(bytes.fromhex(digits)))
    standing = (await find_standings(lily.actor, [job])).get(job.id)
    if standing is None:
        raise FaultError("nothing can be challenged: no provider has taken this job yet", job=job.id)
    return standing.deal


@click.command()
@click.argument("case_id", metavar="CASE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_invocation
def appeal(invocation: Invocation, case_id: str, yes: bool) -> int:
    """Have a ruling looked at again, by twice as many mediators and one more. CASE is the beginning of its deal's id.

    Anybody may, in the appeal window. Whose appeal turns the ruling has all back; else it has paid the mediators, and
    part of the bond is burned.
    """
    from lilypad.agents.appealing import appeal as have_appealed
    from lilypad.agents.appealing import require_appealable
    from lilypad.agents.books.casework import find_cases, pick_case
    from lilypad.agents.court import CourtActor
    from lilypad.cli import session
    from lilypad.cli.amounts import amount_document, format_lily
    from lilypad.cli.documents import dump
    from lilypad.protocol.mediation import appeal_price

    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            court = CourtActor(lily.actor)
            wanted = _of_own_job(lily.jobs, case_id)
            found = pick_case(await find_cases(lily.actor, settings.confirmations), wanted).case
            require_appealable(found, await court.now())
            price = appeal_price(found.docket)
            if not yes and not invocation.json:
                click.confirm(f"This locks {format_lily(price)} LILY. Appeal the ruling?", abort=True, err=True)
            receipt = await have_appealed(court, found)
        id_, tx = "0x" + found.id.hex(), "0x" + receipt.tx_hash.hex()
        if invocation.json:
            document = {"case": id_, "round": found.docket.stage.round + 1, "locked": amount_document(price)}
            click.echo(dump({**document, "transaction": tx}))
        else:
            click.echo(f"case {id_}\nlocked {format_lily(price)} LILY\nSee how far it is with: lilypad case {id_[:14]}")
        return 0

    return session.run(work())


@click.command()
@json_option
@pass_invocation
def cases(invocation: Invocation) -> int:
    """List the results that were challenged on this network, the newest first."""
    from lilypad.agents.books.casework import find_cases
    from lilypad.cli import case_pages, session
    from lilypad.cli.documents import dump

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            found = await find_cases(archive.network, settings.confirmations)
        documents = [case_pages.case_document(dispute) for dispute in reversed(found)]
        if invocation.json:
            click.echo(dump({"cases": documents}))
        elif documents:
            case_pages.cases_table(documents)
        else:
            click.echo("Nobody has challenged a result on this network.", err=True)
        return 0

    return session.run(work())


@click.command()
@click.argument("case_id", metavar="CASE")
@json_option
@pass_invocation
def case(invocation: Invocation, case_id: str) -> int:
    """Show one: who is drawn, who has voted, what was found. CASE is the beginning of its deal's id."""
    from lilypad.agents.books.casework import find_cases, pick_case
    from lilypad.cli import case_pages, session
    from lilypad.cli.documents import dump

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            wanted = _of_own_job(archive.jobs, case_id)
            dispute = pick_case(await find_cases(archive.network, settings.confirmations), wanted)
        document = case_pages.case_document(dispute)
        click.echo(dump(document)) if invocation.json else case_pages.case_page(document)
        return 0

    return session.run(work())


def _of_own_job(jobs: JobFolder, prefix: str) -> str:
    """A job's id stands for its deal's."""
    try:
        return jobs.find(prefix).deal or prefix
    except FaultError:
        return prefix
