"""Whether the chain behind the endpoints is the one that the journal was written for."""

from __future__ import annotations

from lilypad.chain.rpc import Rpc
from lilypad.errors import FaultError, RecoverableError
from lilypad.store.journal import Journal


async def identify_chain(rpc: Rpc, journal: Journal) -> int:
    """The chain id. A local chain that was made anew has the old id but another first block: that is a fault,
    or positions and transactions of the old chain would be carried over to the new one."""
    chain_id = await rpc.chain_id()
    genesis = await rpc.call("eth_getBlockByNumber", "0x0", False)
    if genesis is None:
        raise RecoverableError("the node has no first block yet", chain_id=chain_id)
    key = f"genesis:{chain_id}"
    known = journal.get(key)
    if known is None:
        with journal.transaction() as tx:
            tx.put(key, genesis["hash"])
    elif known != genesis["hash"]:
        message = "this is another chain than the journal's, under the same id; start with a new data directory"
        raise FaultError(message, chain_id=chain_id, journal=journal.path)
    return chain_id
