"""`lilypad modules`: what can be run, and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lilypad.cli.completion import complete_module
from lilypad.cli.failures import NO_RESULT
from lilypad.cli.options import (
    Invocation,
    check_output,
    inputs_option,
    json_option,
    pass_invocation,
    split_inputs,
)

if TYPE_CHECKING:
    from lilypad.agents.work.checking import Example
    from lilypad.agents.work.packages import Package


@click.group()
def modules() -> None:
    """The modules on this machine."""


@modules.command("list")
@json_option
@pass_invocation
def list_modules(invocation: Invocation) -> None:
    """List them."""
    from lilypad.agents.work.packages import Packages
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
    from lilypad.agents.work.packages import Packages
    from lilypad.cli import render, session
    from lilypad.cli.documents import dump, module_document

    settings = session.start(invocation)
    packages = Packages(settings.modules)
    document = module_document(next((p for p in packages if p.manifest.name == name), None) or packages.named(name))
    if invocation.json:
        click.echo(dump(document))
    else:
        render.module_page(document, settings.price_per_instruction)


@modules.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@inputs_option
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the outputs of all runs there.", metavar="DIR")
@json_option
@pass_invocation
def check(invocation: Invocation, path: Path, inputs: tuple[str, ...], keep: Path | None) -> int:
    """Run the module in the folder PATH under several conditions: is its result always the same?

    Compared is what mediators compare. Runs every job in PATH/examples, or one with the inputs given. Ends with 6 if a
    result differs anywhere.
    """
    from tempfile import TemporaryDirectory

    from lilypad.agents.work.checking import Bench, load_package
    from lilypad.agents.work.packages import Packages
    from lilypad.cli import check_pages, session
    from lilypad.cli.documents import dump

    texts, keep = split_inputs(inputs), check_output(keep, "--keep")
    settings = session.start(invocation)
    package = load_package(path.absolute(), Packages(settings.modules))
    jobs = _jobs(package, texts)

    async def work() -> int:
        documents = []
        with TemporaryDirectory(prefix="lilypad-") as folder:
            bench = Bench(package, settings.docker, Path(folder), keep)
            for job in jobs:
                findings = []
                async for finding in bench.findings(job):
                    click.echo(f"{job.name}: {finding.condition}", err=True)
                    findings.append(finding)
                documents.append(check_pages.job_document(job.name, findings))
        document = check_pages.check_document(package, documents)
        click.echo(dump(document)) if invocation.json else check_pages.check_page(document)
        return 0 if document["same"] else NO_RESULT

    return session.run(work())


def _jobs(package: Package, texts: dict[str, str]) -> list[Example]:
    """What was typed; else the examples; else a job of nothing but defaults."""
    from lilypad.agents.work.checking import EXAMPLES, Example, find_examples
    from lilypad.cli.run import read_inputs

    if texts:
        return [Example("job", read_inputs(package, texts))]
    return find_examples(package.manifest, package.folder / EXAMPLES) or [Example("job", {})]
