"""The chain: each endpoint by itself, the contracts, and what time it is there."""

from __future__ import annotations

import time

from lilypad.chain.deployments import Deployment, read_deployment
from lilypad.chain.rpc import Rpc
from lilypad.doctor.findings import Finding, broken, ok, warning
from lilypad.errors import ChainUnavailableError, LilypadError
from lilypad.settings import Settings

LOCAL_CHAIN = 31337
LATE_SECONDS, DEAD_SECONDS = 120, 900
"""Age of the newest block: slow, and not to be worked with."""
SKEW_SECONDS = 15
TIMEOUT = 5.0


async def examine_endpoints(settings: Settings) -> list[Finding]:
    """Every one, not only the first that answers: the others are there for the day that it does not."""
    findings = []
    for url in settings.rpc:
        async with Rpc([url], chain_id=settings.chain_id, rounds=1, timeout_seconds=TIMEOUT) as rpc:
            findings += await _endpoint(rpc, settings)
    return findings


async def _endpoint(rpc: Rpc, settings: Settings) -> list[Finding]:
    name = rpc.shown_urls[0]
    try:
        began = time.monotonic()
        block = await rpc.call("eth_getBlockByNumber", "latest", False)
        took = time.monotonic() - began
    except LilypadError as error:
        where = "start one with `lilypad up`, or set LILYPAD_RPC and LILYPAD_CHAIN_ID"
        return [broken("rpc", _failure(name, error), f"check the node and the network; {where}")]
    number, age = int(block["number"], 16), time.time() - int(block["timestamp"], 16)
    found = [ok("rpc", f"{name}: chain {settings.chain_id}, block {number}, answered in {took * 1000:.0f} ms")]
    return [*found, _age_of_head(name, age, settings.chain_id)]


def _failure(name: str, error: LilypadError) -> str:
    """Without an address, which may hold a key."""
    if isinstance(error, ChainUnavailableError):
        return f"{name} does not answer: {type(error.__cause__).__name__}"
    return str(error)


def _age_of_head(name: str, age: float, chain_id: int) -> Finding:
    """Old blocks: the node is behind, or our clock is ahead. Blocks from the future: our clock is behind."""
    if age < -SKEW_SECONDS:
        fix = "set this machine's clock (systemd-timesyncd or chrony): offers would be signed with the wrong times"
        if chain_id == LOCAL_CHAIN:
            fix = "nothing to do: a local chain that mines quickly runs ahead of the clock"
        return warning("chain clock", f"{name}: the newest block is {-age:.0f} s in this machine's future", fix)
    if chain_id == LOCAL_CHAIN:
        return ok("chain clock", f"{name}: the newest block is {max(age, 0):.0f} s old; a local chain waits for work")
    if age > LATE_SECONDS:
        verdict = broken if age > DEAD_SECONDS else warning
        fix = "let the node catch up or use another endpoint; if all agree, this machine's clock is ahead"
        return verdict("chain clock", f"{name}: the newest block is {age:.0f} s old", fix)
    return ok("chain clock", f"{name}: the newest block is {max(age, 0):.0f} s old")


async def examine_deployment(settings: Settings) -> tuple[list[Finding], Deployment | None]:
    """The file, and whether there is code where it says."""
    try:
        deployment = read_deployment(settings.deployments, settings.chain_id)
    except LilypadError as error:
        fix = "get the network's deployment file, or deploy; LILYPAD_DEPLOYMENTS is the folder it lies in"
        return [broken("deployment", str(error), fix)], None
    addresses = list(deployment.contracts.items())
    try:
        async with Rpc(settings.rpc, chain_id=settings.chain_id, rounds=1, timeout_seconds=TIMEOUT) as rpc:
            codes = await rpc.batch([("eth_getCode", (address, "latest")) for _, address in addresses])
    except LilypadError:
        text = f"{len(addresses)} contracts in the file; whether they are on the chain cannot be asked"
        return [warning("deployment", text, "see rpc")], deployment
    missing = [name for (name, _), code in zip(addresses, codes, strict=True) if code in ("0x", None)]
    if missing:
        fix = "the file is of another chain, or the local chain was made anew: start the agents with the right file"
        return [broken("deployment", f"no code at the address of {', '.join(missing)}", fix)], deployment
    return [ok("deployment", f"{len(addresses)} contracts, from block {deployment.block} on")], deployment


def examine_settings(settings: Settings) -> list[Finding]:
    """What is right on a local chain and wrong on any other."""
    if settings.chain_id == LOCAL_CHAIN:
        return [ok("settings", "those of a local chain")]
    findings = []
    if settings.confirmations == 0:
        text = "an event is believed at once, and a reorganisation may take it back"
        findings.append(warning("settings", text, "set LILYPAD_CONFIRMATIONS to what is safe on this chain"))
    if settings.public_url is None and settings.listen_host in ("127.0.0.1", "localhost", "::1"):
        text = "a provider's results can be fetched from this machine alone"
        findings.append(warning("settings", text, "a provider sets LILYPAD_LISTEN_HOST or LILYPAD_PUBLIC_URL"))
    return findings or [ok("settings", "nothing to say")]
