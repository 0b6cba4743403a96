"""`lilypad provider` and `lilypad solver`: take part in a network with a machine of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lilypad.cli.failures import Interrupted
from lilypad.cli.options import PRICE, Cores, Invocation, Size, json_option, pass_invocation
from lilypad.cli.provider_desk import drain, earnings, status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from eth_account.signers.local import LocalAccount

    from lilypad.agents.provider.capacity import Wish
    from lilypad.agents.provider.offering import OfferTerms
    from lilypad.settings import Settings

MARKET_PORT = 8551


@click.group()
def provider() -> None:
    """Earn with this machine: run jobs for others."""


for command in (status, drain, earnings):
    provider.add_command(command)


@provider.command("start")
@click.option("--places", type=click.IntRange(1, 1024), help="Deals at the same time.  [default: 2; 1 on one core]")
@click.option("--cpu", type=Cores(), help="For all of them together.  [default: what is there]")
@click.option("--ram", type=Size(), help="As 512MiB or 7.5GiB.  [default: what is there, less a tenth for the host]")
@click.option("--disk", type=Size(), help="[default: 4GiB for each place, if there is as much]")
@click.option("--gpu", type=click.IntRange(0, 1024), help="[default: all that containers can have]")
@click.option("--price", type=PRICE, help="LILY per 10^9 instructions.  [default: LILYPAD_PRICE_PER_INSTRUCTION]")
@click.option("--module", "modules", multiple=True, help="Take jobs for it alone, curated or not. May be repeated.")
@json_option
@pass_invocation
def start_provider(
    invocation: Invocation,
    places: int | None,
    cpu: int | None,
    ram: int | None,
    disk: int | None,
    gpu: int | None,
    price: int | None,
    modules: tuple[str, ...],
) -> int:
    """Offer this machine. Needs a wallet, and collateral in the vault (`lilypad wallet deposit`).

    Each place is offered with its part of the processors, the memory, the disk and the GPUs that are free then.

    SIGTERM, or `lilypad provider drain`: takes no more deals, finishes those in hand, and ends. Ctrl-C, or SIGTERM once
    more: ends at once; what is in hand goes on at the next start.
    """
    from lilypad.agents.provider.capacity import Wish
    from lilypad.cli import session

    settings = session.start(invocation, "info")
    if price is not None:
        settings = settings.model_copy(update={"price_per_instruction": price})
    account = session.open_own_account(settings)
    stopping = _Stopping()
    work = _provide(invocation, settings, account, Wish(places, cpu, ram, disk, gpu), modules, stopping)
    return until_stopped(work, stopping.on_terminate)


@click.group()
def solver() -> None:
    """Run a market: bring matching offers to the chain."""


@solver.command("start")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of the market's web service.  [default: {MARKET_PORT}]")
@pass_invocation
def start_solver(invocation: Invocation, port: int | None) -> int:
    """Serve a market until Ctrl-C. Needs a wallet with the chain's own coin, for gas."""
    from lilypad.cli import session

    settings = session.start(invocation, "info")
    if port is None:
        port = settings.listen_port or MARKET_PORT
    account = session.open_own_account(settings)
    return until_stopped(_solve(settings.model_copy(update={"listen_port": port}), account))


class _Stopping:
    """Between the signals and the agent."""

    def __init__(self) -> None:
        import asyncio

        self.ready = asyncio.Event()
        self.drain = asyncio.Event()

    def on_terminate(self) -> bool:
        """Takes the signal once there is something to finish."""
        if self.ready.is_set():
            self.drain.set()
        return self.ready.is_set()


async def _provide(
    invocation: Invocation,
    settings: Settings,
    account: LocalAccount,
    wish: Wish,
    modules: tuple[str, ...],
    stopping: _Stopping,
) -> int:
    import asyncio
    import signal

    from lilypad.agents.network import Network
    from lilypad.agents.provider.capacity import show
    from lilypad.agents.provider.service import default_terms, run_provider
    from lilypad.chain.deployments import read_deployment
    from lilypad.chain.rpc import Rpc
    from lilypad.cli import session
    from lilypad.cli.amounts import format_lily

    await session.reach_chain(settings)
    deployment = read_deployment(settings.deployments, settings.chain_id)
    async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
        network = Network(rpc, deployment)
        terms = await default_terms(settings, network, wish, modules)
        free = (await network.funds(account.address)).free
    if free < terms.collateral:
        have, need = format_lily(free), format_lily(terms.collateral)
        message = f"lilypad: {have} LILY free in the vault, a deal takes {need}: see `lilypad wallet deposit`"
        click.echo(message, err=True)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, stopping.drain.set)
    places = f"{terms.places} place{'s'[: terms.places - 1]} in {show(terms.capacity)}"
    offered = f"{places}; {len(terms.allowed.modules)} modules"
    click.echo(f"lilypad: provider {account.address} offers {offered}; Ctrl-C ends it", err=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(_tell_when_ready(invocation, account.address, terms, stopping), name="tells when ready")
        await run_provider(settings, deployment, account, terms, stopping.ready, stopping.drain)
    click.echo("lilypad: drained; nothing is in hand", err=True)
    return 0


async def _tell_when_ready(invocation: Invocation, account: str, terms: OfferTerms, stopping: _Stopping) -> None:
    await stopping.ready.wait()
    if invocation.json:
        import os

        from lilypad.cli.documents import dump, resources_document

        total = resources_document(terms.capacity)
        click.echo(dump({"account": account, "places": terms.places, "capacity": total, "pid": os.getpid()}))


async def _solve(settings: Settings, account: LocalAccount) -> int:
    from lilypad.agents.solver.service import run_solver
    from lilypad.chain.deployments import read_deployment
    from lilypad.cli import session

    await session.reach_chain(settings)
    deployment = read_deployment(settings.deployments, settings.chain_id)
    where = f"http://{settings.listen_host}:{settings.listen_port}"
    click.echo(f"lilypad: solver {account.address}, market at {where}; Ctrl-C ends it", err=True)
    await run_solver(settings, deployment, account)
    return 0


def until_stopped(work: Coroutine[Any, Any, int], on_terminate: Callable[[], bool] | None = None) -> int:
    """Ending it is what it waits for."""
    from lilypad.cli import session

    try:
        return session.run(work, on_terminate)
    except Interrupted:
        return 0
