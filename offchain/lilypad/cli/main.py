"""The `lilypad` command. Parse, call, render: nothing heavy is imported before it is known what is wanted."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import click

from lilypad.cli.cancel import cancel
from lilypad.cli.cases import appeal, case, cases, challenge
from lilypad.cli.completion import completion
from lilypad.cli.config import config
from lilypad.cli.doctor import doctor
from lilypad.cli.failures import EXIT_CODES, Interrupted, cause_of, exit_code, show_failure, show_usage
from lilypad.cli.jobs import announce, jobs, resume, status
from lilypad.cli.logs import logs
from lilypad.cli.mediator import mediator
from lilypad.cli.modules import modules
from lilypad.cli.options import Invocation, pass_invocation
from lilypad.cli.provider import provider, solver
from lilypad.cli.result import result
from lilypad.cli.run import run
from lilypad.cli.up import up
from lilypad.cli.wallet import wallet
from lilypad.cli.watcher import watcher
from lilypad.logs import LEVELS

BROKEN_PIPE = 141


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EXIT_CODES)
@click.version_option(package_name="lilypad", message="%(prog)s %(version)s")
@click.option("--log-level", type=click.Choice(LEVELS), help="What to log, on stderr.")
@click.option("--log-json/--log-text", default=None, help="JSON or lines; by default lines on a terminal.")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@pass_invocation
def cli(invocation: Invocation, log_level: str | None, log_json: bool | None, debug: bool) -> None:
    """Lilypad: compute that proves itself.

    Start a network of your own with `lilypad up`, then `lilypad run cowsay -i Message=hello` in another terminal.
    Settings are environment variables LILYPAD_*, or lines of a file: see `lilypad config`.
    """
    invocation.log_level, invocation.log_json, invocation.debug = log_level, log_json, debug


JOBS = (run, jobs, status, logs, cancel, result, resume, announce)
DISPUTES = (challenge, appeal, cases, case)
MACHINERY = (up, wallet, provider, solver, mediator, watcher, modules, config, doctor, completion)
for command in (*JOBS, *DISPUTES, *MACHINERY):
    cli.add_command(command)


def call(arguments: list[str]) -> int:
    """One command; what it returns is the process's exit code."""
    invocation = Invocation()
    try:
        outcome: Any = cli.main(arguments, prog_name="lilypad", standalone_mode=False, obj=invocation)
        return outcome if isinstance(outcome, int) else 0
    except click.ClickException as error:
        show_usage(error, as_json="--json" in arguments)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("lilypad: interrupted", err=True)
        return 130
    except BrokenPipeError:
        return BROKEN_PIPE
    except Exception as error:
        cause = cause_of(error)
        if invocation.debug and not isinstance(cause, Interrupted):
            traceback.print_exception(error)
        show_failure(cause, invocation)
        return exit_code(cause)


def main() -> None:
    sys.exit(call(sys.argv[1:]))


if __name__ == "__main__":
    main()
