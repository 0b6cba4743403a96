"""`lilypad watcher`: run some of other people's jobs again, and challenge what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.options import LILY, Invocation, json_option, pass_invocation
from lilypad.errors import FaultError, TransactionRevertedError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from lilypad.agents.network import Network
    from lilypad.settings import Settings
    from lilypad.types import Address

CHANCE = click.FloatRange(0, 1, min_open=True)


@click.group()
def watcher() -> None:
    """Earn by catching cheats: run other people's jobs again, and challenge wrong results."""


@watcher.command("start")
@click.option("--check", type=CHANCE, help="How probable it is that a result is run again.  [default: as deters]")
@click.option("--bond", type=LILY, help="The most that open challenges may lock together.  [default: 100]")
@click.option("--reward", type=LILY, help="Challenge only for more than this.  [default: for anything]")
@click.option("--places", type=click.IntRange(1, 64), help="Jobs that are run at the same time.  [default: 1]")
@click.option("--wait", type=click.IntRange(0), help="Seconds in which a creator may accept first.  [default: 10]")
@click.option("--trust-again", is_flag=True, help="Also check modules that a challenge was lost about.")
@json_option
@pass_invocation
def start_watcher(
    invocation: Invocation,
    check: float | None,
    bond: int | None,
    reward: int | None,
    places: int | None,
    wait: int | None,
    trust_again: bool,
) -> int:
    """Watch the network until Ctrl-C. Needs a wallet with LILY for a challenge, and gas.

    Looks at results that their creators have not accepted, while they can be challenged; runs a job once more before it
    challenges anything. What is in hand when it ends goes on at the next start. The defaults are those of the settings
    LILYPAD_WATCH_*.
    """
    from lilypad.cli import session
    from lilypad.cli.provider import until_stopped

    settings = session.start(invocation, "info")
    given = {"check": check, "bond": bond, "reward": reward, "places": places, "wait": wait}
    update = {f"watch_{name}": value for name, value in given.items() if value is not None}
    account = session.open_own_account(settings)
    return until_stopped(_watch(settings.model_copy(update=update), account, trust_again))


async def _watch(settings: Settings, account: LocalAccount, trust_again: bool) -> int:
    from lilypad.agents.network import Network
    from lilypad.agents.watcher.policy import WatchPolicy
    from lilypad.agents.watcher.service import run_watcher
    from lilypad.chain.deployments import read_deployment
    from lilypad.chain.rpc import Rpc
    from lilypad.cli import session
    from lilypad.cli.amounts import format_lily

    await session.reach_chain(settings)
    deployment = read_deployment(settings.deployments, settings.chain_id)
    async with Rpc(settings.rpc, chain_id=settings.chain_id) as rpc:
        network = Network(rpc, deployment)
        price, funds = await _price(network), await network.funds(account.address)
    have = min(funds.wallet + funds.free, settings.watch_bond)
    if price is None or have < price:
        need = "nobody judges here yet" if price is None else f"a challenge locks {format_lily(price)} LILY"
        hint = f"lilypad: {need}, {format_lily(have)} are there for it: see `lilypad watcher status`"
        click.echo(hint, err=True)
    click.echo(f"lilypad: watcher {account.address}; Ctrl-C ends it", err=True)
    await run_watcher(settings, deployment, account, WatchPolicy.of(settings), trust_again=trust_again)
    return 0


async def _price(network: Network) -> int | None:
    """Of a challenge now; None while nobody can judge."""
    from lilypad.protocol.words import Verification

    try:
        return sum(await network.quote(Verification(network.mediation)))
    except (TransactionRevertedError, FaultError):
        return None


@watcher.command()
@json_option
@pass_invocation
def status(invocation: Invocation) -> int:
    """Show what was challenged, what came of it, and what there is for the next challenge."""
    from lilypad.cli import session

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            await _show(invocation, archive.network, archive.account, settings.confirmations)
        return 0

    return session.run(work())


async def _show(invocation: Invocation, network: Network, account: Address, confirmations: int) -> None:
    from lilypad.agents.watcher.record import record_of
    from lilypad.cli import case_pages, render
    from lilypad.cli.amounts import amount_document, format_lily
    from lilypad.cli.documents import dump

    price, funds = await _price(network), await network.funds(account)
    record = await record_of(network, account, confirmations)
    counts = {name: getattr(record, name) for name in ("open", "won", "lost", "undecided")}
    cases = [case_pages.case_document(dispute) for dispute in reversed(record.disputes)]
    if invocation.json:
        names = {"wallet": funds.wallet, "free": funds.free, "locked": funds.locked}
        names |= {"earned": record.earned, "paid": record.paid}
        amounts: dict[str, Any] = {name: amount_document(amount) for name, amount in names.items()}
        challenge = None if price is None else amount_document(price)
        click.echo(dump({"account": account, **amounts, "challenge": challenge, **counts, "cases": cases}))
        return
    render.pairs(
        [
            ("account", account),
            ("wallet", f"{format_lily(funds.wallet)} LILY"),
            ("vault", f"{format_lily(funds.free)} LILY free, {format_lily(funds.locked)} LILY locked"),
            ("a challenge locks", "nobody can judge now" if price is None else f"{format_lily(price)} LILY"),
            ("challenged", ", ".join(f"{count} {name}" for name, count in counts.items())),
            ("earned", f"{format_lily(record.earned)} LILY"),
            ("paid", f"{format_lily(record.paid)} LILY"),
        ]
    )
    if cases:
        case_pages.cases_table(cases)
