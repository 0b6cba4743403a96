"""From what an agent tells to the spans of a deal's trace."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from lilypad.chain.contracts import decode_event
from lilypad.chain.observer import Outcome
from lilypad.errors import FaultError
from lilypad.ops.executions import Ended
from lilypad.ops.traces import Tracer
from lilypad.protocol.deal import Deal
from lilypad.types import Address, DealId

Receipt = Mapping[str, Any]


class Spans:
    def __init__(self, role: str, controller: Address, tracer: Tracer) -> None:
        self.tracer = tracer
        self._role = role
        self._controller = controller.lower()
        self._sent: dict[str, float] = {}
        self._stages: dict[DealId, tuple[float, float]] = {}
        """When a deal was seen first, and in its present status."""
        self._jobs: dict[str, tuple[str, float]] = {}

    # ------------------------------------------------------------------ transactions

    def transaction(self, outcome: Outcome, key: str, receipt: Receipt | None) -> None:
        """From its being sent to its being mined, in the trace of every deal that it moved."""
        if outcome is Outcome.SENT:
            self._sent[key] = time.time()
        elif outcome is not Outcome.REPLACED:
            now = time.time()
            began = self._sent.pop(key, now)
            for deal in set(self._deals_of(receipt)) if receipt else ():
                name, tx_hash = key.split(":", 1)[0], str(receipt["transactionHash"]) if receipt else ""
                self.tracer.span(deal, f"{self._role} transaction {name}", began, now, transaction=tx_hash)

    def _deals_of(self, receipt: Receipt) -> Sequence[bytes]:
        """Every event of the controller names its deal first."""
        found = []
        for log in receipt["logs"]:
            if log["address"].lower() == self._controller:
                try:
                    deal = decode_event(log).args.get("id")
                except FaultError:
                    continue
                if isinstance(deal, bytes):
                    found.append(deal)
        return found

    # ------------------------------------------------------------------ deals

    def deal_moved(self, before: Deal | None, after: Deal | None) -> None:
        """The provider tells of the deal itself: it stays to the end, and there is one for each deal."""
        if after is None:
            if before is not None:
                self._stages.pop(before.id, None)
            return
        now = time.time()
        first, entered = self._stages.pop(after.id, (now, now) if before is None else (before.since, before.since))
        if self._role == "provider":
            if before is not None:
                self.tracer.span(after.id, f"deal {before.status.name.lower()}", entered, now)
            if after.status.is_end:
                self.tracer.root(after.id, first, now, status=after.status.name.lower(), cost=str(after.cost))
        if not after.status.is_end:
            self._stages[after.id] = (first, now)

    def execution(self, ended: Ended) -> None:
        self.tracer.span(
            bytes.fromhex(ended.execution),
            f"{self._role} execution",
            ended.began,
            ended.ended,
            engine=str(ended.engine),
            outcome=ended.outcome,
            instructions=ended.instructions,
        )

    # ------------------------------------------------------------------ jobs

    def stage(self, job: str, stage: str, deal: DealId | None) -> None:
        """A creator's job has reached a stage: the time since the one before is a span."""
        now = time.time()
        earlier = self._jobs.get(job)
        if earlier is not None and earlier[0] == stage:
            return
        if earlier is not None and deal is not None:
            self.tracer.span(deal, f"{self._role} {earlier[0]}", earlier[1], now, job=job)
        self._jobs[job] = (stage, now)
