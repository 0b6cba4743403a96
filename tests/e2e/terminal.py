"""Commands in processes of their own, beside a network that lives in this one."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from typing import Any

from lilypad.settings import Settings
from tests.offchain.cli.command import LILYPAD, ROOT, Command, Outcome

PATIENCE = 60.0


class Terminal:
    def __init__(self, settings: Settings, **others: object) -> None:
        self._command = Command(
            settings.data,
            deployments=settings.deployments,
            modules=",".join(map(str, settings.modules)),
            rpc=settings.rpc[0],
            market=settings.market,
            **others,
        )

    async def start(self, *arguments: str) -> Process:
        environment = self._command.environment
        return await asyncio.create_subprocess_exec(
            LILYPAD, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE, env=environment, cwd=ROOT
        )

    async def __call__(self, *arguments: str) -> Outcome:
        async with asyncio.timeout(PATIENCE):
            process = await self.start(*arguments)
            out, err = await process.communicate()
        assert process.returncode is not None
        return Outcome(process.returncode, out.decode(), err.decode())

    async def detach(self, module: str, *arguments: str) -> str:
        """The id of a job that no command follows."""
        done = await self("run", module, *arguments, "--detach", "--json")
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return str(found["job"])


async def read_until(stream: asyncio.StreamReader | None, word: str) -> str:
    assert stream is not None
    text = ""
    async with asyncio.timeout(PATIENCE):
        while line := await stream.readline():
            text += line.decode()
            if word in text:
                return text
    raise AssertionError(f"the command ended without saying {word!r}: {text!r}")
