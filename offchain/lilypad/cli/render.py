"""How things look to a person. The only place that knows `rich`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TextIO

import click
from rich.console import Console
from rich.progress import Progress as Spinner
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lilypad.agents.creator.progress import Progress, Stage
from lilypad.cli.amounts import format_lily
from lilypad.cli.failures import printable
from lilypad.cli.words import SHORT

WAITING = {
    Stage.OFFERED: "waiting for a provider",
    Stage.AGREED: "the provider is at work",
    Stage.SUBMITTED: "fetching and checking the output",
    Stage.VERIFIED: "accepting and paying",
    Stage.CHALLENGED: "mediators run the job again",
}


OBSTACLES = {
    "MarketAway": "the market does not answer; it is asked again",
    "MarketFull": "the market has no room for the inputs; it is asked again",
    "NoProvider": "none is free in this market",
    "OfferExpired": "an offer has expired",
    "SelfDeal": "nobody makes a deal with oneself: use another wallet",
    "PriceTooHigh": "the price per instruction is above LILYPAD_PRICE_PER_INSTRUCTION",
    "MinimumAboveCeiling": "the minimum payment is above what this job may cost: raise --max-cost",
    "CollateralTooLow": "the collateral is too low for this job: lower --max-cost",
    "ResourcesTooSmall": "the machine is too small",
    "WindowsRefused": "the job's time windows are not accepted",
    "VerificationDiffers": "it settles disputes otherwise, or runs no containers",
    "ModuleNotCurated": "only curated modules are run",
    "ModuleNotAllowed": "the module is not on the list",
    "ModuleRevoked": "the module was revoked",
}
"""Why a provider does not take a job, by the contracts' names."""


