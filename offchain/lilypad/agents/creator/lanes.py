"""Which of a creator's lanes the next deal is recorded in.

A lane that exists already saves whoever brings the deal 17,100 gas, so the lowest one is taken that no offer and no
open deal of this account needs any more.
"""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path

from lilypad.agents.creator.jobs import locked, read_or, write_whole
from lilypad.agents.network import Network
from lilypad.types import Address

Lease = tuple[int, int]
"""Nonce and expiry of the offer that names the lane."""


class Lanes:
    """Leases on disk, shared by all commands of one account on this machine. Of two offers that two machines sign for
    the same lane at the same time, the second one makes no deal."""

    def __init__(self, network: Network, account: Address, file: Path) -> None:
        self._network = network
        self._account = account
        self._file = file

    async def take(self, nonce: int, expiry: int) -> int:
        """A lane for the offer with this nonce, which can make a deal until `expiry` (unix seconds)."""
        for lane in count(1):
            lease = self._look().get(lane)
            if await self._is_free(lane, lease) and self._try_to_lease(lane, lease, (nonce, expiry)):
                return lane
        raise AssertionError("there is always another lane")

    async def _is_free(self, lane: int, lease: Lease | None) -> bool:
        """Its last offer can make no deal any more, and the deal that it may have made has ended."""
        if lease is not None:
            nonce, expiry = lease
            if time.time() <= expiry and not await self._network.is_nonce_used(self._account, nonce):
                return False
        return not (await self._network.lane_status(self._account, lane)).is_open

    def _try_to_lease(self, lane: int, seen: Lease | None, lease: Lease) -> bool:
        """Unless another command of this account took it since we looked."""
        with locked(self._file):
            leases = self._leases()
            if leases.get(lane) != seen:
                return False
            write_whole(self._file, json.dumps(leases | {lane: lease}))
            return True

    def _look(self) -> dict[int, Lease]:
        with locked(self._file):
            return self._leases()

    def _leases(self) -> dict[int, Lease]:
        """Of a file that nobody else is writing."""
        return {int(lane): (lease[0], lease[1]) for lane, lease in json.loads(read_or(self._file, "{}")).items()}
