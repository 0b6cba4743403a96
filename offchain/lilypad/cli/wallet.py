"""`lilypad wallet`: the key, and the money in the wallet and in the vault."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lilypad.cli.options import LILY, Invocation, json_option, pass_invocation

if TYPE_CHECKING:
    from lilypad.agents.network import Actor
    from lilypad.chain.receipts import Receipt
    from lilypad.settings import Settings


@click.group()
def wallet() -> None:
    """Your key and your money.

    The password comes from LILYPAD_PASSWORD_FILE or --password-file, or you are asked for it.
    """


password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Its first line opens the wallet.",
)


@wallet.command()
@password_option
@json_option
@pass_invocation
def create(invocation: Invocation, password_file: Path | None) -> None:
    """Make a new key, encrypted with a password."""
    from lilypad.cli import session
    from lilypad.wallet import create_wallet

    settings = _start(invocation, password_file)
    session.refuse_second_wallet(settings)
    path = session.wallet_path(settings)
    _show_wallet(invocation, create_wallet(path, session.password(settings, confirm=True)), path)


@wallet.command("import")
@click.option("--key-file", type=click.File("r"), help="Holds the private key; - is stdin. You are asked without it.")
@password_option
@json_option
@pass_invocation
def import_(invocation: Invocation, key_file: Any, password_file: Path | None) -> None:
    """Take over a private key, encrypted with a password. It is never an argument: others would see it."""
    from lilypad.cli import session
    from lilypad.wallet import import_wallet

    settings = _start(invocation, password_file)
    session.refuse_second_wallet(settings)
    path = session.wallet_path(settings)
    key = key_file.read() if key_file else click.prompt("Private key", hide_input=True, err=True)
    _show_wallet(invocation, import_wallet(path, key, session.password(settings, confirm=True)), path)


@wallet.command()
@json_option
@pass_invocation
def address(invocation: Invocation) -> None:
    """Print the account's address."""
    from lilypad.cli import session
    from lilypad.cli.documents import dump

    found = session.account_address(session.start(invocation))
    click.echo(dump({"address": found}) if invocation.json else found)


@wallet.command()
@json_option
@pass_invocation
def balance(invocation: Invocation) -> int:
    """Show the money in the wallet and in the vault."""
    from lilypad.cli import session

    settings = session.start(invocation)

    async def work() -> int:
        async with session.archive(settings) as archive:
            funds = await archive.network.funds(archive.account)
            gas = await archive.network.gas_money(archive.account)
        _show_funds(invocation, archive.account, funds, gas)
        return 0

    return session.run(work())


@wallet.command()
@click.argument("amount", type=LILY)
@password_option
@json_option
@pass_invocation
def deposit(invocation: Invocation, amount: int, password_file: Path | None) -> int:
    """Put an AMOUNT of LILY into the vault. Running a job does it by itself."""
    return _move(invocation, password_file, "deposit", amount)


@wallet.command()
@click.argument("amount", type=LILY)
@password_option
@json_option
@pass_invocation
def withdraw(invocation: Invocation, amount: int, password_file: Path | None) -> int:
    """Take an AMOUNT of LILY out of the vault; what deals have locked stays."""
    return _move(invocation, password_file, "withdraw", amount)


@wallet.command()
@click.option("--amount", type=LILY, default="1000", show_default=True, help="How much.")
@json_option
@pass_invocation
def fund(invocation: Invocation, amount: int) -> int:
    """Get play money, LILY and gas, on a local chain: every `lilypad up` begins a new one."""
    from lilypad.agents.faucet import fund as give
    from lilypad.agents.faucet import require_local_chain
    from lilypad.cli import session

    settings = session.start(invocation)
    require_local_chain(settings.chain_id)

    async def work() -> int:
        async with session.archive(settings) as archive:
            receipt = await give(archive.network, archive.account, amount)
            funds = await archive.network.funds(archive.account)
            gas = await archive.network.gas_money(archive.account)
        _show_funds(invocation, archive.account, funds, gas, receipt)
        return 0

    return session.run(work())


def _move(invocation: Invocation, password_file: Path | None, what: str, amount: int) -> int:
    from lilypad.cli import session

    settings = _start(invocation, password_file)
    account = session.open_account(settings)

    async def work() -> int:
        async with session.creator(settings, account) as lily:
            receipt = await _transact(lily.actor, what, amount)
            funds = await lily.actor.funds(lily.actor.account)
            gas = await lily.actor.gas_money(lily.actor.account)
        _show_funds(invocation, lily.actor.account, funds, gas, receipt)
        return 0

    return session.run(work())


async def _transact(actor: Actor, what: str, amount: int) -> Receipt:
    """Looks first, to say in LILY what the contracts would say in their words."""
    from lilypad.cli.amounts import format_lily
    from lilypad.errors import RejectedError

    funds, is_deposit = await actor.funds(actor.account), what == "deposit"
    have = funds.wallet if is_deposit else funds.free
    if have < amount:
        place = "in the wallet" if is_deposit else "free in the vault"
        raise RejectedError(f"there are only {format_lily(have)} LILY {place}", account=actor.account)
    move = actor.deposit if is_deposit else actor.withdraw
    return await move(amount, key=f"by hand {time.time_ns()}")


def _start(invocation: Invocation, password_file: Path | None) -> Settings:
    from lilypad.cli import session

    settings = session.start(invocation)
    return settings.model_copy(update={"password_file": password_file}) if password_file else settings


def _show_wallet(invocation: Invocation, found: str, path: Path) -> None:
    from lilypad.cli import render
    from lilypad.cli.documents import dump

    document = {"address": found, "file": str(path)}
    if invocation.json:
        click.echo(dump(document))
    else:
        render.pairs(document.items())
        click.echo("Keep a copy of the file and the password: nobody can restore them.", err=True)


def _show_funds(invocation: Invocation, owner: str, funds: Any, gas: int, receipt: Receipt | None = None) -> None:
    from lilypad.cli import render
    from lilypad.cli.documents import dump, funds_document

    document = funds_document(owner, funds, gas)
    if receipt is not None:
        document["transaction"] = "0x" + receipt.tx_hash.hex()
    click.echo(dump(document)) if invocation.json else render.funds_page(document)
