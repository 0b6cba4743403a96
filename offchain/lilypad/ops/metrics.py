"""An agent's numbers, as Prometheus reads them. One registry for each agent: several may live in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lilypad.chain.observer import Position
from lilypad.ops.ledger import Ledger

ETHER = 10**18
RPC_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10)
RUN_BUCKETS = (0.1, 1, 10, 60, 300, 1_800, 7_200)
Sample = tuple[tuple[str, ...], float]


class Metrics:
    """What is counted is a field; what can be asked for is read when Prometheus asks (`read`, `deals`)."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"lilypad_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"lilypad_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, label: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"lilypad_{name}", text, (label,), buckets=buckets, registry=registry)

        self.agent = gauge("agent_info", "1, with what this agent is.", "role", "account", "chain", "version")
        self.moves = counter("deal_moves", "Deals that reached a status while this agent ran.", "status")
        self.checked = counter("results_checked", "Other people's results that a watcher looked at.", "outcome")
        self.running = gauge("executions_running", "Modules that run now.", "engine")
        self.executions = counter("executions", "Modules that ended.", "engine", "outcome")
        self.run_seconds = histogram("execution_seconds", "How long modules ran.", "engine", RUN_BUCKETS)
        self.requests = counter("rpc_requests", "Requests that a chain endpoint answered.", "endpoint")
        self.request_seconds = histogram("rpc_seconds", "How long an endpoint took to answer.", "endpoint", RPC_BUCKETS)
        self.errors = counter("rpc_errors", "Requests that an endpoint did not answer.", "endpoint", "reason")
        self.failovers = counter("rpc_failovers", "Changes to this endpoint, another having failed.", "endpoint")
        self.unreachable = counter("rpc_unreachable", "Requests that no endpoint answered.")
        self.transactions = counter("transactions", "Transactions by what became of them.", "outcome")
        self.gas_spent = counter("gas_spent_ether", "The chain's own coin spent on gas.")
        self.events = counter("feed_events", "Events of the contracts that were read.", "event")
        self.balance = gauge("balance_lily", "LILY of this account: wallet, vault free, vault locked.", "place")
        self.gas = gauge("balance_gas_ether", "The chain's own coin of this account.")
        self.store_bytes = gauge("store_bytes", "What the content that is kept here takes on the disk.")
        self.store_quota = gauge("store_quota_bytes", "What it may take; 0 if there is no limit.")
        self.disk_free = gauge("disk_free_bytes", "Room left where the data folder lies.")
        self.alerts = counter("alerts", "Alerts that were raised.", "kind")
        self.alerts_active = gauge("alerts_active", "Conditions that hold now.", "kind")
        self.posts = counter("webhook_posts", "Alerts sent to the webhook.", "outcome")

    def read(self, name: str, text: str, labels: tuple[str, ...], samples: Callable[[], Iterable[Sample]]) -> None:
        """A gauge whose values are asked for at each scrape."""
        self.registry.register(_Asked(f"lilypad_{name}", text, labels, samples))

    def read_deals(self, ledger: Ledger) -> None:
        def money() -> Iterable[Sample]:
            totals = ledger.totals()
            return [(("income",), totals.income / ETHER), (("outlay",), totals.outlay / ETHER)]

        self.read(
            "deals",
            "Deals of this account by status, since the agent's start.",
            ("status",),
            lambda: _labelled(ledger.by_status()),
        )
        self.read(
            "deal_lily",
            "LILY that ended deals brought and cost, net of all shares, since the start.",
            ("direction",),
            money,
        )

    def read_offers(self, counts: Callable[[], dict[tuple[str, str], int]]) -> None:
        """Of a market: by kind and status."""
        self.read("offers", "Offers in the order book.", ("kind", "status"), lambda: sorted(counts().items()))

    def read_capacity(self, parts: Callable[[], Iterable[Sample]]) -> None:
        """Of a provider: by resource and by who has it. Cores count in thousandths, memory and disk in MiB."""
        self.read("capacity", "What the machine has for jobs, and what is booked.", ("resource", "part"), parts)

    def read_feed(self, position: Callable[[], tuple[Position, float] | None]) -> None:
        """`position` gives the last one, and when it was taken by the monotonic clock."""

        def each(value: Callable[[Position, float], float]) -> Callable[[], Iterable[Sample]]:
            def samples() -> Iterable[Sample]:
                found = position()
                return [] if found is None else [((), value(*found))]

            return samples

        self.read("feed_block", "The last block that was applied.", (), each(lambda p, _: p.block))
        self.read("chain_head_block", "The newest block.", (), each(lambda p, _: p.head))
        age = each(lambda p, _: time.time() - p.head_time)
        self.read("chain_head_age_seconds", "Age of the newest block by this machine's clock.", (), age)
        self.read("feed_lag_blocks", "Blocks that could be read and were not.", (), each(lambda p, _: p.lag_blocks))
        lag = each(lambda p, _: p.lag_seconds)
        self.read("feed_lag_seconds", "How far the agent's view of the chain is behind its head.", (), lag)
        look = each(lambda _, taken: time.monotonic() - taken)
        self.read("feed_look_age_seconds", "Since the feed last heard of the chain's head.", (), look)


class _Asked(Collector):
    def __init__(self, name: str, text: str, labels: tuple[str, ...], samples: Callable[[], Iterable[Sample]]) -> None:
        self._family = (name, text, labels)
        self._samples = samples

    def collect(self) -> Iterable[Metric]:
        name, text, labels = self._family
        family = GaugeMetricFamily(name, text, labels=labels)
        for values, number in self._samples():
            family.add_metric(values, number)
        yield family

    def describe(self) -> Iterable[Metric]:
        """Its name alone: nothing is asked for before somebody scrapes."""
        name, text, labels = self._family
        yield GaugeMetricFamily(name, text, labels=labels)


def _labelled(counts: dict[str, int]) -> Iterable[Sample]:
    return [((label,), number) for label, number in sorted(counts.items())]
