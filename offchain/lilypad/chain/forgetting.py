"""Which rows of the outbox may go: those that can never again keep anybody from sending an effect twice.

A row does two things. It holds its key, so that the same request finds its transaction; and it holds its nonce, so that
what a reorganisation throws out is sent again. It may go when neither is needed any more:

- its transaction is closed, and its nonce lies below the account's count at a block that no reorganisation reaches:
  none of its attempts can be mined, or thrown out, ever again;
- its owner says that the effect is over: that the contracts themselves refuse it from now on, as they do with every
  call about a deal that has ended. The same request, should it come, ends in its simulation, and nothing is sent.

Everything else stays, whatever its age: contracts do not refuse a second deposit. So does the row with the highest
nonce, from which the next one is counted, and any that somebody waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from lilypad.chain.feed import REORG_DEPTH
from lilypad.chain.outbox import Outbox
from lilypad.chain.rpc import Rpc, quantity
from lilypad.crashing import crash_point


async def forget_final(rpc: Rpc, outbox: Outbox, is_over: Callable[[str], bool], awaited: Container[str]) -> int:
    """How many have gone.

    Raises:
        RecoverableError: the chain cannot be asked, or its node no longer knows that block's state.
    """
    deep = int(await rpc.call("eth_blockNumber"), 16) - REORG_DEPTH
    if deep < 0:
        return 0
    count = int(await rpc.call("eth_getTransactionCount", outbox.account, quantity(deep)), 16)
    below = min(count, outbox.next_nonce() - 1)
    over = [key for key in outbox.closed(below) if key not in awaited and is_over(key.partition("#")[0])]
    if not over:
        return 0
    with outbox.journal.transaction() as tx:
        for key in over:
            outbox.remove(tx, key)
        crash_point("sender.forgetting")
    return len(over)
