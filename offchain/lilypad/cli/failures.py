"""How a command ends when it does not succeed: a line or two on stderr, and an exit code that a script can read."""

from __future__ import annotations

import errno
import json
import signal
import sqlite3

import click

from lilypad.cli.amounts import format_lily
from lilypad.cli.options import Invocation
from lilypad.errors import (
    ChainUnavailableError,
    FaultError,
    LilypadError,
    RecoverableError,
    RejectedError,
    TransactionRevertedError,
)

EXIT_CODES = """\b
Exit codes:
  0       all is well
  1..123  the module's own exit code (run, resume, result JOB, up --run);
          a larger one becomes 123, the summary has it as it is
  124     the module reached its instruction limit: out of budget
  125     the module trapped
  2       the command was used wrongly
  3       rejected: bad inputs, bad content, refused by the contracts
  4       unavailable: chain, market or provider; try again later
  5       a fault here: settings, wallet, files, this machine
  6       the deal ended without a result to accept;
          modules check: the results are not all the same
  130     interrupted (143 by SIGTERM); a job that was sent goes on, see `lilypad resume`
With --json an error is a document with the key "error", a module's result never is."""

REJECTED, UNAVAILABLE, FAULT, NO_RESULT = 3, 4, 5, 6
LARGEST_MODULE_CODE, OUT_OF_BUDGET, TRAPPED = 123, 124, 125


class Interrupted(Exception):  # noqa: N818 - no error: somebody wanted it
    """By Ctrl-C, or by whoever supervises this process."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


def exit_code_of_module(status: int) -> int:
    """Of an exit status: 0..255, 256 for out of budget, 257 for trapped."""
    if status >= 256:
        return OUT_OF_BUDGET if status == 256 else TRAPPED
    return min(status, LARGEST_MODULE_CODE)


def cause_of(error: BaseException) -> BaseException:
    """What a task group's error is about: the gravest of ours inside, or the first of anybody's."""
    found = list(_leaves(error))
    for kind in (FaultError, RejectedError, RecoverableError, LilypadError):
        for leaf in found:
            if isinstance(leaf, kind):
                return leaf
    return found[0]


def exit_code(error: BaseException) -> int:
    if isinstance(error, Interrupted):
        return 128 + error.signum
    if isinstance(error, RejectedError):
        return REJECTED
    return UNAVAILABLE if isinstance(error, RecoverableError) else FAULT


def explain(error: BaseException) -> str:
    """What was wrong, about what, and what to do."""
    if isinstance(error, ChainUnavailableError):
        where = error.fields.get("endpoints", "the configured endpoints")
        return f"no chain at {where}: start one with `lilypad up`, or set LILYPAD_RPC"
    if isinstance(error, TransactionRevertedError):
        return f"the contracts refused: {error}"
    if isinstance(error, LilypadError):
        wei = error.fields.get("missing")
        shown = {"missing": f"{format_lily(wei)} LILY"} if isinstance(wei, int) else {}
        return str(LilypadError(error.message, **{**error.fields, **shown}))
    if isinstance(error, Interrupted):
        return "interrupted"
    if _is_disk_full(error):
        return f"this machine's disk is full: {error}; make room and start again, what was begun goes on"
    return f"{type(error).__name__}: {error} (run again with `lilypad --debug` to see where)"


def show_failure(error: BaseException, invocation: Invocation) -> None:
    click.echo(f"lilypad: {printable(explain(error))}", err=True)
    if invocation.json:
        click.echo(json.dumps({"error": error_document(error)}, indent=2))


def show_usage(error: click.ClickException, *, as_json: bool) -> None:
    error.show()
    if as_json:
        fields = {"kind": type(error).__name__, "message": error.format_message(), "fields": {}}
        click.echo(json.dumps({"error": {**fields, "exitCode": error.exit_code}}, indent=2))


def error_document(error: BaseException) -> dict[str, object]:
    fields = error.fields if isinstance(error, LilypadError) else {}
    return {
        "kind": type(error).__name__,
        "message": explain(error),
        "fields": {name: _plain(value) for name, value in fields.items()},
        "exitCode": exit_code(error),
    }


def printable(text: str) -> str:
    """Other people's words cannot move the cursor."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, sqlite3.OperationalError) and "full" in str(error)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if isinstance(value, bool | int | float) or value is None else str(value)
