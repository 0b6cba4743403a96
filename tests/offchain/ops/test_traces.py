"""Traces: one for each deal, told by agents that never talk about it, received by a collector that reads OTLP."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.localnet import local_network
from lilypad.ops.operations import close_soon
from lilypad.ops.otel import OtelTracer
from lilypad.ops.traces import Tracer, open_tracer, trace_of
from lilypad.protocol.deal import Deal
from lilypad.settings import Settings

from .conftest import MODULES
from .helpers import Inbox, inbox, scrape, until

DEAL = bytes(range(32))


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[Inbox]:
    async with inbox() as here:
        yield here


class Span:
    def __init__(self, service: str, plain: object) -> None:
        self.service = service
        self.name: str = plain.name  # type: ignore[attr-defined]
        self.trace: bytes = plain.trace_id  # type: ignore[attr-defined]
        self.id: bytes = plain.span_id  # type: ignore[attr-defined]
        self.parent: bytes = plain.parent_span_id  # type: ignore[attr-defined]
        self.seconds = (plain.end_time_unix_nano - plain.start_time_unix_nano) / 1e9  # type: ignore[attr-defined]


def read(bodies: list[bytes]) -> list[Span]:
    found = []
    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
            spans = (span for scope in resource.scope_spans for span in scope.spans)
            found += [Span(names["service.name"], span) for span in spans]
    return found


@pytest.fixture(scope="module")
async def deal(collector: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Deal:
    """Of a job on a network whose agents all send their spans to the collector."""
    data = tmp_path_factory.mktemp("traced")
    settings = Settings(
        data=data, deployments=data / "deployments", modules=(MODULES,), traces_endpoint=f"{collector.url}v1/traces"
    )
    async with (
        local_network(settings, chain_port=0, market_port=0) as network,
        Lilypad(network.accounts.creator, network.settings) as lily,
    ):
        job = await lily.submit("cowsay", {"Message": "traced"})
        *_, end = [step async for step in lily.follow(job)]

        async def provider_knows() -> bool:
            return (await scrape(network.operations["provider"]))("deals", status="accepted") == 1

        await until(provider_knows)
    assert end.deal is not None
    return end.deal


def test_trace__of_a_deal__has_spans_of_all_three_agents_under_one_root(deal: Deal, collector: Inbox) -> None:
    spans = read(collector.bodies)
    assert {span.trace for span in spans} == {deal.id[:16]}
    assert {span.service for span in spans} == {"lilypad-creator", "lilypad-solver", "lilypad-provider"}
    (root,) = [span for span in spans if not span.parent]
    assert (root.service, root.name, root.id) == ("lilypad-provider", "deal", deal.id[16:24])
    assert {span.parent for span in spans if span is not root} == {root.id}
    assert len({span.id for span in spans}) == len(spans)


def test_trace__of_a_deal__tells_who_did_what(deal: Deal, collector: Inbox) -> None:
    names = {span.name for span in read(collector.bodies)}
    assert names >= {
        "solver transaction agree",
        "deal agreed",
        "provider execution",
        "provider transaction submitResult",
        "creator offered",
        "creator submitted",
        "creator transaction accept",
        "deal",
    }
    assert all(0 <= span.seconds < 60 for span in read(collector.bodies))


async def test_spans__for_a_collector_that_is_away__hold_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silence:
        tracer = OtelTracer(f"http://127.0.0.1:{silence.getsockname()[1]}/v1/traces", "provider", "0x1")
        began = time.monotonic()
        for _ in range(200):
            tracer.span(DEAL, "execution", 1.0, 2.0)
        assert time.monotonic() - began < 2
        began = time.monotonic()
        await close_soon(tracer, 0.5)
        assert time.monotonic() - began < 2
        for thread in threading.enumerate():
            if thread.name == "traces":  # it would go on into other tests
                await asyncio.to_thread(thread.join)


def test_trace_id__is_the_beginning_of_the_deal_s() -> None:
    trace, root = trace_of(DEAL)
    assert f"{trace:032x}{root:016x}" == DEAL[:24].hex()
    assert trace_of(bytes(32)) == (1, 1)


def test_tracer__without_an_endpoint__does_nothing_at_all() -> None:
    tracer = open_tracer(None, "provider", "0x1")
    assert type(tracer) is Tracer
    assert not tracer.is_on


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


def test_agents__without_an_endpoint__import_no_telemetry() -> None:
    done = run(
        "import sys, lilypad.agents.provider.service, lilypad.agents.creator.api\n"
        "from lilypad.ops.traces import open_tracer\n"
        "open_tracer(None, 'provider', '0x1')\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    assert done.returncode == 0, done.stderr


def test_endpoint__without_the_package__is_a_fault_that_says_what_to_install() -> None:
    done = run(
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from lilypad.ops.traces import open_tracer\n"
        "open_tracer('http://127.0.0.1:9', 'provider', '0x1')"
    )
    assert "FaultError" in done.stderr
    assert "pip install opentelemetry-sdk" in done.stderr


async def test_closing__in_time__sends_what_was_left(collector: Inbox) -> None:
    async with inbox() as own:
        tracer = OtelTracer(f"{own.url}v1/traces", "solver", "0x1")
        tracer.span(DEAL, "last words", 1.0, 2.0)
        await asyncio.wait_for(close_soon(tracer), 10)
        assert [span.name for span in read(own.bodies)] == ["last words"]