class Steps:
    """A job's stages as it reaches them: live on a terminal, a line each elsewhere. All on stderr."""

    def __init__(self, *, live: bool | None = None, screen: TextIO | None = None) -> None:
        """`live` None asks the screen, which is stderr."""
        self._console = Console(file=screen or sys.stderr, force_terminal=live, highlight=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._spinner = Spinner(*columns, console=self._console, transient=True)
        self._task = self._spinner.add_task("making an offer")
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._spinner.stop()

    def reached(self, progress: Progress) -> None:
        elapsed = f"{time.monotonic() - self._began:5.1f} s"
        stage = "waiting" if progress.obstacles else progress.stage
        line = f"{elapsed}  {stage:<9}  {_detail(progress)}".rstrip()
        if not self._console.is_terminal:
            click.echo(line, err=True)
            return
        bad = progress.stage is Stage.ENDED or progress.obstacles
        self._console.print(Text.assemble(("✗ ", "red") if bad else ("✓ ", "green"), line), soft_wrap=True)
        self._spinner.update(self._task, description=WAITING.get(progress.stage, ""))


def _detail(progress: Progress) -> str:
    deal = progress.deal
    match progress.stage:
        case Stage.OFFERED if progress.obstacles:
            reasons = "; ".join(OBSTACLES.get(name, name) for name in progress.obstacles)
            return f"no provider takes it now: {reasons}"
        case Stage.OFFERED:
            ceiling = format_lily(progress.job.signed.offer.payment_ceiling)
            return f"job {progress.job.id[:SHORT]}, at most {ceiling} LILY"
        case Stage.AGREED if deal is not None:
            return f"deal {deal.id.hex()[:SHORT]} with provider {deal.terms.provider}"
        case Stage.SUBMITTED if deal is not None and deal.claim is not None:
            return f"a result after {deal.claim.instruction_count:,} instructions"
        case Stage.VERIFIED if progress.doubt:
            return f"challenged: {progress.doubt}"
        case Stage.VERIFIED:
            return "every byte is what the provider committed to"
        case Stage.CHALLENGED if deal is not None and deal.dispute is not None:
            fee, bond = format_lily(deal.dispute.fee), format_lily(deal.dispute.bond)
            return f"mediators decide, for {fee} LILY; the bond is {bond} LILY"
        case Stage.ACCEPTED if deal is not None and deal.cost is not None:
            upheld = " after mediators upheld the result" if deal.verdict is not None else ""
            return f"paid {format_lily(deal.cost)} LILY{upheld}"
        case Stage.ENDED if deal is not None:
            return f"the deal is {deal.status.name.lower()}"
    return ""


def module_output(stdout: bytes, stderr: bytes) -> None:
    """What the module printed: the very bytes into a file or pipe, nothing that moves the cursor onto a terminal."""
    for data, to_stderr in ((stderr, True), (stdout, False)):
        stream = click.get_binary_stream("stderr" if to_stderr else "stdout")
        if stream.isatty():
            click.echo(printable(data.decode(errors="replace")), err=to_stderr, nl=not data.endswith(b"\n"))
        elif data:
            stream.write(data if data.endswith(b"\n") else data + b"\n")
            stream.flush()


def summary(document: Mapping[str, Any]) -> None:
    """A job in a few lines, for its end and for `status`."""
    rows = [
        ("job", document["job"]),
        ("module", document["module"]),
        ("state", document["state"]),
        ("until", local_time(document["until"])),
        ("exit status", document.get("exit")),
        ("cost", _amount(document["cost"]) or f"at most {_amount(document['ceiling'])}"),
        ("instructions", f"{document['instructions']:,}" if document["instructions"] is not None else None),
        ("CID", document.get("cid")),
        ("deal", document["deal"]),
        ("provider", document["provider"]),
        *((f"{step} in tx", tx_hash) for step, tx_hash in document["transactions"].items()),
        ("output", document.get("output")),
        ("next", document["next"]),
    ]
    pairs(rows)


def pairs(rows: Iterable[tuple[str, object]], *, err: bool = False) -> None:
    """Names and values in two columns; what is not there is left out. Values stay whole, to be copied."""
    shown = [(name, str(value)) for name, value in rows if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{click.style(name.ljust(width), dim=True)}  {printable(value)}", err=err)


def detached(document: Mapping[str, Any]) -> str:
    job = document["job"]
    return f"job {job}\nThe offer is out. Take the job up with: lilypad resume {job[:SHORT]}"


def jobs_table(documents: Iterable[Mapping[str, Any]], ages: Iterable[float]) -> None:
    rows = [
        (d["job"][:SHORT], d["module"], d["state"], _age(age), _amount(d["cost"]) or "")
        for d, age in zip(documents, ages, strict=True)
    ]
    table(("job", "module", "state", "age", "cost"), rows)


def modules_table(documents: Iterable[Mapping[str, Any]]) -> None:
    rows = [(d["name"], d["version"], d["engine"], "yes" if d["built"] else "no", d["description"]) for d in documents]
    table(("name", "version", "engine", "built", "description"), rows)


def module_page(document: Mapping[str, Any], price: int) -> None:
    budget = document["budget"]
    royalty = f"{document['royaltyBps'] / 100:g} % of each run" if document["royaltyBps"] else None
    pairs(
        [
            ("module", f"{document['name']} {document['version']}"),
            ("", document["description"]),
            ("engine", document["engine"] + ("" if document["deterministic"] else ", not deterministic")),
            ("digest", document["digest"] or "none yet: the module is not built"),
            ("budget", f"{budget['default']:,} instructions by default, at most {budget['maximum']:,}"),
            ("costs", f"at most {format_lily(budget['default'] * price)} LILY by default"),
            ("royalty", royalty),
        ]
    )
    click.echo("\ninputs" if document["inputs"] else "\nIt takes no inputs.")
    pairs((f"  {each['name']}", _input_line(each)) for each in document["inputs"])


def _input_line(each: Mapping[str, Any]) -> str:
    default = None if each["default"] is None else f"default {each['default']!r}"
    need = default or ("required" if each["required"] else "optional")
    parts = [each["type"], need]
    parts += [f"{name} {each[name]:,}" for name in ("minimum", "maximum") if each.get(name) is not None]
    parts += [f"up to {each['maxLength']:,} characters"] if "maxLength" in each else []
    parts += [f"up to {each['maxBytes']:,} bytes, given as @FILE"] if "maxBytes" in each else []
    parts += [" | ".join(each["choices"])] if each.get("choices") else []
    return f"{', '.join(parts)}. {each['description']}".rstrip()


def funds_page(document: Mapping[str, Any]) -> None:
    pairs(
        [
            ("account", document["address"]),
            ("wallet", _amount(document["wallet"])),
            ("vault, free", _amount(document["free"])),
            ("vault, locked", _amount(document["locked"])),
            ("gas", f"{format_lily(int(document['gas']['wei']))} of the chain's own coin"),
            ("transaction", document.get("transaction")),
        ]
    )


def table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """As wide as the terminal; into a pipe as wide as its words."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    shown = Table(*names, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(Text(printable(cell)) for cell in row))
    console.print(shown)


def _amount(document: Mapping[str, str] | None) -> str | None:
    return f"{document['lily']} LILY" if document else None


def local_time(moment: str | None) -> str | None:
    """A document's time as the clock on the wall shows it."""
    if moment is None:
        return None
    shown = datetime.fromisoformat(moment).astimezone()
    return f"{shown:%H:%M:%S}" if shown.date() == datetime.now().date() else f"{shown:%Y-%m-%d %H:%M:%S}"


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
