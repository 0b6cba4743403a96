"""Places at which a process can be made to die, so that tests can kill it at each of them and not just now and then.

`LILYPAD_CRASH_AT=work.sealed` ends the process there by SIGKILL: no clean-up, no flush, as in an outage.
`LILYPAD_CRASH_AT=sender.recorded@submitResult` does so only where the detail is this one. `LILYPAD_CRASH_TRACE` names a
file that gets a line for each place as it is passed. Without these variables nothing happens here. A process that works
for an agent has the agent's id in `LILYPAD_CRASH_WITH`: there both die.
"""

from __future__ import annotations

import os
import signal

CRASH_POINTS = {
    # The way out of every transaction. The detail is the function that it calls.
    "sender.simulated": "it would not revert; nothing is recorded",
    "sender.recorded": "signed and in the journal; nothing has left",
    "sender.sent": "the node has it; its receipt was not seen",
    "sender.resent": "what an earlier process had recorded has left once more",
    "sender.mined": "its receipt is in the journal",
    "sender.forgetting": "what is over for good leaves the journal, in a transaction that is still open",
    # What the chain tells of deals and of cases. The detail is the status, or phase, that it reaches.
    "book.writing": "it is written, in a transaction of the journal that is still open",
    "book.written": "it and the cursor are in the journal; nobody has acted on it",
    # Content and small files.
    "blocks.flushed": "blocks are on the disk under no name",
    "blocks.kept": "blocks have their names",
    "collect.begun": "a garbage collection knows what it may take; nothing is gone",
    "collect.marked": "it knows what is kept",
    "collect.removed": "some of the rest is gone",
    "export.written": "a directory is complete beside its destination",
    "file.written": "a small file is complete beside the one that it replaces; the detail is its name",
    # The provider.
    "provider.nonce": "an offer's nonce is taken",
    "provider.outstanding": "an offer is written down; nobody has seen it",
    "provider.announced": "the market has an offer",
    "provider.taken": "a deal is seen; nothing is done for it",
    "work.fetched": "its inputs are here",
    "work.running": "its module runs",
    "work.ran": "its module has ended, and its output is on the disk",
    "work.sealed": "the output is in the store",
    "work.pinned": "and pinned",
    "provider.noted": "the result is in the journal; the chain knows nothing of it",
    "provider.submitted": "the result is on the chain",
    "provider.refusing": "the decision to decline is in the journal",
    "provider.declined": "the chain knows it",
    "provider.ended": "the deal has ended; its working files are still there",
    "provider.put_away": "the result is on chain, and what only the run needed is gone",
    "provider.cleaned": "they are gone",
    "provider.withdrawn": "the offers of a provider that drains are cancelled on chain",
    # The mediator.
    "mediator.noted": "the ballot and its salt are in the journal; the chain knows nothing of them",
    "mediator.committed": "the sealed ballot is on the chain",
    "mediator.revealed": "the open one is",
    "mediator.moved": "a case has been moved on; the detail is the call",
    # The watcher.
    "watcher.noted": "what a run has shown is in the journal; the detail says which run",
    "watcher.priced": "the price of the challenge is in the vault and in the journal; the chain knows nothing of it",
    "watcher.challenged": "the chain has the challenge",
    # The executors.
    "wasm.ran": "the module has ended; nothing of it is on the disk",
    "wasm.unfinished": "half of the output is on the disk",
    "wasm.recorded": "the output and its record are on the disk; the output has not its name yet",
    "docker.created": "there is a container that never ran",
    "docker.started": "it runs",
    "docker.unpacked": "it has stopped, and its output was taken out; nothing says so",
    "docker.recorded": "a record says so; the container is still there",
    "cluster.unpacked": "a job on a cluster has ended, and its output is here; nothing says so",
    "cluster.recorded": "a record says so; the machine that ran it still has it in hand",
    "output.recorded": "a record vouches for what a container or a cluster has made; the output has not its name yet",
    # The solver.
    "solver.paired": "two offers fit; nothing was sent",
    "solver.agreed": "the chain has the deal",
    "solver.followed": "the cursor is past a batch; the detail is its first event",
    # The creator's command.
    "creator.nonce": "the offer's nonce is taken",
    "creator.added": "the inputs are in the store of this machine",
    "creator.uploaded": "the market has the inputs",
    "creator.lane": "the offer's lane is leased",
    "creator.funded": "the price is in the vault",
    "creator.saved": "the signed job is on the disk; nobody else knows of it",
    "creator.announced": "the market has the offer",
    "creator.agreed": "the job's file names its deal",
    "creator.verified": "the output is here and checked; nothing is paid",
    "creator.disputed": "the chain has the challenge",
    "creator.accepted": "it is paid",
}
"""Each by what has just been done when a process dies there."""

AT, TRACE, WITH = "LILYPAD_CRASH_AT", "LILYPAD_CRASH_TRACE", "LILYPAD_CRASH_WITH"


def crash_point(name: str, detail: str = "") -> None:
    """A step of a deal that something may happen after."""
    if trace := os.environ.get(TRACE):
        with open(trace, "a") as file:  # noqa: PTH123 - one short write, from any thread
            file.write(f"{os.getpid()} {name}@{detail}\n")
    if os.environ.get(AT) in (name, f"{name}@{detail}"):
        for process in (int(os.environ.get(WITH, os.getpid())), os.getpid()):
            os.kill(process, signal.SIGKILL)
