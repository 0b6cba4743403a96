"""The tape of what tests do on revm (tests/invariants/evm.py): the same steps as those of a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TextIO
from unittest.mock import patch

import pyrevm
from eth_utils.crypto import keccak

from tests.coverage.tape import NOBODY, Codes, Kind, Step

CHAIN_ID = 1
BLOCK_GAS = 30_000_000


class Chains:
    """Hears every chain that is made while it listens. The steps of each are kept together: all of them begin empty,
    and two may be in use at the same time."""

    def __init__(self, codes: Callable[[], Codes]) -> None:
        self._codes = codes
        self._heard: list[list[str]] = []
        self._patch = patch.object(pyrevm, "EVM", self._begin)
        self._make = pyrevm.EVM

    def listen(self) -> None:
        self._patch.start()

    def stop(self) -> None:
        self._patch.stop()

    def write(self, file: TextIO) -> None:
        """Each chain begins where the first one did: with nothing."""
        lines = [Step(Kind.CHAIN, number=CHAIN_ID).line(), Step(Kind.SNAPSHOT).line()]
        for heard in self._heard:
            lines += [Step(Kind.RESTORE).line(), *heard]
        file.writelines(line + "\n" for line in lines)

    def _begin(self, **settings: Any) -> HeardEvm:
        self._heard.append(lines := [])
        return HeardEvm(self._make(**settings), self._codes(), lines)


class HeardEvm:
    """pyrevm's chain, of which each step is written down."""

    def __init__(self, evm: Any, codes: Codes, lines: list[str]) -> None:
        self._evm = evm
        self._codes = codes
        self._lines = lines
        self._time = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evm, name)

    def set_block_env(self, block: Any) -> None:
        self._time = block.timestamp
        self._evm.set_block_env(block)

    def deploy(self, sender: str, code: bytes) -> str:
        nonce, (name, rest) = self._evm.basic(sender).nonce, self._codes.split(code)
        step = Step(Kind.CREATE, self._time, nonce, BLOCK_GAS, sender, NOBODY, name, rest, ok=False)
        made = NOBODY
        try:
            made = self._evm.deploy(sender, code)
        finally:
            self._write(step, to=made, ok=made != NOBODY)
        return made

    def message_call(self, sender: str, to: str, *, calldata: bytes) -> bytes:
        step = Step(Kind.SEND, self._time, gas=BLOCK_GAS, sender=sender, to=to, data=calldata, ok=False)
        try:
            output = bytes(self._evm.message_call(sender, to, calldata=calldata))
        except RuntimeError:
            self._write(step)
            raise
        self._write(step, ok=True, answer=keccak(output))
        return output

    def insert_account_storage(self, account: str, slot: int, value: int) -> None:
        self._evm.insert_account_storage(account, slot, value)
        self._write(Step(Kind.STORE, number=slot, to=account, answer=value.to_bytes(32, "big")))

    def _write(self, step: Step, **known: Any) -> None:
        self._lines.append(replace(step, **known).line())
