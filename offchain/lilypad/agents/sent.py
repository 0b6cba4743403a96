"""What an agent has sent, and need not remember: calls about deals that are over. The chain refuses to repeat them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lilypad.agents.books.deals import DealBook
from lilypad.chain.sender import Sender
from lilypad.errors import RecoverableError
from lilypad.types import DealId

log = logging.getLogger(__name__)

LOOK_SECONDS = 600.0
ON_DEALS = frozenset(("submitResult", "decline", "accept", "challenge", "late", "finalize", "expire"))
"""Each moves a deal on from a status to which it never returns."""


def is_about_a_final_deal(key: str, deals: DealBook) -> bool:
    """Whether its deal has ended, and left the hands of the book: no reorganisation makes it open again."""
    function, subject = (*key.split(":"), "")[:2]
    if function not in ON_DEALS:
        return False
    id_ = DealId(bytes.fromhex(subject))
    deal = deals.get(id_)
    return deal is not None and deal.status.is_end and all(id_ != other.id for other in deals)


def is_agreement(key: str) -> bool:
    """Both offers' nonces are used up with it, for ever."""
    return key.startswith("agree:")


@asynccontextmanager
async def forgetting(sender: Sender, is_over: Callable[[str], bool]) -> AsyncIterator[None]:
    """Now and then, while inside."""
    task = asyncio.create_task(_forget(sender, is_over), name="forgets what was sent")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _forget(sender: Sender, is_over: Callable[[str], bool]) -> None:
    while True:
        try:
            if count := await sender.forget(is_over):
                log.info("transactions_forgotten", extra={"count": count})
        except RecoverableError as error:
            log.debug("not_forgotten", extra={"error": str(error)})
        except Exception:
            log.exception("not_forgotten")
        await asyncio.sleep(LOOK_SECONDS)
