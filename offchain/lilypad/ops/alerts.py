"""What a person should hear of: always in the log, and at a webhook where one is set."""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lilypad.ops.metrics import Metrics

log = logging.getLogger(__name__)

REMEMBERED = 10_000


class Kind(enum.StrEnum):
    LOW_BALANCE = "low_balance"
    MISSED_DEADLINE = "missed_deadline"
    SLASHED = "slashed"
    CHAIN_UNREACHABLE = "chain_unreachable"
    STORE_FULL = "store_full"
    CHALLENGE_LOST = "challenge_lost"


@dataclass(frozen=True, slots=True)
class Alert:
    kind: Kind
    message: str
    """What is wrong, and what to do."""
    fields: dict[str, object]
    resolved: bool = False
    """A condition that was told of holds no more."""
    at: float = field(default_factory=time.time)


class Alerts:
    def __init__(
        self, metrics: Metrics, role: str = "agent", forward: Callable[[Alert], None] = lambda _: None
    ) -> None:
        self._metrics = metrics
        self._role = role
        self.forward = forward
        """Gets every alert; must return at once."""
        self._holding: dict[tuple[Kind, str], Alert] = {}
        self._told: dict[tuple[Kind, str], None] = {}

    def happened(self, kind: Kind, subject: str, message: str, **fields: object) -> None:
        """Something that cannot be undone: told once for each subject."""
        if (kind, subject) in self._told:
            return
        self._told[kind, subject] = None
        if len(self._told) > REMEMBERED:
            self._told.pop(next(iter(self._told)))
        self._raise(Alert(kind, message, fields))

    def holds(self, kind: Kind, subject: str, is_so: bool, message: str, **fields: object) -> None:
        """A condition: told when it begins and when it ends, not in between."""
        known = self._holding.get((kind, subject))
        if is_so and known is None:
            alert = self._holding[kind, subject] = Alert(kind, message, fields)
            self._raise(alert)
        elif known is not None and not is_so:
            del self._holding[kind, subject]
            log.info("alert_resolved", extra={"role": self._role, "kind": kind.value, **known.fields})
            self.forward(Alert(kind, known.message, known.fields, resolved=True))
        self._metrics.alerts_active.labels(kind.value).set(sum(k is kind for k, _ in self._holding))

    def _raise(self, alert: Alert) -> None:
        self._metrics.alerts.labels(alert.kind.value).inc()
        fields = {"role": self._role, "kind": alert.kind.value, "text": alert.message, **alert.fields}
        log.warning("alert", extra=fields)
        self.forward(alert)
