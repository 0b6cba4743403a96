"""`lilypad config`: the settings that hold, where each comes from, and the file that keeps them."""

from __future__ import annotations

import click

from lilypad.cli.completion import complete_setting
from lilypad.cli.options import Invocation, json_option, pass_invocation

name_argument = click.argument("name", shell_complete=complete_setting)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def config(context: click.Context) -> None:
    """Show the settings, and where each comes from.

    With a command: read or write one in the settings file. The environment counts more than the file, the file more
    than the default. NAME is like rpc or LILYPAD_RPC.
    """
    if context.invoked_subcommand is None:
        _show(context.ensure_object(Invocation))


@config.command()
@name_argument
@json_option
@pass_invocation
def get(invocation: Invocation, name: str) -> None:
    """Print one setting."""
    from lilypad.agents.configuration import effective, name_of
    from lilypad.cli import session
    from lilypad.cli.documents import dump, setting_document

    wanted = name_of(name)
    (found,) = [each for each in effective(session.start(invocation)) if each.name == wanted]
    click.echo(dump(setting_document(found)) if invocation.json else found.value)


@config.command("set")
@name_argument
@click.argument("value")
@json_option
@pass_invocation
def set_(invocation: Invocation, name: str, value: str) -> None:
    """Keep a setting in the settings file. Lists are written with commas, amounts in wei."""
    from lilypad.agents.configuration import is_overridden, name_of, set_setting
    from lilypad.cli.documents import dump, setting_document

    wanted = name_of(name)
    written = set_setting(wanted, value)
    if invocation.json:
        click.echo(dump(setting_document(written)))
    else:
        click.echo(f"{written.variable}={written.value} in {written.source}")
    if is_overridden(wanted):
        click.echo(f"lilypad: {written.variable} in the environment counts more", err=True)


@config.command()
@name_argument
@json_option
@pass_invocation
def unset(invocation: Invocation, name: str) -> None:
    """Take a setting out of the settings file, so that the default holds again."""
    from lilypad.agents.configuration import name_of, unset_setting
    from lilypad.cli.documents import dump
    from lilypad.settings import settings_file

    wanted = name_of(name)
    was_there = unset_setting(wanted)
    if invocation.json:
        click.echo(dump({"name": wanted, "removed": was_there}))
    else:
        click.echo(f"{wanted} {'is no longer' if was_there else 'was not'} in {settings_file()}")


@config.command()
@json_option
@pass_invocation
def path(invocation: Invocation) -> None:
    """Print where the settings file is, or would be. LILYPAD_ENV_FILE names another one."""
    from lilypad.cli.documents import dump
    from lilypad.settings import settings_file

    file = settings_file()
    click.echo(dump({"file": str(file), "exists": file.is_file()}) if invocation.json else str(file))


def _show(invocation: Invocation) -> None:
    from lilypad.agents.configuration import effective, unknown_variables
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, setting_document
    from lilypad.settings import settings_file

    documents = [setting_document(each) for each in effective(session.start(invocation))]
    unknown, file = unknown_variables(), settings_file()
    if invocation.json:
        click.echo(dump({"file": str(file), "exists": file.is_file(), "settings": documents, "unknown": unknown}))
        return
    hint = "" if file.is_file() else "  (not there yet; `lilypad config set` makes it)"
    render.pairs([("file", f"{file}{hint}")])
    click.echo()
    render.table(("setting", "value", "from"), [(d["name"], d["value"], d["source"]) for d in documents])
    for name in unknown:
        click.echo(f"lilypad: {name} in the environment is no setting; nobody reads it", err=True)
