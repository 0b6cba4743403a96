"""A real IPFS node for the tests: alone, on loopback, with a repository of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

BINARY = shutil.which("ipfs")

_ALONE = {
    "Bootstrap": [],
    "Addresses": {"API": "/ip4/127.0.0.1/tcp/0", "Gateway": "/ip4/127.0.0.1/tcp/0", "Swarm": []},
    "Routing": {"Type": "none"},
    "Discovery": {"MDNS": {"Enabled": False}},
    "AutoConf": {"Enabled": False},
    "AutoTLS": {"Enabled": False},
    "Plugins": {"Plugins": {"telemetry": {"Config": {"Mode": "off"}}}},
}


@contextlib.asynccontextmanager
async def kubo(folder: Path) -> AsyncIterator[str]:
    """Start a node; gives the address of its RPC interface."""
    environment = {**os.environ, "IPFS_PATH": str(folder), "IPFS_TELEMETRY": "off"}
    await _ipfs(environment, "init", "--profile=test")
    await asyncio.to_thread(_leave_alone, folder / "config")
    daemon = await asyncio.create_subprocess_exec(
        str(BINARY), "daemon", "--offline", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield await asyncio.wait_for(_address(daemon, folder), 60)
    finally:
        daemon.terminate()
        await daemon.wait()


def _leave_alone(config: Path) -> None:
    config.write_text(json.dumps(json.loads(config.read_text()) | _ALONE))


async def _address(daemon: asyncio.subprocess.Process, folder: Path) -> str:
    assert daemon.stdout is not None
    async for line in daemon.stdout:
        if b"Daemon is ready" in line:
            _, _, host, _, port = (folder / "api").read_text().strip().split("/")
            return f"http://{host}:{port}"
    raise RuntimeError("the IPFS node ended before it was ready")


async def _ipfs(environment: dict[str, str], *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        str(BINARY), *arguments, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait() != 0:
        raise RuntimeError(f"ipfs {' '.join(arguments)} failed")
