"""Money for an account on a local chain, where it is worth nothing: from the development account that has all of it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from lilypad.agents.localnet import Accounts
from lilypad.agents.network import Actor, Network
from lilypad.chain.devnode import LOCAL_CHAIN
from lilypad.chain.receipts import Receipt
from lilypad.chain.sender import Sender
from lilypad.errors import RejectedError
from lilypad.settings import ETHER
from lilypad.store.journal import Journal
from lilypad.types import Address

LEAST_GAS = ETHER
GAS = 10 * ETHER
"""What an account with less than the least is given."""


def require_local_chain(chain_id: int) -> None:
    """
    Raises:
        RejectedError: money is worth something there.
    """
    if chain_id != LOCAL_CHAIN:
        message = f"play money is for local chains ({LOCAL_CHAIN}) only; have LILY and gas sent to the account"
        raise RejectedError(message, chain_id=chain_id)


async def fund(network: Network, to: Address, amount: int) -> Receipt:
    """Tokens, and the chain's own coin where there is too little of it.

    Raises:
        RejectedError: this is not a local chain, or there is not so much.
    """
    require_local_chain(network.deployment.chain_id)
    giver = Accounts.development().owner
    have = (await network.funds(giver.address)).wallet
    if have < amount:
        raise RejectedError("the development account has not so much", missing=amount - have, account=giver.address)
    # A journal of its own: nothing here has to survive, and the network may hold the owner's.
    with tempfile.TemporaryDirectory(prefix="lilypad-") as folder, Journal(Path(folder) / "fund.sqlite") as journal:
        sender, key = Sender(network.rpc, journal, giver), f"fund {time.time_ns()}"
        if await network.gas_money(to) < LEAST_GAS:
            await sender.send(to, b"", key=f"gas:{key}", value=GAS)
        return await Actor(network.rpc, network.deployment, sender).transfer(to, amount, key=key)
