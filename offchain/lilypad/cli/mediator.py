"""`lilypad mediator`: stake, and re-run what others dispute."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.options import LILY, Invocation, json_option, pass_invocation
from lilypad.errors import RejectedError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from lilypad.agents.court import CourtActor, CourtRoom
    from lilypad.settings import Settings
    from lilypad.types import Address


@click.group()
def mediator() -> None:
    """Earn as a judge: run disputed jobs again, and vote."""


@mediator.command("start")
@json_option
@pass_invocation
def start_mediator(invocation: Invocation) -> int:
    """Serve the court until Ctrl-C. Needs a wallet, a stake (`lilypad mediator stake`) and gas.

    Runs each job that it is drawn for, votes in secret and opens its vote in time. What is in hand when it ends goes on
    at the next start; be back before the commit window is over, for silence costs a part of the stake.
    """
    from lilypad.cli import session
    from lilypad.cli.provider import until_stopped

    settings = session.start(invocation, "info")
    account = session.open_own_account(settings)
    return until_stopped(_serve(settings, account))


async def _serve(settings: Settings, account: LocalAccount) -> int:
    from lilypad.agents.mediator.service import run_mediator
    from lilypad.chain.deployments import read_deployment
    from lilypad.cli import session

    await session.reach_chain(settings)
    deployment = read_deployment(settings.deployments, settings.chain_id)
    click.echo(f"lilypad: mediator {account.address}; Ctrl-C ends it", err=True)
    await run_mediator(settings, deployment, account)
    return 0


@mediator.command()
@json_option
@pass_invocation
def status(invocation: Invocation) -> int:
    """Show what is at stake, what is leaving, what was earned and what was lost."""
    from lilypad.agents.court import CourtRoom
    from lilypad.cli import session

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            await _show(invocation, CourtRoom(archive.network), archive.account)
        return 0

    return session.run(work())


@mediator.command()
@click.argument("amount", type=LILY)
@json_option
@pass_invocation
def stake(invocation: Invocation, amount: int) -> int:
    """Put an AMOUNT of LILY at stake; draws count it from the next epoch on."""
    return _transact(invocation, _stake, amount)


@mediator.command()
@click.argument("amount", type=LILY)
@json_option
@pass_invocation
def unstake(invocation: Invocation, amount: int) -> int:
    """Ask for an AMOUNT of the stake back. It may be released 38 days later, unless a case may still take it."""
    return _transact(invocation, _unstake, amount)


@mediator.command()
@json_option
@pass_invocation
def release(invocation: Invocation) -> int:
    """Set free what was to leave and may leave by now, and take it and all rewards to the wallet."""
    return _transact(invocation, _release, 0)


@mediator.command()
@json_option
@pass_invocation
def collect(invocation: Invocation) -> int:
    """Move earned fees to the free balance in the vault. A running mediator does it by itself."""
    return _transact(invocation, _collect, 0)


def _transact(invocation: Invocation, action: Any, amount: int) -> int:
    from lilypad.agents.court import CourtActor
    from lilypad.cli import session

    settings = session.start(invocation)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            court = CourtActor(lily.actor)
            await action(court, amount, f"by hand {time.time_ns()}")
            await _show(invocation, court, court.account)
        return 0

    return session.run(work())


async def _stake(court: CourtActor, amount: int, key: str) -> None:
    from lilypad.cli.amounts import format_lily
    from lilypad.protocol.docket import UNIT

    _check_whole(amount)
    least = (await court.settings()).min_stake * UNIT
    staked = (await court.stake_of(court.account)).staked
    if staked + amount < least:
        raise RejectedError(f"nobody is drawn with less than {format_lily(least)} LILY at stake")
    missing = amount - await court.free(court.account)
    have = (await court.network.funds(court.account)).wallet
    if missing > have:
        raise RejectedError(f"there are only {format_lily(have)} LILY in the wallet", account=court.account)
    if missing > 0:
        await court.fund(missing, key)
    await court.stake(amount, key)


def _check_whole(amount: int) -> None:
    from lilypad.protocol.docket import UNIT

    if amount % UNIT:
        raise RejectedError("stakes are whole thousandths of a LILY")


async def _unstake(court: CourtActor, amount: int, key: str) -> None:
    from lilypad.cli.amounts import format_lily

    _check_whole(amount)
    stake_ = await court.stake_of(court.account)
    staying = stake_.staked - stake_.leaving
    if amount > staying:
        raise RejectedError(f"only {format_lily(staying)} LILY are at stake and not leaving yet")
    await court.unstake(amount, key)


async def _release(court: CourtActor, _: int, key: str) -> None:
    stake_ = await court.stake_of(court.account)
    if stake_.leaving and await court.now() > stake_.leaves_at:
        await court.release(key)
    free = await court.free(court.account)
    if not free:
        raise RejectedError("nothing is free yet; see `lilypad mediator status`", account=court.account)
    await court.withdraw(free, key)


async def _collect(court: CourtActor, _: int, key: str) -> None:
    if not (await court.stake_of(court.account)).owed:
        raise RejectedError("there are no fees to collect", account=court.account)
    await court.collect(key)


async def _show(invocation: Invocation, court: CourtRoom, account: Address) -> None:
    from lilypad.cli import render
    from lilypad.cli.amounts import amount_document, format_lily
    from lilypad.cli.documents import dump, time_document

    found = await court.stake_of(account)
    free = await court.free(account)
    lost = sum(slash.amount for slash in await court.slashes(account))
    if invocation.json:
        names = ("staked", "atRisk", "leaving", "owed", "free", "lost")
        amounts = (found.staked, found.at_risk, found.leaving, found.owed, free, lost)
        document = {name: amount_document(amount) for name, amount in zip(names, amounts, strict=True)}
        leaves = time_document(found.leaves_at) if found.leaving else None
        click.echo(dump({"account": account, **document, "leavesAt": leaves}))
        return
    leaving = f"{format_lily(found.leaving)} LILY from {render.local_time(time_document(found.leaves_at))} on"
    render.pairs(
        [
            ("account", account),
            ("at stake", f"{format_lily(found.staked)} LILY"),
            ("in open cases", f"{format_lily(found.at_risk)} LILY of it"),
            ("leaving", leaving if found.leaving else None),
            ("fees to collect", f"{format_lily(found.owed)} LILY"),
            ("rewards, free", f"{format_lily(free)} LILY"),
            ("lost so far", f"{format_lily(lost)} LILY"),
        ]
    )
