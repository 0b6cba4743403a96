"""What the chain's part of an agent tells whoever watches over it. Watching changes nothing; the default is nobody.

`Rpc` carries the observer; sender and feed tell the one of their `Rpc`. Methods are called in the agent's event loop,
so they only take notes: they never wait, and never raise.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Outcome(enum.StrEnum):
    """What became of a transaction. One that was sent ends as mined, reverted, refused or lost."""

    SENT = "sent"
    REPLACED = "replaced"
    """Sent again with higher fees."""
    MINED = "mined"
    REVERTED = "reverted"
    """Mined, and the contract said no."""
    REFUSED = "refused"
    """Never left: it would revert, or the node did not take it."""
    LOST = "lost"
    """Its nonce was used by something else."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a feed has come when it looks for new blocks."""

    head: int
    head_time: int
    block: int
    """The last one that was applied; one before the first to read for a new feed."""
    block_time: int | None
    confirmations: int

    @property
    def lag_blocks(self) -> int:
        """Blocks that could be read and were not."""
        return max(0, self.head - self.confirmations - self.block)

    @property
    def lag_seconds(self) -> int:
        """How old the agent's view of the chain is, by the chain's clock; 0 when it has read all it may."""
        if not self.lag_blocks or self.block_time is None:
            return 0
        return max(0, self.head_time - self.block_time)


class ChainObserver:
    """Does nothing; whoever wants to know overrides."""

    def endpoint_answered(self, endpoint: str, seconds: float) -> None:
        """A request had an answer, be it a refusal."""

    def endpoint_failed(self, endpoint: str, reason: str) -> None:
        """One endpoint gave no answer; the next one is asked."""

    def endpoint_changed(self, endpoint: str) -> None:
        """From now on this endpoint is asked first."""

    def chain_unreachable(self) -> None:
        """No endpoint gave an answer, as often as each was asked."""

    def feed_looked(self, position: Position) -> None:
        """The feed has asked for the head."""

    def feed_read(self, logs: Sequence[Mapping[str, Any]]) -> None:
        """These logs are about to be applied."""

    def transaction(self, outcome: Outcome, key: str, receipt: Mapping[str, Any] | None = None) -> None:
        """With the node's receipt when it is mined or reverted."""


NOBODY = ChainObserver()
