"""`lilypad provider status`, `drain` and `earnings`: for the operator, while a provider runs and when it does not."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.options import LILY, Invocation, json_option, pass_invocation
from lilypad.errors import FaultError

if TYPE_CHECKING:
    from pathlib import Path

    from eth_account.signers.local import LocalAccount

    from lilypad.chain.receipts import Receipt
    from lilypad.settings import Settings


@click.command()
@json_option
@pass_invocation
def status(invocation: Invocation) -> int:
    """Show whether the provider runs, whether others reach it, its money, and the deals it has in hand.

    Exit code 0 if it runs, 4 if it does not.
    """
    from lilypad.agents.provider.status import provider_status
    from lilypad.cli import provider_pages, session
    from lilypad.cli.documents import dump
    from lilypad.cli.failures import UNAVAILABLE

    settings = session.start(invocation)
    account = session.provider_address(settings)

    async def work() -> int:
        async with session.archive(settings) as archive:
            found = await provider_status(archive.network, settings, account, archive.session)
        document = provider_pages.status_document(found)
        click.echo(dump(document)) if invocation.json else provider_pages.status_page(document)
        return 0 if found.running else UNAVAILABLE

    return session.run(work())


@click.command()
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it has ended.")
@json_option
@pass_invocation
def drain(invocation: Invocation, wait: bool) -> int:
    """Let the running provider take no more deals, finish those in hand, and end.

    Its offers are withdrawn on chain. A deal is finished when it is paid, so that its result can be fetched until then;
    a creator that stays away makes that last until the judge window is over. Ctrl-C ends only the waiting.
    """
    from lilypad.agents.provider.running import RunState, how_it_ended, provider_folder
    from lilypad.cli import session

    settings = session.start(invocation)
    account = session.provider_address(settings)
    folder = provider_folder(settings, account)

    async def work() -> int:
        pid = _tell_to_drain(folder)
        if pid is None:
            return _nothing_to_drain(invocation, await _open_deals(settings, folder))
        if not wait:
            return _say(invocation, account, "draining", f"process {pid} takes no more deals and ends by itself")
        click.echo(f"lilypad: process {pid} takes no more deals; waiting for those in hand", err=True)
        if await how_it_ended(folder) is not RunState.DRAINED:
            raise FaultError("the provider ended before it had finished; start it again", account=account)
        return _say(invocation, account, "drained", "the provider has ended with nothing in hand")

    return session.run(work())


@click.command()
@click.option("--by", type=click.Choice(("deal", "day")), default="deal", show_default=True, help="A line for each.")
@click.option("--withdraw", "amount", type=LILY, metavar="LILY", help="Take an amount out of the vault.")
@click.option("--withdraw-all", is_flag=True, help="Take everything that is free out of the vault, collateral too.")
@json_option
@pass_invocation
def earnings(invocation: Invocation, by: str, amount: int | None, withdraw_all: bool) -> int:
    """Show what each deal, or each day, added to the provider's money; take it out of the vault.

    From this machine's journal. Gas is not counted. What is withdrawn can no longer be collateral for a deal.
    """
    from lilypad.agents.provider.ledger import read_ledger
    from lilypad.agents.provider.running import provider_folder
    from lilypad.cli import provider_pages, session
    from lilypad.cli.documents import dump

    if amount is not None and withdraw_all:
        raise click.UsageError("--withdraw or --withdraw-all, not both.")
    settings = session.start(invocation)
    account = session.provider_address(settings)
    owner = session.open_own_account(settings) if amount is not None or withdraw_all else None

    async def work() -> int:
        receipt = await _withdraw(settings, owner, amount) if owner is not None else None
        async with session.archive(settings) as archive:
            entries = read_ledger(archive.network, provider_folder(settings, account))
            funds = await archive.network.funds(account)
        document = provider_pages.earnings_document(account, entries, funds, by, receipt)
        click.echo(dump(document)) if invocation.json else provider_pages.earnings_page(document)
        return 0

    return session.run(work())


async def _withdraw(settings: Settings, owner: LocalAccount, amount: int | None) -> Receipt:
    """`amount` None is everything that is free."""
    from lilypad.cli import session
    from lilypad.cli.amounts import format_lily
    from lilypad.errors import RejectedError

    async with session.creator(settings, owner) as lily:
        free = (await lily.actor.funds(lily.actor.account)).free
        if free == 0 or (amount or 0) > free:
            message = f"there are only {format_lily(free)} LILY free in the vault"
            raise RejectedError(message, account=lily.actor.account)
        return await lily.actor.withdraw(amount or free, key=f"earnings {time.time_ns()}")


def _tell_to_drain(folder: Path) -> int | None:
    """
    Raises:
        FaultError: the provider is a part of something larger.
    """
    from lilypad.agents.provider.running import find_running

    running = find_running(folder)
    if running is None:
        return None
    if not running.drains:
        raise FaultError("this provider is a part of `lilypad up`; end that with Ctrl-C", pid=running.pid)
    try:
        os.kill(running.pid, signal.SIGUSR1)  # again and again, if you like: SIGTERM a second time would end it at once
    except PermissionError:
        raise FaultError("the provider is another user's process", pid=running.pid) from None
    except ProcessLookupError:
        return None
    return running.pid


async def _open_deals(settings: Settings, folder: Path) -> int:
    from lilypad.agents.network import Network
    from lilypad.agents.provider.ledger import read_ledger
    from lilypad.chain.deployments import read_deployment
    from lilypad.chain.rpc import Rpc

    async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
        network = Network(rpc, read_deployment(settings.deployments, settings.chain_id))
        return sum(entry.ended is None for entry in read_ledger(network, folder))


def _nothing_to_drain(invocation: Invocation, open_deals: int) -> int:
    if open_deals:
        message = f"no provider runs here, but {open_deals} of its deals wait for it: `lilypad provider start`"
        raise FaultError(message, deals=open_deals)
    return _say(invocation, None, "not running", "no provider of this wallet runs here, and no deal waits for it")


def _say(invocation: Invocation, account: str | None, state: str, words: str) -> int:
    from lilypad.cli.documents import dump

    document: dict[str, Any] = {"account": account, "state": state}
    click.echo(dump(document) if invocation.json else words)
    return 0
