"""Offer nonces: one after the other, since 32 neighbours lie beside the account's balance on chain."""

from __future__ import annotations

from typing import Protocol

from lilypad.agents.network import Network
from lilypad.store.journal import Journal
from lilypad.types import Address


class Counter(Protocol):
    """A number on disk that only grows."""

    def take(self) -> int: ...


class JournalCounter:
    """For an agent that has a journal of its own."""

    def __init__(self, journal: Journal, key: str = "offer_nonce") -> None:
        self._journal = journal
        self._key = key

    def take(self) -> int:
        with self._journal.transaction() as tx:
            value = int(self._journal.get(self._key, 0))
            tx.put(self._key, value + 1)
        return value


class OfferNonces:
    def __init__(self, network: Network, account: Address, counter: Counter) -> None:
        self._network = network
        self._account = account
        self._counter = counter

    async def take(self) -> int:
        """One that was never taken here and is not used on chain, where another installation may have been at work."""
        while True:
            nonce = self._counter.take()
            if not await self._network.is_nonce_used(self._account, nonce):
                return nonce
