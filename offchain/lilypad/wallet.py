"""One account's key in an encrypted file, in the format that every Ethereum wallet reads (keystore version 3)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lilypad.errors import FaultError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from lilypad.types import Address


def create_wallet(path: Path, password: str) -> Address:
    """A new key. Raises FaultError if there is a wallet at this path."""
    from eth_account import Account

    return _write(path, Account.create(), password)


def import_wallet(path: Path, key: str, password: str) -> Address:
    """A key that somebody has already: 64 hexadecimal digits, or the text of a keystore file with its password.

    Raises:
        FaultError: not a key, or there is a wallet at this path.
    """
    from eth_account import Account

    try:
        account = Account.from_key(key.strip())
    except Exception:  # whatever the library raises; its message may hold the key
        raise FaultError("this is not a private key: 64 hexadecimal digits are one") from None
    return _write(path, account, password)


def open_wallet(path: Path, password: str) -> LocalAccount:
    """Takes about a second: the encryption is slow on purpose.

    Raises:
        FaultError: no wallet there, a damaged one, or another password.
    """
    from eth_account import Account

    content = _read(path)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(content, password))
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        if "MAC mismatch" in str(error):
            raise FaultError("the password does not open this wallet", wallet=path) from None
        raise FaultError("this wallet's file is damaged; restore it from a copy", wallet=path) from None
    return account


def wallet_address(path: Path) -> Address:
    """Needs no password. Raises FaultError if there is no wallet, or a damaged one."""
    from eth_utils.address import to_checksum_address

    try:
        return to_checksum_address("0x" + str(_read(path)["address"]).removeprefix("0x"))
    except (KeyError, ValueError):
        raise FaultError("this wallet's file is damaged; restore it from a copy", wallet=path) from None


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise FaultError("there is no wallet; make one with `lilypad wallet create`", wallet=path) from None
    except (OSError, ValueError) as error:
        raise FaultError(f"the wallet cannot be read: {type(error).__name__}", wallet=path) from None
    if not isinstance(content, dict):
        raise FaultError("this wallet's file is damaged; restore it from a copy", wallet=path)
    return content


def _write(path: Path, account: LocalAccount, password: str) -> Address:
    """Readable by its owner alone from the first moment on, and never over another key."""
    if not password:
        raise FaultError("a wallet needs a password")
    text = json.dumps(account.encrypt(password))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FaultError("there is a wallet already; move it away first, and keep it", wallet=path) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return account.address
