"""Is this agent alive, and is it fit for work? What `/healthz` and `/readyz` answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lilypad.chain.observer import Position


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str

    def document(self) -> dict[str, object]:
        return {"check": self.name, "ok": self.ok, "detail": self.detail}


class Health:
    """Notes of when the chain was last heard of, and checks on top of them."""

    def __init__(self, ready_seconds: float) -> None:
        self._limit = ready_seconds
        self._began = time.monotonic()
        self._heard: float | None = None
        self._lost: float | None = None
        self._position: tuple[Position, float] | None = None
        self.others: list[Callable[[], Awaitable[Check]]] = []
        """What else has to work, asked for each time."""

    def heard(self) -> None:
        """An endpoint has answered."""
        self._heard, self._lost = time.monotonic(), None

    def lost(self) -> None:
        """None has."""
        if self._lost is None:
            self._lost = time.monotonic()

    def looked(self, position: Position) -> None:
        self._position = (position, time.monotonic())

    def position(self) -> tuple[Position, float] | None:
        return self._position

    def unreachable_seconds(self) -> float:
        """For how long no endpoint has answered; 0 while one does."""
        return 0.0 if self._lost is None else time.monotonic() - self._lost

    async def checks(self) -> list[Check]:
        return [self._feed(), self._rpc(), *[await check() for check in self.others]]

    def _feed(self) -> Check:
        if self._position is None:
            return Check("feed", False, "has not read the chain yet")
        position, taken = self._position
        silent = time.monotonic() - taken
        detail = f"{position.lag_blocks} blocks and {position.lag_seconds} s behind, looked {silent:.1f} s ago"
        return Check("feed", position.lag_seconds <= self._limit and silent <= self._limit, detail)

    def _rpc(self) -> Check:
        if self._lost is not None:
            return Check("rpc", False, f"no endpoint has answered for {self.unreachable_seconds():.0f} s")
        if self._heard is None:
            return Check("rpc", False, "no endpoint has answered yet")
        return Check("rpc", True, f"answered {time.monotonic() - self._heard:.1f} s ago")
