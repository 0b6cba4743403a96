"""The account and its money, and the market."""

from __future__ import annotations

import aiohttp

from lilypad.agents.network import Funds, Network
from lilypad.chain.deployments import Deployment
from lilypad.chain.rpc import Rpc
from lilypad.doctor.findings import Finding, broken, ok, warning
from lilypad.errors import LilypadError
from lilypad.market.client import MarketClient
from lilypad.settings import ETHER, Settings
from lilypad.types import Address


async def examine_account(settings: Settings, deployment: Deployment | None, account: Address) -> list[Finding]:
    found = [ok("account", account)]
    if deployment is None:
        return found
    try:
        async with Rpc(settings.rpc, chain_id=settings.chain_id, rounds=1, timeout_seconds=5.0) as rpc:
            network = Network(rpc, deployment)
            funds, gas = await network.funds(account), await network.gas_money(account)
    except LilypadError as error:
        return [*found, broken("balance", f"cannot be asked: {error}", "see rpc and deployment")]
    return [*found, _gas(gas, settings.alert_gas), _vault(funds)]


def _gas(gas: int, least: int) -> Finding:
    text = f"{_amount(gas)} of the chain's own coin"
    fix = "send some to the account: every transaction costs gas (`lilypad wallet fund` on a local chain)"
    if gas == 0:
        return broken("gas", text, fix)
    return warning("gas", text, fix) if gas < least else ok("gas", text)


def _vault(funds: Funds) -> Finding:
    text = (
        f"{_amount(funds.wallet)} LILY in the wallet; vault {_amount(funds.free)} free, {_amount(funds.locked)} locked"
    )
    if funds.wallet + funds.free + funds.locked == 0:
        return warning("balance", text, "get LILY: a creator pays with it, a provider needs collateral")
    if funds.free + funds.locked == 0:
        return ok("balance", f"{text}; only a provider needs some there, as collateral")
    return ok("balance", text)


def _amount(wei: int) -> str:
    whole, rest = divmod(wei, ETHER)
    return f"{whole:,}.{rest * 10_000 // ETHER:04d}".rstrip("0").rstrip(".")


async def examine_market(settings: Settings, deployment: Deployment | None) -> list[Finding]:
    try:
        async with aiohttp.ClientSession() as session:
            said = await MarketClient(settings.market, session).network()
    except LilypadError as error:
        fix = "set LILYPAD_MARKET to a solver's address, or start one: `lilypad solver start`"
        return [broken("market", str(error), fix)]
    controller = None if deployment is None else deployment.contracts.get("LilypadController")
    here = (settings.chain_id, controller or said.get("controller"))
    there = (said.get("chainId"), said.get("controller"))
    if here != there:
        text = f"{settings.market} serves chain {there[0]}, controller {there[1]}"
        return [broken("market", text, f"use a market of chain {here[0]}, controller {here[1]}")]
    return [ok("market", f"{settings.market} of solver {said.get('solver')}")]
