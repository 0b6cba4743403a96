"""From the environment to work: settings, logs, the account, and an event loop that ends cleanly on a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lilypad import heap, logs
from lilypad.cli.failures import Interrupted
from lilypad.cli.options import Invocation
from lilypad.errors import FaultError
from lilypad.settings import Settings, is_settings_file_lost, settings_file

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from lilypad.agents.creator.api import Lilypad
    from lilypad.agents.creator.archive import Archive
    from lilypad.types import Address

LOCAL_CHAIN = 31337
WALLET_FILE = "wallet.json"
NOTICE = "no wallet: using the well-known development account of the local chain"


def start(invocation: Invocation, default_level: str = "warning") -> Settings:
    """Reads the settings, sets up the logs and the heap: once per command."""
    heap.keep_small()
    settings = read_settings()
    level = invocation.log_level
    if level is None:
        level = settings.log_level if "log_level" in settings.model_fields_set else default_level
    if level.lower() not in logs.LEVELS:
        raise click.UsageError(f"LILYPAD_LOG_LEVEL is {level!r}; it can be {', '.join(logs.LEVELS)}.")
    as_json = invocation.log_json
    if as_json is None and "log_json" in settings.model_fields_set:
        as_json = settings.log_json
    logs.configure(level, as_json=as_json)
    return settings


def read_settings() -> Settings:
    from pydantic import ValidationError

    if is_settings_file_lost():
        raise click.UsageError(f"LILYPAD_ENV_FILE names {settings_file()}, but there is no such file.")
    try:
        return Settings.from_environment()
    except ValidationError as error:
        names = [str(e["loc"][0]).upper().removeprefix("LILYPAD_") for e in error.errors()]
        wrong = "; ".join(f"LILYPAD_{name}: {e['msg']}" for name, e in zip(names, error.errors(), strict=True))
        where = f" (environment, or {settings_file()})" if settings_file().is_file() else ""
        raise click.UsageError(f"the settings are wrong: {wrong}{where}.") from None


def run(work: Coroutine[Any, Any, int], on_terminate: Callable[[], bool] | None = None) -> int:
    """Until it is done. SIGINT and SIGTERM cancel it, so that everything it opened is closed; `on_terminate` may take
    the first SIGTERM instead, and says whether it did.

    Raises:
        Interrupted: it was ended by a signal.
    """

    async def supervised() -> int:
        loop, task, seen = asyncio.get_running_loop(), asyncio.current_task(), list[int]()
        taken: list[bool] = []
        assert task is not None  # noqa: S101 - we are in one

        def stop(signum: int) -> None:
            if signum == signal.SIGTERM and on_terminate and not taken and on_terminate():
                taken.append(True)
                return
            if not seen:
                task.cancel()
            seen.append(signum)

        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, stop, signum)
        try:
            return await work
        except asyncio.CancelledError:
            if not seen:
                raise
            raise Interrupted(seen[0]) from None

    return asyncio.run(supervised())


# ---------------------------------------------------------------------- accounts


def wallet_path(settings: Settings) -> Path:
    return settings.keystore or settings.data / WALLET_FILE


def has_wallet(settings: Settings) -> bool:
    """A keystore that is configured but missing is a mistake, not a reason to use another account."""
    return settings.keystore is not None or wallet_path(settings).exists()


def password(settings: Settings, *, confirm: bool = False) -> str:
    """From the configured file, else from the person at the terminal."""
    if settings.password_file is not None:
        try:
            return settings.password_file.read_text().rstrip("\r\n")
        except OSError as error:
            raise FaultError(
                f"the password file cannot be read: {error.strerror}", path=settings.password_file
            ) from None
    return str(click.prompt("Password of the wallet", hide_input=True, confirmation_prompt=confirm, err=True))


def open_account(settings: Settings) -> LocalAccount:
    """The wallet's; on a local chain without a wallet the development account of the creator."""
    if has_wallet(settings) or settings.chain_id != LOCAL_CHAIN:
        return open_own_account(settings)
    from lilypad.agents.localnet import Accounts

    click.echo(f"lilypad: {NOTICE}", err=True)
    return Accounts.development().creator


def open_own_account(settings: Settings) -> LocalAccount:
    """For agents: never an account that everybody shares.

    Raises:
        FaultError: there is no wallet.
    """
    from lilypad.wallet import open_wallet

    path = wallet_path(settings)
    return open_wallet(path, password(settings) if path.exists() else "")


def refuse_second_wallet(settings: Settings) -> None:
    """Before anybody types a password.

    Raises:
        FaultError: there is a wallet.
    """
    if (path := wallet_path(settings)).exists():
        raise FaultError("there is a wallet already; move it away first, and keep it", wallet=path)


def account_address(settings: Settings) -> Address:
    """Whose it is, without a password."""
    from lilypad.wallet import wallet_address

    if has_wallet(settings) or settings.chain_id != LOCAL_CHAIN:
        return wallet_address(wallet_path(settings))
    from lilypad.agents.localnet import Accounts

    return Accounts.development().creator.address


def provider_address(settings: Settings) -> Address:
    """The wallet's; on a local chain without a wallet that of the provider in `lilypad up`."""
    from lilypad.wallet import wallet_address

    if has_wallet(settings) or settings.chain_id != LOCAL_CHAIN:
        return wallet_address(wallet_path(settings))
    from lilypad.agents.localnet import Accounts

    return Accounts.development().provider.address


# ---------------------------------------------------------------------- connections


async def reach_chain(settings: Settings) -> None:
    """First of all: a chain that is not there explains everything else that would be missing.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    from lilypad.chain.rpc import Rpc

    async with Rpc(settings.rpc, chain_id=settings.chain_id, rounds=1) as rpc:
        await rpc.call("eth_chainId")


@asynccontextmanager
async def creator(settings: Settings, account: LocalAccount) -> AsyncIterator[Lilypad]:
    from lilypad.agents.creator.api import Lilypad

    await reach_chain(settings)
    async with Lilypad(account, settings) as lily:
        yield lily


@asynccontextmanager
async def archive(settings: Settings) -> AsyncIterator[Archive]:
    """The account's jobs, for commands that need no key."""
    from lilypad.agents.creator.archive import Archive

    await reach_chain(settings)
    async with Archive.connect(settings, account_address(settings)) as found:
        yield found
