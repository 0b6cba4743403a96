"""Shell completion: click's script with the line that installs it, and the words that only this machine knows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")
INSTALL = {
    "bash": """echo 'eval "$(lilypad completion bash)"' >> ~/.bashrc""",
    "zsh": """echo 'eval "$(lilypad completion zsh)"' >> ~/.zshrc   # below compinit""",
    "fish": "lilypad completion fish > ~/.config/fish/completions/lilypad.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print what makes a shell complete this command.

    Without SHELL for the one you use.

    \b
    bash  echo 'eval "$(lilypad completion bash)"' >> ~/.bashrc
    zsh   echo 'eval "$(lilypad completion zsh)"' >> ~/.zshrc
    fish  lilypad completion fish > ~/.config/fish/completions/lilypad.fish
    """
    from click.shell_completion import get_completion_class

    shell = shell or Path(os.environ.get("SHELL", "")).name
    complete = get_completion_class(shell)
    if shell not in SHELLS or complete is None:
        raise click.UsageError(f"say which shell: {', '.join(SHELLS)}.")
    click.echo(f"# To have it in every new {shell}:\n#   {INSTALL[shell]}")
    click.echo(complete(context.find_root().command, {}, "lilypad", "_LILYPAD_COMPLETE").source())


def complete_job(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of this machine's jobs, whoever's they are; reads names of folders alone."""
    folder = _settings_data() / "creator"
    return _items((path.name[:12] for path in folder.glob("*/*/jobs/*") if path.is_dir()), incomplete)


def complete_module(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from lilypad.settings import Settings

    folders = Settings.from_environment().modules
    return _items((file.parent.name for folder in folders for file in folder.glob("*/module.toml")), incomplete)


def complete_setting(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from lilypad.settings import Settings

    return _items(Settings.model_fields, incomplete)


def _settings_data() -> Path:
    from lilypad.settings import Settings

    return Settings.from_environment().data


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in sorted({*words}) if word.startswith(incomplete)]
