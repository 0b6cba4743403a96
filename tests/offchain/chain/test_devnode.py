"""The local node starts, keeps its state, and never outlives its parent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from lilypad.chain.devnode import DevNode, dev_account, find_anvil
from lilypad.chain.rpc import Rpc
from lilypad.errors import ChainUnavailableError, FaultError


async def test_start__two_nodes__have_their_own_ports() -> None:
    async with DevNode(chain_id=1111) as one, DevNode(chain_id=2222) as two:
        assert one.port != two.port
        for node in (one, two):
            async with Rpc([node.url], chain_id=node.chain_id) as rpc:
                assert int(await rpc.call("eth_getBalance", dev_account(9).address, "latest"), 16) > 0


async def test_stop__with_state__comes_back_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    address = dev_account(0).address
    async with DevNode(state=state) as node, Rpc([node.url]) as rpc:
        await rpc.call("anvil_mine", "0x7")
        await rpc.call("anvil_setBalance", address, "0x1234")
    async with DevNode(state=state) as node, Rpc([node.url]) as rpc:
        assert await rpc.batch([("eth_blockNumber", []), ("eth_getBalance", [address, "latest"])]) == [
            "0x7", "0x1234",
        ]  # fmt: skip


async def test_stop__again_and_again_with_state__keeps_the_first_block(tmp_path: Path) -> None:
    """At each start anvil makes one of its own, of another time."""
    beginnings = set()
    for restart in range(5):
        extra = ("--timestamp", str(1_700_000_000 + restart))
        async with DevNode(state=tmp_path / "state.json", extra=extra) as node, Rpc([node.url]) as rpc:
            await rpc.call("anvil_mine", "0x1")
            beginnings.add((await rpc.call("eth_getBlockByNumber", "0x0", False))["hash"])
    assert len(beginnings) == 1


async def test_stop__twice__is_harmless() -> None:
    node = DevNode()
    await node.start()
    await node.stop()
    await node.stop()
    async with Rpc([node.url], rounds=1) as rpc:
        with pytest.raises(ChainUnavailableError):
            await rpc.chain_id()


async def test_start__port_in_use__says_what_anvil_said(node: DevNode) -> None:
    with pytest.raises(FaultError, match=r"did not start.*in use"):
        await DevNode(port=node.port).start()


async def test_start__parent_is_killed__node_ends_too() -> None:
    code = """
import asyncio, os, signal
from lilypad.chain.devnode import DevNode
async def main():
    node = DevNode(chain_id=3333)
    await node.start()
    print(node.url, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    command = (sys.executable, "-c", code)
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    url = (await parent.stdout.readline()).decode().strip()
    async with Rpc([url], rounds=1) as rpc:
        try:
            assert await rpc.chain_id() == 3333
        finally:
            parent.kill()
            await parent.wait()
        async with asyncio.timeout(10):
            with pytest.raises(ChainUnavailableError):
                await ask_forever(rpc)


async def ask_forever(rpc: Rpc) -> None:
    while True:
        await rpc.call("eth_chainId")


def test_find_anvil__configured_but_missing__is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="does not exist"):
        find_anvil(tmp_path / "anvil")


def test_find_anvil__nowhere__says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FaultError, match="not installed"):
        find_anvil()


def test_dev_account__first__is_the_well_known_one() -> None:
    assert dev_account(0).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
