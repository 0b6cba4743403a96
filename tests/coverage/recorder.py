"""Writes the tape while the contracts' tests run: ape test -p tests.coverage.recorder, with LILYPAD_TAPE=<file>.

It listens where web3 talks to the node, and where chains are made on revm, so no test knows of it. What was heard of
the latter is a tape of its own, beside the first: <file>.revm.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import pytest
from eth_utils.crypto import keccak
from web3 import HTTPProvider

from tests.coverage.revm import Chains
from tests.coverage.tape import NOBODY, Codes, Kind, Step

Ask = Callable[[str, Any], Any]
"""Sends one request to the node and gives the whole response."""

SENDS = ("eth_sendRawTransaction", "eth_sendTransaction")
WITHOUT_EFFECT = ("eth_", "net_", "web3_", "debug_", "trace_", "anvil_get")
"""Nothing of it reaches a contract, or only as a trial of what is sent afterwards."""
REPEATED_ANYWAY = (
    "anvil_mine",
    "anvil_setBalance",
    "anvil_impersonateAccount",
    "anvil_stopImpersonatingAccount",
    "evm_mine",
    "evm_setNextBlockTimestamp",
)
"""Time and sender stand in each step, and nobody pays for gas there."""


class Recorder:
    def __init__(self, file: TextIO, codes: Callable[[], Codes]) -> None:
        self._file = file
        self._codes = codes
        self._snapshots: dict[str, int] = {}
        self._taken = 0
        self._latest: Any = None
        """The latest block, where it is known: no need to ask for it before each of many reads."""
        self.unheard: set[str] = set()
        """Requests that the tape has no step for, so that coverage would not know what they did."""
        self._write(Step(Kind.CHAIN, number=31337))

    def hear(self, ask: Ask, method: str, params: Any, response: Any) -> None:
        """One request that the node has answered."""
        if method in SENDS or method.startswith(("anvil_", "evm_")):
            self._latest = None
        if method in SENDS and "result" in response:
            self._write(self._sent(ask, response["result"]))
        elif method == "eth_call" and params[0].get("to"):
            self._write(self._read(ask, params[0], response))
        elif method == "evm_snapshot":
            self._snapshots[response["result"]] = self._taken
            self._write(Step(Kind.SNAPSHOT, number=self._taken))
            self._taken += 1
        elif method == "evm_revert":
            self._write(Step(Kind.RESTORE, number=self._snapshots[params[0]]))
        elif method == "anvil_setChainId":
            self._write(Step(Kind.CHAIN, number=params[0]))
        elif method == "anvil_setStorageAt":
            account, slot, value = params
            self._write(Step(Kind.STORE, number=int(slot, 16), to=account, answer=bytes.fromhex(value[2:])))
        elif method not in REPEATED_ANYWAY and not method.startswith(WITHOUT_EFFECT):
            # Told at the end: an exception here would leave the node in a state that no later test expects.
            self.unheard.add(method)

    def _sent(self, ask: Ask, hash_: str) -> Step:
        receipt = _mined(ask, hash_)
        block = ask("eth_getBlockByNumber", [receipt["blockNumber"], False])["result"]
        sent = ask("eth_getTransactionByHash", [hash_])["result"]
        if int(sent["value"], 16):
            self.unheard.add("a payment in ether")
        when, data = int(block["timestamp"], 16), bytes.fromhex(sent["input"][2:])
        ok, gas = receipt["status"] == "0x1", int(sent["gas"], 16)
        if sent["to"]:
            return Step(Kind.SEND, when, gas=gas, sender=sent["from"], to=sent["to"], data=data, ok=ok)
        name, rest = self._codes().split(data)
        to, nonce = receipt["contractAddress"] or NOBODY, int(sent["nonce"], 16)
        return Step(Kind.CREATE, when, nonce, gas, sent["from"], to, name, rest, ok)

    def _read(self, ask: Ask, call: Any, response: Any) -> Step:
        if self._latest is None:
            self._latest = ask("eth_getBlockByNumber", ["latest", False])["result"]
        answer = response["result"] if "result" in response else response["error"].get("data", "0x")
        return Step(
            Kind.READ,
            int(self._latest["timestamp"], 16),
            gas=int(call.get("gas", self._latest["gasLimit"]), 16),
            sender=call.get("from", NOBODY),
            to=call["to"],
            data=bytes.fromhex(call.get("data", "0x")[2:]),
            ok="result" in response,
            answer=keccak(hexstr=answer),
        )

    def _write(self, step: Step) -> None:
        self._file.write(step.line() + "\n")


def _mined(ask: Ask, hash_: str) -> Any:
    """The node mines in its own time: a receipt may be missing right after the transaction was sent."""
    deadline = time.monotonic() + 60
    while (receipt := ask("eth_getTransactionReceipt", [hash_])["result"]) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the node does not mine {hash_}")
    return receipt


@cache
def _codes_of_project() -> Codes:
    from ape import project

    return Codes({c.name: bytes(c.get_deployment_bytecode() or b"") for c in project.contracts.values()})


class Plugin:
    """The tape is there only when all tests have passed: a part of one would measure a part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._file = self._part.open("w")
        self._chains = Chains(_codes_of_project)
        self._chains.listen()
        self._recorder = recorder = Recorder(self._file, _codes_of_project)
        self._send = send = HTTPProvider.make_request

        def send_and_hear(provider: HTTPProvider, method: Any, params: Any) -> Any:
            response = send(provider, method, params)
            recorder.hear(lambda m, p: send(provider, m, p), method, params, response)
            return response

        HTTPProvider.make_request = send_and_hear  # type: ignore[method-assign]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        HTTPProvider.make_request = self._send  # type: ignore[method-assign]
        self._file.close()
        self._chains.stop()
        with self._path.with_suffix(".revm").open("w") as file:
            self._chains.write(file)
        if self._recorder.unheard:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif exitstatus == 0:
            self._part.replace(self._path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for what in sorted(self._recorder.unheard):
            terminalreporter.write_line(f"The tape of the tests has no step for {what}: see tests/coverage.", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Plugin(Path(os.environ["LILYPAD_TAPE"])))
