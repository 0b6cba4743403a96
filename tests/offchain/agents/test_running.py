"""What other commands find out about a provider that runs, has ended, or was killed."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from lilypad.agents.provider.capacity import Booking
from lilypad.agents.provider.outstanding import KEY, Outstanding, OutstandingOffers
from lilypad.agents.provider.running import FILE, RunState, find_running, how_it_ended, last_known, running_file
from lilypad.store.journal import Journal
from lilypad.types import Resources


def test_running__while_it_holds_its_file__is_found(tmp_path: Path) -> None:
    with running_file(tmp_path, "http://here", 3, 7, drains=True) as told:
        found = find_running(tmp_path)
        assert found is not None
        assert (found.pid, found.places, found.state) == (os.getpid(), 3, RunState.SERVING)
        told.tell(RunState.DRAINING)
        assert find_running(tmp_path).state is RunState.DRAINING  # type: ignore[union-attr]
    assert find_running(tmp_path) is None
    assert last_known(tmp_path).state is RunState.STOPPED  # type: ignore[union-attr]


def test_running__of_a_process_that_was_killed__is_not_found(tmp_path: Path) -> None:
    with running_file(tmp_path, "http://here", 3, 7, drains=True):
        left = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(left)
    assert find_running(tmp_path) is None, "its process id may be anybody's by now"


async def test_end__of_a_provider_that_drained__is_told_from_one_that_stopped(tmp_path: Path) -> None:
    assert await how_it_ended(tmp_path) is None
    with running_file(tmp_path, "http://here", 3, 7, drains=True) as told:
        waiting = asyncio.create_task(how_it_ended(tmp_path))
        await asyncio.sleep(0)
        assert not waiting.done()
        told.tell(RunState.DRAINED)
    assert await waiting is RunState.DRAINED
    with pytest.raises(RuntimeError), running_file(tmp_path, "http://here", 3, 7, drains=True):
        raise RuntimeError("a fault")
    assert await how_it_ended(tmp_path) is RunState.STOPPED


def test_outstanding__after_a_restart__are_those_that_were_not_forgotten(tmp_path: Path) -> None:
    third = Outstanding(3, 300, b"c" * 32, Resources(3_000, ram_mib=64))
    with Journal(tmp_path / "journal.sqlite") as journal:
        offers = OutstandingOffers(journal)
        offers.add(Outstanding(1, 100, b"a" * 32, Resources(1_000)))
        offers.add(Outstanding(2, 200, b"b" * 32, Resources(2_000)))
        offers.add(third)
        offers.forget({1, 9})
    with Journal(tmp_path / "journal.sqlite") as journal:
        assert [offer.nonce for offer in OutstandingOffers(journal)] == [2, 3]
        OutstandingOffers(journal).forget([2])
        assert [*OutstandingOffers(journal)] == [third]


def test_outstanding__of_an_earlier_version__does_not_know_what_it_offers(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        with journal.transaction() as tx:
            tx.put(KEY, [{"nonce": 1, "expiry": 100, "digest": "61" * 32}])
        assert [*OutstandingOffers(journal)] == [Outstanding(1, 100, b"a" * 32, None)]


def test_running__whose_bookings_change__tells_the_last_of_them(tmp_path: Path) -> None:
    booking = Booking(Resources(4_000, ram_mib=2_048), deals=Resources(1_000, ram_mib=64))
    with running_file(tmp_path, "http://here", 3, 7, drains=True) as told:
        assert find_running(tmp_path).booking == Booking(Resources())  # type: ignore[union-attr]
        told.book(booking)
        told.tell(RunState.DRAINING)
        assert find_running(tmp_path).booking == booking  # type: ignore[union-attr]


def test_running__of_an_earlier_version__has_no_bookings(tmp_path: Path) -> None:
    with running_file(tmp_path, "http://here", 3, 7, drains=True):
        pass
    plain = json.loads((tmp_path / FILE).read_text())
    del plain["booking"]
    (tmp_path / FILE).write_text(json.dumps(plain))
    assert last_known(tmp_path).booking == Booking(Resources())  # type: ignore[union-attr]
