"""`lilypad logs`: what a job prints, while it runs and afterwards."""

from __future__ import annotations

import codecs
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Literal

import click

from lilypad.cli.failures import NO_RESULT, printable
from lilypad.cli.options import Invocation, job_argument, json_option, pass_invocation

if TYPE_CHECKING:
    from lilypad.agents.creator.job_logs import JobLogs


@click.command()
@job_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the module has ended; waits for a provider if need be.")
@json_option
@pass_invocation
def logs(invocation: Invocation, job_id: str, follow: bool) -> int:
    """Print what a job has written to stdout and stderr.

    From its provider while it runs, which shows it to the wallet that pays for the job and to nobody else; from the
    checked result afterwards. With -f and --json: a JSON object a line, the last one with the key "end".
    """
    from lilypad.agents.creator.job_logs import JobLogs, LogsEnd
    from lilypad.cli import session

    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.archive(settings) as archive:
            job = archive.jobs.find(job_id)
            found = JobLogs(archive, account, job)
            printer = _Printer(as_lines=invocation.json and follow, silent=invocation.json and not follow)
            async with aclosing(found.read(follow=follow)) as chunks:
                async for chunk in chunks:
                    printer.print(chunk.stream, chunk.data)
        _finish(invocation, job.id, found, printer, follow=follow)
        return NO_RESULT if found.end is LogsEnd.NONE else 0

    return session.run(work())


class _Printer:
    """The very bytes into a file or a pipe, nothing that moves the cursor onto a terminal."""

    def __init__(self, *, as_lines: bool, silent: bool) -> None:
        self._as_lines = as_lines
        self._silent = silent
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self.text = {"stdout": "", "stderr": ""}

    def print(self, name: Literal["stdout", "stderr"], data: bytes) -> None:
        text = self._decoders[name].decode(data)
        if self._silent:
            self.text[name] += text
            return
        if self._as_lines:
            click.echo(json.dumps({"stream": name, "text": text}))
            return
        stream = click.get_binary_stream(name)
        stream.write(printable(text).encode() if stream.isatty() else data)
        stream.flush()


def _finish(invocation: Invocation, job_id: str, found: JobLogs, printer: _Printer, *, follow: bool) -> None:
    from lilypad.agents.creator.job_logs import LogsEnd
    from lilypad.cli.documents import dump

    if invocation.json and follow:
        click.echo(json.dumps({"end": str(found.end)}))
    elif invocation.json:
        deal = "0x" + found.deal.id.hex() if found.deal else None
        click.echo(dump({"job": job_id, "deal": deal, **printer.text, "end": str(found.end)}))
    state = found.deal.status.name.lower() if found.deal else "unknown"
    hints = {
        LogsEnd.RUNNING: "the module goes on; -f follows it",
        LogsEnd.WAITING: "the module has not begun; -f waits for it",
        LogsEnd.NONE: f"the deal ended without a result: {state}",
    }
    if found.end in hints:
        click.echo(f"lilypad: {hints[found.end]}", err=True)
