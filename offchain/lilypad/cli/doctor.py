"""`lilypad doctor`: what is well here, what is not, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lilypad.cli.failures import FAULT, printable
from lilypad.cli.options import Invocation, json_option, pass_invocation

if TYPE_CHECKING:
    from lilypad.doctor.findings import Finding
    from lilypad.errors import LilypadError
    from lilypad.settings import Settings
    from lilypad.types import Address

COLOURS = {"ok": "green", "warning": "yellow", "broken": "red"}


@click.command()
@json_option
@pass_invocation
def doctor(invocation: Invocation) -> int:
    """Examine this machine and its network; say what to fix. Exits with 5 if something is broken.

    Changes nothing and sends nothing to the chain.
    """
    from lilypad.cli import session
    from lilypad.cli.documents import dump
    from lilypad.doctor.examine import examine, is_well

    settings = session.start(invocation, "error")
    found: list[Finding] = []

    async def work() -> int:
        found.extend(await examine(settings, _account(settings)))
        return 0 if is_well(found) else FAULT

    code = session.run(work())
    if invocation.json:
        click.echo(dump({"well": code == 0, "findings": [finding.document() for finding in found]}))
    else:
        _show(found)
    return code


def _account(settings: Settings) -> Address | LilypadError:
    from lilypad.cli import session
    from lilypad.errors import LilypadError

    try:
        return session.account_address(settings)
    except LilypadError as error:
        return error


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        level = click.style(f"{finding.level.value:<8}", fg=COLOURS[finding.level.value])
        click.echo(f"{level} {finding.check:<12} {printable(finding.text)}")
        if finding.fix:
            click.echo(f"{'':22}-> {printable(finding.fix)}")
    counts = {name: sum(finding.level.value == name for finding in findings) for name in COLOURS}
    click.echo(f"\n{', '.join(f'{number} {name}' for name, number in counts.items())}")
