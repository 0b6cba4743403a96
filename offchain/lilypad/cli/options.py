"""What several commands take, and what the whole command was called with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lilypad.cli.amounts import parse_lily, parse_price
from lilypad.cli.completion import complete_job

Command = Callable[..., Any]


@dataclass(slots=True)
class Invocation:
    """The options of `lilypad` itself; click's context object."""

    debug: bool = False
    log_level: str | None = None
    log_json: bool | None = None
    json: bool = False
    """The command was asked for one JSON document."""


class Amount(click.ParamType):
    """A positive amount of LILY, as wei."""

    name = "LILY"

    def __init__(self, parse: Callable[[str], int] = parse_lily) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            wei = self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if wei == 0:
            self.fail("must be more than nothing", param, ctx)
        return wei


class Size(click.ParamType):
    """An amount of memory or disk, as MiB."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?) ?(MiB|GiB)", str(value))
        if found is None:
            self.fail(f"{value!r} is not a size; write it like 512MiB or 7.5GiB", param, ctx)
        return int(float(found[1]) * (1024 if found[2] == "GiB" else 1))


class Cores(click.ParamType):
    """Processor cores, as thousandths."""

    name = "CORES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"\d{1,5}(\.\d{1,3})?", str(value)):
            self.fail(f"{value!r} is not a number of cores; write it like 4 or 1.5", param, ctx)
        return round(float(value) * 1000)


LILY = Amount()
PRICE = Amount(parse_price)


def _remember_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.ensure_object(Invocation).json = value


json_option: Callable[[Command], Command] = click.option(
    "--json", is_flag=True, expose_value=False, callback=_remember_json, help="Print one JSON document on stdout."
)
output_option: Callable[[Command], Command] = click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Copy the result there: stdout, stderr, exitCode and outputs/. Must be empty or new.",
)
inputs_option: Callable[[Command], Command] = click.option(
    "-i",
    "--input",
    "inputs",
    multiple=True,
    metavar="KEY=VALUE",
    help="An input of the module; KEY=@FILE where it takes a file. Again for each one.",
)
check_option: Callable[[Command], Command] = click.option(
    "--check",
    type=click.Choice(["never", "sometimes", "always", "rerun"]),
    default="never",
    show_default=True,
    help="Before paying: let mediators run the job again; or run it here, and challenge what differs.",
)
job_argument: Callable[[Command], Command] = click.argument("job_id", metavar="JOB", shell_complete=complete_job)
pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def split_inputs(given: tuple[str, ...]) -> dict[str, str]:
    """
    Raises:
        click.UsageError: no `=`, or an input twice.
    """
    texts: dict[str, str] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-i takes KEY=VALUE, not {item!r}.")
        if name in texts:
            raise click.UsageError(f"the input {name!r} is given twice.")
        texts[name] = text
    return texts


def check_output(output: Path | None, option: str = "--output") -> Path | None:
    """Before anything is spent: is this a place to write to?"""
    if output is not None and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise click.UsageError(f"{option} {output}: must be an empty or a new folder.")
    return output
