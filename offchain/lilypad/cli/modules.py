"""`lilypad modules`: what can be run, and what it takes."""

from __future__ import annotations

import click

from lilypad.cli.completion import complete_module
from lilypad.cli.options import Invocation, json_option, pass_invocation


@click.group()
def modules() -> None:
    """The modules on this machine."""


@modules.command("list")
@json_option
@pass_invocation
def list_modules(invocation: Invocation) -> None:
    """List them."""
    from lilypad.agents.packages import Packages
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, module_document

    settings = session.start(invocation)
    documents = [module_document(p) for p in sorted(Packages(settings.modules), key=lambda p: p.manifest.name)]
    if invocation.json:
        click.echo(dump({"modules": documents}))
    else:
        render.modules_table(documents)


@modules.command()
@click.argument("name", shell_complete=complete_module)
@json_option
@pass_invocation
def info(invocation: Invocation, name: str) -> None:
    """Show one: its inputs, its budget, its digest."""
    from lilypad.agents.packages import Packages
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, module_document

    settings = session.start(invocation)
    packages = Packages(settings.modules)
    document = module_document(next((p for p in packages if p.manifest.name == name), None) or packages.named(name))
    if invocation.json:
        click.echo(dump(document))
    else:
        render.module_page(document, settings.price_per_instruction)
