"""What `lilypad modules check` found, as `--json` prints it and as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli import render
from lilypad.types import Engine, ExitStatus

if TYPE_CHECKING:
    from lilypad.agents.work.checking import Finding
    from lilypad.agents.work.comparing import Difference
    from lilypad.agents.work.packages import Package

BPS = 10_000
CPU_TIME = "CPU time is never quite the same"
TOLERANCE = "Mediators take it for right within the tolerance that a job's terms state."
NOTHING_TO_COMPARE = "it was cut off, so that there is no output to compare: raise the budget or try other inputs"


def check_document(package: Package, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "module": f"{manifest.name} {manifest.version}",
        "engine": str(manifest.engine),
        "digest": "0x" + package.digest.hex(),
        "same": all(job["same"] for job in jobs),
        "jobs": jobs,
    }


def job_document(name: str, findings: Iterable[Finding]) -> dict[str, Any]:
    findings = list(findings)
    counts = [count for finding in findings for count in finding.counts]
    status = findings[0].exit_status
    return {
        "job": name,
        "exitStatus": None if status is None else int(status),
        "same": all(finding.difference is None for finding in findings),
        "toleranceBps": tolerance_needed(counts),
        "runs": [_finding_document(finding) for finding in findings],
    }


def tolerance_needed(counts: Iterable[int]) -> int:
    """What a job's terms have to allow so that each of these counts upholds each other one, in basis points."""
    least, most = min(counts := [*counts]), max(counts)
    return -(-(most - least) * BPS // max(1, least))


def _finding_document(finding: Finding) -> dict[str, Any]:
    return {
        "condition": finding.condition,
        "same": finding.difference is None,
        "difference": _difference_document(finding.difference),
        "instructions": list(finding.counts),
    }


def _difference_document(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    return {"path": difference.path, "byte": difference.byte, "reason": difference.reason, "text": str(difference)}


def check_page(document: Mapping[str, Any]) -> None:
    is_counted = document["engine"] == Engine.WASM
    for job in document["jobs"]:
        ended = ExitStatus(job["exitStatus"])
        click.echo(f"{document['module']}, {job['job']}: exit status {ended}")
        render.table(
            ("condition", "instructions" if is_counted else "CPU time", "result"),
            ((each["condition"], _counts(each["instructions"], is_counted), _result(each)) for each in job["runs"]),
        )
        if not is_counted:
            click.echo(f"{CPU_TIME}: these runs are {job['toleranceBps'] / 100:g} % apart. {TOLERANCE}")
        if ended >= ExitStatus.OUT_OF_BUDGET:
            click.echo(NOTHING_TO_COMPARE)
        click.echo()
    click.echo(
        "The results are all the same." if document["same"] else "The results DIFFER: mediators would not agree."
    )


def _counts(counts: Iterable[int], is_counted: bool) -> str:
    shown = [f"{count:,}" if is_counted else f"{count / 1e9:.3f} s" for count in counts]
    return ", ".join(dict.fromkeys(shown))


def _result(finding: Mapping[str, Any]) -> str:
    return "same" if finding["same"] else f"differs at {finding['difference']['text']}"
