"""`lilypad up`: a whole network in one terminal, and `up --run`: a network for one job."""

from __future__ import annotations

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.failures import Interrupted
from lilypad.cli.options import (
    LILY,
    Invocation,
    check_output,
    inputs_option,
    json_option,
    output_option,
    pass_invocation,
    split_inputs,
)
from lilypad.errors import FaultError

if TYPE_CHECKING:
    from lilypad.agents.localnet import LocalNetwork
    from lilypad.settings import Settings

PORT = click.IntRange(0, 65535)
ROLES = ("owner", "solver", "provider", "creator", "author")
MEDIATORS = click.IntRange(0, 5)


@click.command()
@click.option("--chain-port", type=PORT, help="Of the chain's node; 0 takes a free one.  [default: 8545]")
@click.option("--market-port", type=PORT, help="Of the solver's market; 0 takes a free one.  [default: 8551]")
@click.option("--mediators", type=MEDIATORS, default=3, show_default=True, help="How many re-run what is challenged.")
@click.option("--run", "module", metavar="MODULE", help="Run one job, then shut down; by default on free ports.")
@inputs_option
@click.option("--max-cost", type=LILY, help="With --run: the most the job may cost.")
@output_option
@json_option
@pass_invocation
def up(
    invocation: Invocation,
    chain_port: int | None,
    market_port: int | None,
    mediators: int,
    module: str | None,
    inputs: tuple[str, ...],
    max_cost: int | None,
    output: Path | None,
) -> int:
    """Start a local network: chain, contracts, market, solver, provider and mediators.

    Runs until Ctrl-C and makes everything anew at each start. With --run the network is there for one job alone, beside
    any other that runs on this machine.
    """
    from lilypad.cli import session

    texts, output = split_inputs(inputs), check_output(output)
    if module is None:
        if inputs or max_cost is not None or output is not None:
            raise click.UsageError("-i, --max-cost and --output belong to --run MODULE.")
        settings = session.start(invocation, "info")
        ports = (8545 if chain_port is None else chain_port, 8551 if market_port is None else market_port)
        with _alone(settings.data):
            return _serve(invocation, settings, *ports, mediators)
    return _demo(invocation, (chain_port or 0, market_port or 0), module, texts, max_cost, output)


def _serve(invocation: Invocation, settings: Settings, chain_port: int, market_port: int, mediators: int) -> int:
    import asyncio

    from lilypad.agents.localnet import local_network
    from lilypad.cli import session

    _check_ports(chain_port, market_port)

    async def work() -> int:
        async with local_network(
            settings, chain_port=chain_port, market_port=market_port, mediators=mediators
        ) as network:
            _announce(invocation, settings, network)
            await asyncio.Event().wait()
        return 0

    try:
        return session.run(work())
    except Interrupted:
        return 0


def _demo(
    invocation: Invocation,
    ports: tuple[int, int],
    module: str,
    texts: dict[str, str],
    max_cost: int | None,
    output: Path | None,
) -> int:
    from lilypad.agents.creator.api import Lilypad
    from lilypad.agents.creator.job_offers import JobOptions
    from lilypad.agents.localnet import local_network
    from lilypad.agents.work.packages import Packages
    from lilypad.cli import session
    from lilypad.cli.run import read_inputs, run_job

    settings = session.start(invocation)
    values = read_inputs(Packages(settings.modules).named(module), texts)
    _check_ports(*ports)

    async def work(folder: Path) -> int:
        own = settings.model_copy(update={"data": folder, "deployments": folder / "deployments"})
        click.echo("Starting a network of its own: chain, contracts, market, provider ...", err=True)
        async with (
            local_network(own, chain_port=ports[0], market_port=ports[1], mediators=0) as network,
            Lilypad(network.accounts.creator, network.settings) as lily,
        ):
            return await run_job(lily, invocation, module, values, JobOptions(payment_ceiling=max_cost), output)

    with tempfile.TemporaryDirectory(prefix="lilypad-") as folder, _keep(output, settings.data / "demo") as output:
        return session.run(work(Path(folder)))


@contextmanager
def _keep(output: Path | None, parent: Path) -> Iterator[Path]:
    """Where a job's output stays when its network is gone."""
    if output is not None:
        yield output
        return
    parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="", dir=parent))
    try:
        yield fresh
    finally:
        with suppress(OSError):
            fresh.rmdir()  # only if nothing came of it


def _announce(invocation: Invocation, given: Settings, network: LocalNetwork) -> None:
    """What is where, and how to go on."""
    from lilypad.cli import render
    from lilypad.cli.documents import dump

    settings, accounts = network.settings, network.accounts
    document: dict[str, Any] = {
        "rpc": settings.rpc[0],
        "chainId": settings.chain_id,
        "market": settings.market,
        "data": str(settings.data),
        "operations": network.operations,
        "contracts": network.deployment.contracts,
        "accounts": {name: getattr(accounts, name).address for name in ROLES},
        "mediators": [account.address for account in accounts.mediators],
    }
    if invocation.json:
        click.echo(dump(document))
        return
    chain = f"{document['rpc']} (chain id {settings.chain_id})"
    render.pairs([("chain", chain), ("market", document["market"]), ("data", document["data"])])
    render.pairs([(f"metrics, {role}", f"{url}/metrics") for role, url in network.operations.items()])
    render.pairs([("contracts", "")])
    render.pairs([(f"  {name}", address) for name, address in network.deployment.contracts.items()])
    render.pairs([("accounts", "(well-known development keys: nothing of value belongs there)")])
    render.pairs([(f"  {name}", address) for name, address in document["accounts"].items()])
    render.pairs([("  mediator", address) for address in document["mediators"]])
    exports = "".join(
        f"  export LILYPAD_{name.upper()}={value}\n"
        for name, value in (("rpc", settings.rpc[0]), ("market", settings.market))
        if value not in (getattr(given, name), getattr(given, name)[0])
    )
    click.echo(f"\nReady. In another terminal:\n\n{exports}  lilypad run cowsay -i Message=hello\n\nCtrl-C ends it.")


def _check_ports(*ports: int) -> None:
    """
    Raises:
        FaultError: one is taken.
    """
    for port in filter(None, ports):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                message = "the port cannot be used; choose others with --chain-port and --market-port (0: a free one)"
                raise FaultError(message, port=port, reason=error.strerror) from None


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One network per data folder: a start wipes what the last one left there.

    Raises:
        FaultError: another one runs.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another `lilypad up` uses this data folder; end it, or set LILYPAD_DATA to another folder"
            raise FaultError(message, data=data) from None
        yield
