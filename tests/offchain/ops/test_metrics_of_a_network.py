"""A real network, a real job, and what the agents' numbers say of it."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.progress import Progress
from lilypad.agents.localnet import STAKE, LocalNetwork
from lilypad.agents.provider.machine import probe
from lilypad.ops.watch import folder_bytes
from lilypad.protocol import settlement
from lilypad.settings import ETHER

from .helpers import Scrape, scrape, until


@pytest.fixture(scope="session")
async def job(network: LocalNetwork) -> Progress:
    """The only job of this network, run to its end."""
    async with Lilypad(network.accounts.creator, network.settings) as lily:
        job = await lily.submit("cowsay", {"Message": "hello"})
        *_, end = [step async for step in lily.follow(job)]
    assert end.deal is not None
    provider = network.operations["provider"]

    async def has_ended() -> bool:
        numbers = await scrape(provider)
        cores = [numbers("capacity", resource="cpu_milli", part=part) for part in ("total", "offers")]
        is_paid = numbers("deals", status="accepted") == 1 and numbers("balance_lily", place="free") > STAKE / ETHER
        return is_paid and cores[0] == cores[1]

    await until(has_ended)
    return end


@pytest.fixture
async def provider(network: LocalNetwork, job: Progress) -> Scrape:
    return await scrape(network.operations["provider"])


@pytest.fixture
async def solver(network: LocalNetwork, job: Progress) -> Scrape:
    return await scrape(network.operations["solver"])


def income(job: Progress) -> float:
    assert job.deal is not None
    assert job.deal.cost is not None
    terms = job.deal.terms
    change = settlement.paid(terms, job.deal.cost, settlement.BURNED)[terms.provider]
    return (change.free + change.locked) / ETHER


async def test_provider__after_a_job__has_one_accepted_deal_and_its_income(provider: Scrape, job: Progress) -> None:
    assert provider("deals", status="accepted") == 1
    assert provider("deals", status="agreed") == 0
    assert provider("deal_moves_total", status="accepted") == 1
    assert provider("deal_lily", direction="income") == pytest.approx(income(job))
    assert income(job) > 0
    assert provider("deal_lily", direction="outlay") == 0


async def test_provider__after_a_job__has_the_income_in_its_vault(provider: Scrape, job: Progress) -> None:
    assert provider("balance_lily", place="free") == pytest.approx(STAKE / ETHER + income(job))
    assert provider("balance_lily", place="locked") == 0
    assert 9_999 < provider("balance_gas_ether") < 10_000


async def test_provider__after_a_job__offers_all_of_its_machine_again(provider: Scrape, network: LocalNetwork) -> None:
    machine = probe(network.settings.data)
    assert provider("capacity", resource="cpu_milli", part="total") == machine.cpu_milli
    for resource in ("cpu_milli", "gpu", "ram_mib", "vram_mib", "disk_mib"):
        total, deals, offers = (
            provider("capacity", resource=resource, part=part) for part in ("total", "deals", "offers")
        )
        assert (deals, offers) == (0, total)


async def test_provider__after_a_job__has_run_one_module_and_runs_none(provider: Scrape) -> None:
    assert provider("executions_total", engine="wasm", outcome="succeeded") == 1
    assert provider("executions_running", engine="wasm") == 0
    assert provider("execution_seconds_count", engine="wasm") == 1


async def test_provider__after_a_job__has_sent_its_registration_and_its_result(provider: Scrape) -> None:
    assert provider("transactions_total", outcome="sent") == 2
    assert provider("transactions_total", outcome="mined") == 2
    assert provider("transactions_total", outcome="refused") == 0
    assert 0 < provider("gas_spent_ether_total") < 1


async def test_provider__store_bytes__are_those_on_disk(provider: Scrape, network: LocalNetwork) -> None:
    account = network.accounts.provider.address.lower()
    blocks = network.settings.data / "provider" / "31337" / account / "blocks"
    assert provider("store_bytes") == folder_bytes(blocks) > 0
    assert provider("disk_free_bytes") > 0


async def test_feed__of_every_agent__is_at_the_head(provider: Scrape, solver: Scrape) -> None:
    for numbers in (provider, solver):
        assert numbers("feed_block") == numbers("chain_head_block") > 0
        assert numbers("feed_lag_blocks") == numbers("feed_lag_seconds") == 0
        assert numbers("feed_look_age_seconds") < 10


async def test_rpc__of_a_node_that_works__has_requests_and_no_errors(provider: Scrape, network: LocalNetwork) -> None:
    endpoint = network.settings.rpc[0].removeprefix("http://")
    assert provider("rpc_requests_total", endpoint=endpoint) > 10
    assert provider("rpc_seconds_count", endpoint=endpoint) == provider("rpc_requests_total", endpoint=endpoint)
    assert not provider.has("rpc_errors_total")
    assert not provider.has("rpc_failovers_total")


async def test_solver__after_a_job__has_agreed_one_pair_of_offers(solver: Scrape) -> None:
    assert solver("offers", kind="job", status="agreed") == 1
    assert solver("offers", kind="resource", status="agreed") == 1
    assert solver("feed_events_total", event="DealAgreed") == 1
    assert solver("transactions_total", outcome="mined") == 1


async def test_agents__of_one_process__have_numbers_of_their_own(provider: Scrape, network: LocalNetwork) -> None:
    labels = {"role": "provider", "account": network.accounts.provider.address, "chain": "31337", "version": "0.1.0"}
    assert provider("agent_info", **labels) == 1
    assert not provider.has("offers")


async def test_scrape__for_open_metrics__is_open_metrics(network: LocalNetwork) -> None:
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    url = f"{network.operations['provider']}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert "openmetrics" in response.headers["Content-Type"]
        assert list(text_string_to_metric_families(await response.text()))


@pytest.mark.parametrize("role", ["provider", "solver"])
async def test_health__of_an_agent_at_work__is_good(network: LocalNetwork, job: Progress, role: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{network.operations[role]}/healthz") as response:
            assert (response.status, await response.json()) == (200, {"alive": True})
        async with session.get(f"{network.operations[role]}/readyz") as response:
            document = await response.json()
    assert response.status == 200, document
    assert {check["check"] for check in document["checks"]} >= {"feed", "rpc"}


async def test_creator__that_is_asked_to__shows_its_numbers_while_it_works(network: LocalNetwork) -> None:
    settings = network.settings.model_copy(update={"ops_port": 0})
    async with Lilypad(network.accounts.creator, settings) as lily:
        assert lily.operations_url is not None
        numbers = await scrape(lily.operations_url)
        assert numbers("rpc_requests_total", endpoint=settings.rpc[0].removeprefix("http://")) >= 0
    async with Lilypad(network.accounts.creator, network.settings) as quiet:
        assert quiet.operations_url is None
