"""Puts the inputs of a job into the command of a module."""

from __future__ import annotations

from collections.abc import Mapping

from lilypad.modules.manifest import InputType, Manifest
from lilypad.modules.tables import fail
from lilypad.modules.template import Template

MAX_ARGUMENT_BYTES = 128 * 1024 - 1
"""What Linux allows for one argument."""
MAX_COMMAND_BYTES = 1 << 20

Argv = tuple[str, ...]
Env = tuple[tuple[str, str], ...]


def fill_command(manifest: Manifest, texts: Mapping[str, str]) -> tuple[Argv, Env]:
    """argv and env. Raises ModuleInvalidError where a value would be taken for a flag."""
    argv = tuple(
        _fill_argument(manifest, argument, texts)
        for group in manifest.command.argv
        if _is_given(group, texts)
        for argument in group
    )
    env = tuple(
        (name, value.fill(texts.__getitem__)) for name, value in manifest.command.env if _is_given((value,), texts)
    )
    sizes = [len(text.encode()) for text in (*argv, *(f"{name}={value}" for name, value in env))]
    if max(sizes, default=0) > MAX_ARGUMENT_BYTES or sum(sizes) > MAX_COMMAND_BYTES:
        fail("inputs", "are too long for a command line; the module should take a file instead.")
    return argv, env


def _is_given(group: tuple[Template, ...], texts: Mapping[str, str]) -> bool:
    """A group of arguments (or a variable) is left out when an optional input that it names is absent."""
    return all(argument.inputs <= texts.keys() for argument in group)


def _fill_argument(manifest: Manifest, argument: Template, texts: Mapping[str, str]) -> str:
    filled = argument.fill(texts.__getitem__)
    first = argument.first_filled(texts.__getitem__)
    if filled.startswith("-") and first is not None:
        definition = manifest.input(first)
        is_authors_text = definition.type is InputType.CHOICE
        if not definition.allow_leading_dash and not is_authors_text:
            fail(
                f"inputs.{first}",
                f"begins with '-', so that the module could take it for a flag ({filled[:40]!r}). "
                "Only a manifest that says allow_leading_dash = true lets it through.",
            )
    return filled
