"""Everything that watches over one agent, and the one object that an agent's parts tell what they do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from lilypad.chain.contracts import decode_event
from lilypad.chain.deployments import Deployment
from lilypad.chain.observer import ChainObserver, Outcome, Position
from lilypad.errors import FaultError
from lilypad.executors.base import Executor
from lilypad.ops.alerts import Alerts, Kind
from lilypad.ops.executions import Ended, Listener, ObservedExecutor
from lilypad.ops.health import Health
from lilypad.ops.ledger import DealObserver, Ledger
from lilypad.ops.metrics import ETHER, Metrics
from lilypad.ops.server import serve
from lilypad.ops.spans import Spans
from lilypad.ops.traces import Tracer, open_tracer
from lilypad.ops.watch import Limits, Subject, Watch, missed_deadline
from lilypad.ops.webhook import Webhook
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.settings import Settings
from lilypad.types import Address, DealId, Engine


class Operations(ChainObserver, DealObserver):
    """Takes notes from the start; serves and looks around while `attending`."""

    def __init__(self, role: str, account: Address, deployment: Deployment, settings: Settings) -> None:
        self.metrics = Metrics()
        self.health = Health(settings.ready_seconds)
        self.alerts = Alerts(self.metrics, role)
        self.ledger = Ledger(account)
        self._role = role
        self._account = account
        self._settings = settings
        self._spans = Spans(role, deployment.address("LilypadController"), Tracer())
        self._watch: Watch | None = None
        self._names: dict[tuple[str, int], str] = {}
        self._agent = {"role": role, "account": account, "chain": str(deployment.chain_id)}
        self.metrics.agent.labels(**self._agent, version=version("lilypad")).set(1)
        self.metrics.read_deals(self.ledger)
        self.metrics.read_feed(self.health.position)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody has asked for any of it: what a command that runs for a moment goes by."""
        settings = self._settings
        return any(wish is not None for wish in (settings.ops_port, settings.alert_webhook, settings.traces_endpoint))

    @asynccontextmanager
    async def attending(self, subject: Subject) -> AsyncIterator[str]:
        """Yields the URL at which the numbers are. Ends without waiting long for anybody."""
        settings, tasks = self._settings, list[asyncio.Task[None]]()
        webhook = self._webhook()
        limits = Limits(settings.alert_gas, settings.alert_vault, settings.alert_unreachable_seconds)
        self._watch = Watch(subject, limits, self.metrics, self.health, self.alerts, self.ledger)
        self.health.others += subject.checks
        async with self._tracing(), serve(self._role, settings, self.metrics, self.health) as url:
            tasks.append(asyncio.create_task(self._watch.run(), name="watch"))
            if webhook is not None:
                tasks.append(asyncio.create_task(webhook.run(), name="webhook"))
            try:
                yield url
            finally:
                if webhook is not None:
                    await webhook.drain()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def observed(self, executor: Executor, engine: Engine) -> Executor:
        def running(which: Engine, count: int) -> None:
            self.metrics.running.labels(str(which)).set(count)

        return ObservedExecutor(executor, engine, Listener(running, self._execution_ended))

    def stage(self, job: str, stage: str, deal: DealId | None) -> None:
        """A creator's job has come further."""
        if self._spans.tracer.is_on:
            self._spans.stage(job, stage, deal)

    def result_checked(self, outcome: str) -> None:
        """A watcher has looked at a result, or passed it over."""
        self.metrics.checked.labels(outcome).inc()

    def store_looked(self, used: int, quota: int) -> None:
        """An agent has looked through what it keeps."""
        self.metrics.store_bytes.set(used)
        self.metrics.store_quota.set(quota)
        message = (
            "what must be kept is more than the disk quota: nothing new is taken; raise LILYPAD_DISK_QUOTA, or wait"
        )
        self.alerts.holds(Kind.STORE_FULL, "", 0 < quota < used, message, used=used, quota=quota)

    # ------------------------------------------------------------------ the chain

    def endpoint_answered(self, endpoint: str, seconds: float) -> None:
        self.health.heard()
        self.metrics.requests.labels(endpoint).inc()
        self.metrics.request_seconds.labels(endpoint).observe(seconds)

    def endpoint_failed(self, endpoint: str, reason: str) -> None:
        self.metrics.errors.labels(endpoint, reason).inc()

    def endpoint_changed(self, endpoint: str) -> None:
        self.metrics.failovers.labels(endpoint).inc()

    def chain_unreachable(self) -> None:
        self.health.lost()
        self.metrics.unreachable.inc()

    def feed_looked(self, position: Position) -> None:
        self.health.looked(position)

    def feed_read(self, logs: Sequence[Mapping[str, Any]]) -> None:
        for log in logs:
            self.metrics.events.labels(self._event_name(log)).inc()

    def transaction(self, outcome: Outcome, key: str, receipt: Mapping[str, Any] | None = None) -> None:
        self.metrics.transactions.labels(outcome.value).inc()
        if receipt is not None:
            spent = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
            self.metrics.gas_spent.inc(spent / ETHER)
        if self._spans.tracer.is_on:
            self._spans.transaction(outcome, key, receipt)

    # ------------------------------------------------------------------ deals

    def deal_known(self, deal: Deal) -> None:
        self.ledger.put(deal)

    def deal_moved(self, before: Deal | None, after: Deal | None) -> None:
        if after is not None:
            self.ledger.put(after)
            self.metrics.moves.labels(after.status.name.lower()).inc()
            self._alarm(after)
        elif before is not None:
            self.ledger.forget(before)
        if self._watch is not None:
            self._watch.wake()
        if self._spans.tracer.is_on:
            self._spans.deal_moved(before, after)

    def deal_left(self, deal: Deal) -> None:
        self.ledger.leave(deal)

    def _alarm(self, deal: Deal) -> None:
        deal_id = "0x" + deal.id.hex()
        if deal.status is DealStatus.LATE:
            missed_deadline(self.alerts, deal_id, penalty=deal.terms.late_penalty)
        elif deal.status is DealStatus.REJECTED:
            mine = deal.terms.provider == self._account
            whose = "your collateral is gone: stop, and compare this module's result with another machine's"
            message = f"a result was found wrong; {whose if mine else 'the provider has lost its collateral'}"
            self.alerts.happened(Kind.SLASHED, deal_id, message, deal=deal_id, collateral=deal.terms.collateral)
        elif self._role == "watcher" and deal.status is DealStatus.ACCEPTED:
            message = "mediators have upheld a result that was challenged here: compare this machine with another one"
            self.alerts.happened(Kind.CHALLENGE_LOST, deal_id, message, deal=deal_id, module_id=deal.job.module.hex())

    # ------------------------------------------------------------------ internal

    def _execution_ended(self, ended: Ended) -> None:
        engine = str(ended.engine)
        self.metrics.executions.labels(engine, ended.outcome).inc()
        self.metrics.run_seconds.labels(engine).observe(ended.ended - ended.began)
        if self._spans.tracer.is_on:
            self._spans.execution(ended)

    def _event_name(self, log: Mapping[str, Any]) -> str:
        """Decoded once for each kind of event: the rest is counted by its topic."""
        kind = (log["topics"][0] if log["topics"] else "", len(log["topics"]))
        if kind not in self._names:
            try:
                self._names[kind] = decode_event(log).name
            except FaultError:
                self._names[kind] = "unknown"
        return self._names[kind]

    def _webhook(self) -> Webhook | None:
        if self._settings.alert_webhook is None:
            return None
        webhook = Webhook(self._settings.alert_webhook.get_secret_value(), self._agent, self.metrics)
        self.alerts.forward = webhook.put
        return webhook

    @asynccontextmanager
    async def _tracing(self) -> AsyncIterator[None]:
        """An exporter that cannot reach its collector holds nobody up."""
        tracer = open_tracer(self._settings.traces_endpoint, self._role, self._account)
        self._spans.tracer = tracer
        try:
            yield
        finally:
            self._spans.tracer = Tracer()
            await close_soon(tracer)


async def close_soon(tracer: Tracer, seconds: float = 3.0) -> None:
    """In a thread of its own that does not keep the process: what cannot be sent by then is lost."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        tracer.close()
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)

    if not tracer.is_on:
        return
    threading.Thread(target=work, name="traces", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await done.wait()
    except TimeoutError:
        return
