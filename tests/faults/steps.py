"""Where agents are killed: every crash point of `lilypad.crashing`, in the order in which a deal comes past it.

A tuple is a gauntlet: the agent dies at its first point, is started again, dies at the second, and so on, along one
deal. Where one death makes the next point unreachable (what was sent is not sent again), another deal begins.
"""

from __future__ import annotations

Lives = tuple[str, ...]


def sending(function: str) -> tuple[Lives, ...]:
    """Every way to die around a transaction."""
    return (
        (f"sender.simulated@{function}", f"sender.recorded@{function}", f"sender.resent@{function}"),
        (f"sender.sent@{function}",),
        (f"sender.mined@{function}",),
    )


def seeing(status: str) -> Lives:
    return f"book.writing@{status}", f"book.written@{status}"


_FETCHING = ("blocks.flushed", "blocks.kept", "export.written", "work.fetched")
_RUNNING = ("work.running", "wasm.ran", "wasm.unfinished", "wasm.recorded", "work.ran")
_SEALING = ("work.sealed", "work.pinned", "provider.noted")
_OFFERING = ("provider.nonce", "provider.outstanding", "provider.announced")
_SUBMITTING = sending("submitResult")

# The provider, up to its result, between result and payment, and after it.
PROVIDER_WORKS: tuple[Lives, ...] = (
    (*_OFFERING, *seeing("AGREED"), "provider.taken", *_FETCHING, *_RUNNING, *_SEALING, *_SUBMITTING[0],
     "provider.submitted", "provider.put_away"),
    *_SUBMITTING[1:],
    *sending("register"),
)  # fmt: skip
PROVIDER_WAITS = seeing("SUBMITTED")
PROVIDER_ENDS: tuple[Lives, ...] = (
    ("book.writing@ACCEPTED", "provider.ended"),
    ("book.written@ACCEPTED",),
    ("provider.cleaned",),
)

_DECLINING = sending("decline")
PROVIDER_DECLINES: tuple[Lives, ...] = (
    ("provider.refusing", *_DECLINING[0], "provider.declined", *seeing("DECLINED")),
    *_DECLINING[1:],
)
PROVIDER_CLEARS: tuple[Lives, ...] = (("collect.begun", "collect.marked", "collect.removed"),)
PROVIDER_FINALIZES = sending("finalize")
PROVIDER_IS_LATE = sending("late")
_WITHDRAWING = sending("cancel")
PROVIDER_DRAINS: tuple[Lives, ...] = ((*_WITHDRAWING[0], "provider.withdrawn"), *_WITHDRAWING[1:])
PROVIDER_RUNS_A_CONTAINER: tuple[Lives, ...] = (
    ("docker.created", "docker.started", "work.running", "docker.unpacked", "docker.recorded", "work.ran"),
    ("output.recorded", "work.ran"),
)
PROVIDER_RUNS_ON_A_CLUSTER: tuple[Lives, ...] = (
    ("work.running", "work.running", "cluster.unpacked", "output.recorded", "work.ran"),
    ("cluster.recorded", "work.ran"),
)

_AGREEING = sending("agree")
SOLVER: tuple[Lives, ...] = (
    ("solver.paired", *_AGREEING[0], "solver.followed@DealAgreed"),
    *_AGREEING[1:],
    ("solver.agreed",),
)
SOLVER_FORGETS: tuple[Lives, ...] = (("sender.forgetting",),)

_ASKING = (
    "file.written@offer_nonce", "creator.nonce", "blocks.flushed", "blocks.kept", "creator.added", "creator.uploaded",
    "file.written@lanes.json", "creator.lane",
)  # fmt: skip
# A command that dies before its job is saved has left nothing to go on with: the next one approves and pays in anew.
_PAYING_IN = (
    "sender.simulated@approve", "sender.recorded@approve", "sender.sent@approve",
    "sender.simulated@deposit", "sender.recorded@deposit", "sender.sent@deposit", "creator.funded",
)  # fmt: skip
_ACCEPTING = sending("accept")
CREATOR_ASKS = (
    *_ASKING, *_PAYING_IN, "file.written@job.json", "creator.saved", "creator.announced", *seeing("AGREED"),
    "creator.agreed",
)  # fmt: skip
CREATOR: tuple[Lives, ...] = (
    (*CREATOR_ASKS, *seeing("SUBMITTED"), "export.written", "creator.verified", *_ACCEPTING[0],
     *seeing("ACCEPTED"), "creator.accepted"),
    *_ACCEPTING[1:],
    ("sender.mined@approve",),
    ("sender.mined@deposit",),
)  # fmt: skip

# The mediator: alone until it has sealed its vote, then beside the others.
MEDIATOR_SEALS: tuple[Lives, ...] = (
    (*seeing("ARMED"), *sending("draw")[0], *seeing("VOTING"), "mediator.noted", *sending("commit")[0]),
    ("sender.sent@draw", "sender.sent@commit"),
    ("sender.mined@draw", "sender.mined@commit"),
    ("mediator.moved@draw", "mediator.committed"),
)
MEDIATOR_OPENS: tuple[Lives, ...] = (
    (*sending("reveal")[0],),
    ("sender.sent@reveal", "book.writing@CLOSED"),
    ("sender.mined@reveal", "book.written@CLOSED"),
    ("mediator.revealed",),
)
CREATOR_DISPUTES: tuple[Lives, ...] = (
    *sending("challenge"),
    ("creator.disputed",),
)

# The watcher: two runs of a job that somebody else has run, then the challenge, and its own case.
_LOOKING: Lives = (
    *seeing("SUBMITTED"), *_FETCHING, *_RUNNING, "work.sealed", "work.pinned", "watcher.noted@1", "watcher.noted@2",
)  # fmt: skip
_BRINGING = tuple(zip(sending("approve"), sending("deposit"), sending("challenge"), strict=True))
WATCHER: tuple[Lives, ...] = (
    (*_LOOKING, *_BRINGING[0][0], *_BRINGING[0][1], "watcher.priced", *_BRINGING[0][2], *seeing("CHALLENGED")),
    ("watcher.noted@1", "watcher.noted@2", *sum(_BRINGING[1], ()), "book.writing@REJECTED"),
    (*sum(_BRINGING[2], ()), "book.written@REJECTED"),
    ("watcher.challenged",),
)

ALL: tuple[Lives, ...] = (
    *PROVIDER_WORKS, PROVIDER_WAITS, *PROVIDER_ENDS, *PROVIDER_DECLINES, *PROVIDER_FINALIZES, *PROVIDER_IS_LATE,
    *PROVIDER_CLEARS, *PROVIDER_DRAINS, *PROVIDER_RUNS_A_CONTAINER, *PROVIDER_RUNS_ON_A_CLUSTER,
    *SOLVER, *SOLVER_FORGETS, *CREATOR,
    *MEDIATOR_SEALS, *MEDIATOR_OPENS, *CREATOR_DISPUTES, *WATCHER,
)  # fmt: skip


def alone(*gauntlets: Lives) -> tuple[Lives, ...]:
    """Each point by itself, but for what is only reached after another death."""
    points = dict.fromkeys(point for lives in gauntlets for point in lives)
    return tuple(
        (point.replace("resent", "recorded"), point) if point.startswith("sender.resent") else (point,)
        for point in points
    )
