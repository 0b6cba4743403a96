"""How fast the agents are, and what they need: a network on this machine, and a backlog of logs.

python -m benchmarks.agents                 takes a few minutes, best on a machine that does nothing else
python -m benchmarks.agents memory 10000    what the process of all agents weighs as that many deals go by

Prints a table for docs/benchmarks.md. Times depend on the machine: each stands beside what it is to be compared with.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp.test_utils import unused_port

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import LocalNetwork, local_network
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.work.packages import Packages
from lilypad.chain.devnode import DevNode, dev_account
from lilypad.chain.feed import Feed
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.executors.wasm import WasmExecutor
from lilypad.heap import keep_small
from lilypad.modules.folder import read_inputs, write_inputs
from lilypad.modules.spec import execution_spec, seed_from_inputs
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.journal import Journal
from lilypad.types import Address, Resources

JOBS, PLACES, AT_ONCE = 200, 16, 8
RUNS = 40
LOGS_A_CALL, CALLS = 2_500, 120
EMITTER = bytes.fromhex("60108060095f395ff3" + "5f355b805f5fa1600190038060025700")
"""Creation code of a contract that emits as many logs, each with another topic, as the word in its calldata says."""
LILYPAD = Path(sys.executable).with_name("lilypad")
MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def roomy(usual: OfferTerms) -> OfferTerms:
    """More cores than there are: what is measured are the agents, and the module hardly needs one."""
    return replace(usual, places=PLACES, capacity=Resources(1_000 * PLACES, ram_mib=1_024 * PLACES))


@asynccontextmanager
async def network(folder: Path) -> AsyncIterator[tuple[LocalNetwork, Lilypad]]:
    settings = Settings(data=folder, deployments=folder / "deployments")
    async with (
        local_network(settings, chain_port=0, market_port=0, mediators=0, amend=roomy) as here,
        Lilypad(here.accounts.creator, here.settings) as lily,
    ):
        yield here, lily


# ---------------------------------------------------------------------- deals


async def deals(lily: Lilypad) -> dict[str, str]:
    """From wish to payment, several at a time."""
    await lily.run("cowsay", {"Message": "warm"})
    began = time.perf_counter()
    async for _ in finished(lily, JOBS):
        pass
    seconds = time.perf_counter() - began
    return {f"deals a second, {AT_ONCE} at a time, all roles and the chain on this machine": f"{JOBS / seconds:.1f}"}


async def finished(lily: Lilypad, count: int) -> AsyncIterator[int]:
    """Counts jobs as they are done."""
    running = {asyncio.ensure_future(lily.run("cowsay", {"Message": f"job {n}"})) for n in range(AT_ONCE)}
    begun, done = AT_ONCE, 0
    while running:
        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for job in ended:
            job.result()
            done += 1
            yield done
            if begun < count:
                running.add(asyncio.ensure_future(lily.run("cowsay", {"Message": f"job {begun}"})))
                begun += 1


async def memory(count: int) -> None:
    """A row for each tenth of them: creator, solver and provider in one process, a block a second."""
    with TemporaryDirectory() as folder:
        async with network(Path(folder)) as (_, lily):
            print(f"| 0 | {resident() / MIB:.0f} MiB |")  # noqa: T201
            async for done in finished(lily, count):
                if done % (count // 10) == 0:
                    print(f"| {done:,} | {resident() / MIB:.0f} MiB |", flush=True)  # noqa: T201


async def overhead(lily: Lilypad, folder: Path) -> dict[str, str]:
    bare = [await timed(lambda: bare_run(lily, folder)) for _ in range(RUNS)]
    whole = [await timed(lambda: lily.run("cowsay", {"Message": "hello"})) for _ in range(RUNS)]
    return {
        "the module alone, p50 and p99": spread(bare),
        "a whole job from Python, p50 and p99": spread(whole),
    }


async def bare_run(lily: Lilypad, folder: Path) -> None:
    package = Packages(Settings().modules).named("cowsay")
    place = folder / f"bare-{time.time_ns()}"
    write_inputs(package.manifest, {"Message": "hello"}, place / "inputs")
    cid = await LocalBlockStore(folder / "blocks").add_directory(place / "inputs")
    given = read_inputs(package.manifest, place / "inputs")
    spec = execution_spec(
        package.manifest, given, package.artifact, package.manifest.budget.default, seed_from_inputs(cid.digest)
    )
    executor = WasmExecutor(folder / "cache", max_concurrent=1)
    await executor.start(place.name, spec, place / "inputs", place / "output")
    await executor.wait(place.name)
    await executor.close()


async def timed(run: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1000:.0f} ms, {last * 1000:.0f} ms"


# ---------------------------------------------------------------------- feed


async def catch_up() -> dict[str, str]:
    """A backlog is read, journal and all; nothing is decoded that nobody asks for."""
    with TemporaryDirectory() as folder:
        async with DevNode(extra=("--gas-limit", "100000000")) as node, Rpc((node.url,), chain_id=31337) as rpc:
            with Journal(Path(folder) / "sender.sqlite") as journal:
                sender = Sender(rpc, journal, dev_account())
                emitter = (await sender.send(None, EMITTER, key="emitter")).contract_address
                assert emitter is not None  # noqa: S101 - it was deployed
                for number in range(CALLS):
                    await sender.send(emitter, LOGS_A_CALL.to_bytes(32, "big"), key=f"{number}")
            fetched = await timed(lambda: fetch_all(rpc, emitter))
            with Journal(Path(folder) / "feed.sqlite") as journal:
                began, seen = time.perf_counter(), 0
                async for batch in Feed(rpc, journal, [emitter]).batches():
                    with batch.applying():
                        seen += len(batch.logs)
                    if batch.caught_up:
                        break
                seconds = time.perf_counter() - began
    assert seen == LOGS_A_CALL * CALLS  # noqa: S101 - none missed, none twice
    return {
        f"logs a second, of a backlog of {seen:,}": f"{seen / seconds:,.0f}",
        "the same, asked for in one request, parsed and thrown away": f"{seen / fetched:,.0f}",
    }


async def fetch_all(rpc: Rpc, emitter: Address) -> None:
    await rpc.call("eth_getLogs", {"address": emitter, "fromBlock": "0x0", "toBlock": "latest"})


# ---------------------------------------------------------------------- starts


def starts() -> dict[str, str]:
    return {
        "`python -c pass`": command_time(sys.executable, "-c", "pass"),
        "`lilypad --help`": command_time(str(LILYPAD), "--help"),
        "`lilypad up` until it is ready, contracts, modules and all agents": up_time(),
    }


def agent_starts(here: LocalNetwork) -> dict[str, str]:
    """Each as a process of its own, from the command to the moment its web server answers."""
    return {
        f"`lilypad {role} start` until it serves": agent_time(here, role, account)
        for role, account in (("solver", 6), ("provider", 7), ("mediator", 8))
    }


def agent_time(here: LocalNetwork, role: str, account: int) -> str:
    with TemporaryDirectory() as folder:
        password = Path(folder) / "password"
        password.write_text("benchmark")
        wallet = Path(folder) / "wallet.json"
        wallet.write_text(json.dumps(dev_account(account).encrypt("benchmark", kdf="pbkdf2", iterations=1)))
        port = unused_port()
        settings = {
            "LILYPAD_DATA": folder, "LILYPAD_DEPLOYMENTS": str(here.settings.deployments),
            "LILYPAD_KEYSTORE": str(wallet), "LILYPAD_PASSWORD_FILE": str(password),
            "LILYPAD_RPC": here.settings.rpc[0], "LILYPAD_MARKET": here.settings.market,
            "LILYPAD_LISTEN_PORT": str(port),
        }  # fmt: skip
        began = time.perf_counter()
        with subprocess.Popen(
            (LILYPAD, role, "start"), stderr=subprocess.DEVNULL, env=os.environ | settings
        ) as process:
            while not answers(port):
                time.sleep(0.005)
            seconds = time.perf_counter() - began
            process.terminate()
        return f"{seconds * 1000:.0f} ms"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def command_time(*command: str) -> str:
    times = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return f"{statistics.median(times) * 1000:.0f} ms"


def up_time() -> str:
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "LILYPAD_DATA": folder, "LILYPAD_DEPLOYMENTS": f"{folder}/deployments"}
        began = time.perf_counter()
        command = (LILYPAD, "up", "--chain-port", "0", "--market-port", "0", "--json")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            process.stdout.readline()
            seconds = time.perf_counter() - began
            process.terminate()
            process.stdout.read()
        return f"{seconds * 1000:.0f} ms"


async def measure() -> dict[str, str]:
    with TemporaryDirectory() as folder:
        async with network(Path(folder)) as (here, lily):
            found = await deals(lily) | await overhead(lily, Path(folder))
            found |= await asyncio.to_thread(agent_starts, here)
    return found | await catch_up() | starts()


def main() -> None:
    keep_small()  # as every agent does
    if sys.argv[1:2] == ["memory"]:
        asyncio.run(memory(int(sys.argv[2])))
        return
    for name, value in asyncio.run(measure()).items():
        print(f"| {name} | {value} |")  # noqa: T201


if __name__ == "__main__":
    main()
