"""A Docker engine of the test's own, which it may kill: other tests and other people use the machine's."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

PATIENCE = 30.0


def can_run() -> bool:
    return os.geteuid() == 0 and shutil.which("dockerd") is not None


class PrivateEngine:
    """
    Args:
        programs: a folder in which the engine looks for its helpers first.
    """

    def __init__(self, folder: Path, programs: Path | None = None) -> None:
        self._folder = folder
        self._environment = os.environ | ({"PATH": f"{programs}:{os.environ['PATH']}"} if programs else {})
        self._process: Process | None = None
        self.address = f"unix://{folder}/docker.sock"

    async def start(self) -> None:
        """Returns when it answers."""
        folder = self._folder
        arguments = ("--host", self.address, "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec")
        arguments += ("--pidfile", f"{folder}/pid", "--bridge", "none", "--iptables=false", "--storage-driver", "vfs")
        with (folder / "said.log").open("a") as said:
            self._process = await asyncio.create_subprocess_exec(
                "dockerd", *arguments, stdout=said, stderr=said, env=self._environment
            )
        async with asyncio.timeout(PATIENCE):
            while not await self._answers():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """No clean-up, no goodbye to its containers."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        (self._folder / "pid").unlink()
        subprocess.run(("umount", "--lazy", self._folder / "data"), check=True)  # noqa: ASYNC221 - at once

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def load(self, image: Path) -> None:
        command = ("docker", "--host", self.address, "load", "--quiet", "--input", str(image))
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)

    async def _answers(self) -> bool:
        process = await asyncio.create_subprocess_exec(
            "docker", "--host", self.address, "version", stdout=DEVNULL, stderr=DEVNULL
        )
        return await process.wait() == 0
