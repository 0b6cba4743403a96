"""A local chain: anvil as a child process that ends with its parent, however that ends."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.errors import FaultError

log = logging.getLogger(__name__)

LOCAL_CHAIN = 31337
"""The id that local chains have by custom."""
MNEMONIC = "test test test test test test test test test test test junk"
"""Known to everybody: never send anything of value to its accounts."""

# The shell holds anvil and reads from a pipe whose other end is ours. When we close it, or are killed, `read` ends and
# so does anvil: SIGTERM makes it write its state first. The shell lets go of the output, so that it ends with anvil.
_KEEPER = """
"$@" </dev/null & node=$!
exec >/dev/null 2>&1
read -r _
kill -TERM $node
wait $node
"""


class DevNode:
    """`async with DevNode(chain_id=31337) as node:` then `node.url`; funded accounts by `dev_account(i)`."""

    def __init__(
        self,
        *,
        chain_id: int = LOCAL_CHAIN,
        port: int = 0,
        anvil: Path | None = None,
        state: Path | None = None,
        block_seconds: float | None = None,
        extra: tuple[str, ...] = (),
        ready_seconds: float = 30.0,
    ) -> None:
        """`port` 0 takes a free one. `state` is loaded at the start if it exists and written at the end."""
        self.chain_id = chain_id
        self.port = port
        self._anvil = anvil
        self._state = state
        self._arguments = ["--host", "127.0.0.1", "--hardfork", "cancun", "--chain-id", str(chain_id)]
        self._arguments += ["--state", str(state)] if state is not None else []
        self._arguments += ["--block-time", str(block_seconds)] if block_seconds is not None else []
        self._arguments += extra
        self._ready_seconds = ready_seconds
        self._process: Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._cache: TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when the node answers. After `stop` it starts again, on the same port."""
        binary = find_anvil(self._anvil)
        if self._state is not None:
            _keep_one_beginning(self._state)
        # Old states would go to the home directory, and stay there.
        self._cache = TemporaryDirectory(prefix="lilypad-chain-")
        arguments = (*self._arguments, "--port", str(self.port), "--cache-path", self._cache.name)
        command = ("/bin/sh", "-c", _KEEPER, "sh", str(binary), *arguments)
        # A session of its own: Ctrl-C on the terminal reaches us alone, and we still need the chain to shut down.
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, start_new_session=True
        )
        said: list[str] = []
        try:
            async with asyncio.timeout(self._ready_seconds):
                self.port = await _listening(self._process, said)
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError | EOFError):
                raise FaultError("anvil did not start", said=" / ".join(said[-5:])) from error
            raise
        self._drain = asyncio.create_task(_forget_output(self._process), name=f"anvil:{self.port}")
        log.debug("devnode_ready", extra={"url": self.url, "chain_id": self.chain_id})

    async def stop(self) -> None:
        """Ends the node and waits until it is gone and its state is written. Safe to call twice."""
        if self._process is None:
            return
        process, self._process = self._process, None
        if process.stdin is not None:
            process.stdin.close()
        if self._drain is None:
            self._drain = asyncio.create_task(_forget_output(process))
        await self._drain
        self._drain = None
        await process.wait()
        if self._cache is not None:
            self._cache.cleanup()


def dev_account(index: int = 0) -> LocalAccount:
    """One of the ten funded accounts of every local chain."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


def find_anvil(given: Path | None = None) -> Path:
    """The one that is given, or on the PATH, or in the nearest node_modules above the working directory."""
    if given is not None:
        if not given.is_file():
            raise FaultError("the configured anvil does not exist", path=given)
        return given
    for folder in (Path.cwd(), *Path.cwd().parents):
        # The platform's own binary first: the one in .bin is a script that costs a start of Node.
        natives = sorted(folder.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
        for candidate in (*natives, folder / "node_modules/.bin/anvil"):
            if candidate.is_file():
                return candidate
    found = shutil.which("anvil")
    if found is None:
        raise FaultError("anvil is not installed; run `make` or put it on the PATH")
    return Path(found)


def _keep_one_beginning(state: Path) -> None:
    """anvil makes a first block at each start and saves it beside the one that it has loaded; which of them is number 0
    after the next start would be left to chance. The true one is the oldest."""
    if not state.exists():
        return
    saved = json.loads(state.read_text())
    first = [block for block in saved["blocks"] if int(block["header"]["number"], 16) == 0]
    if len(first) > 1:
        true = min(first, key=lambda block: int(block["header"]["timestamp"], 16))
        saved["blocks"] = [block for block in saved["blocks"] if block is true or block not in first]
        state.write_text(json.dumps(saved))


async def _listening(process: Process, said: list[str]) -> int:
    """Reads what anvil says until it names its port."""
    if process.stdout is None:
        raise FaultError("anvil was started without a pipe")
    while line := (await process.stdout.readline()).decode(errors="replace"):
        if line.startswith("Listening on "):
            return int(line.rsplit(":", 1)[1])
        if line.strip():
            said.append(line.strip())
    raise EOFError


async def _forget_output(process: Process) -> None:
    """Keeps the pipe empty, or anvil would stop at a full one."""
    if process.stdout is not None:
        while await process.stdout.read(1 << 16):
            pass
