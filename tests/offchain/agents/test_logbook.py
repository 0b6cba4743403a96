"""What an agent keeps in mind of what it follows: what goes on, and ends that are young. The rest is on disk.

The things here are tokens of ERC-20 transfers, known by their amount: minted, handed on, and over when burned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lilypad.agents.books.logbook import LINGER_SECONDS, LogBook
from lilypad.agents.network import Network
from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.chain.deployments import Deployment
from lilypad.chain.feed import REORG_DEPTH, Batch, Rollback
from lilypad.chain.rpc import Rpc
from lilypad.errors import ChainUnavailableError
from lilypad.store.journal import Journal
from lilypad.types import ZERO_ADDRESS, Address, DealId
from tests.invariants.network import ADDRESSES

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
ALICE, BOB = ADDRESSES["creator"], ADDRESSES["provider"]


@dataclass(frozen=True)
class Coin:
    id: DealId
    owner: Address


class Coins(LogBook[Coin]):
    def __init__(self, journal: Journal, linger: float) -> None:
        deployment = Deployment(31337, 0, dict.fromkeys(
            ("LilypadController", "LilypadPayments", "LilypadStorage", "LilypadModules", "LilypadUsers",
             "LilypadToken"), ALICE))  # fmt: skip
        self.let_go: list[Coin] = []
        self.told: list[tuple[Coin | None, Coin | None]] = []
        super().__init__(Network(Rpc(("http://127.0.0.1:1",), chain_id=31337), deployment), journal, "coins", linger)

    def _fold(self, logs: list[RawLog]) -> Coin | None:
        events = [decode_event(log) for log in logs]
        return Coin(coin(events[0].args["value"]), events[-1].args["to"]) if events else None

    def _state(self, thing: Coin) -> str:
        return "burned" if self._is_over(thing) else "alive"

    def _is_over(self, thing: Coin) -> bool:
        return thing.owner == ZERO_ADDRESS

    def _subject(self, event: Event) -> tuple[DealId, bool]:
        return coin(event.args["value"]), event.args["from"] == ZERO_ADDRESS

    def _moved(self, before: Coin | None, after: Coin | None) -> None:
        self.told.append((before, after))

    def _left(self, thing: Coin) -> None:
        self.let_go.append(thing)

    async def read(self, block: int, *logs: RawLog, rollback: Rollback | None = None) -> list[Coin]:
        batch = Batch(block, block, block, block, logs, rollback, self._journal.transaction, lambda tx: None)
        return await self.absorb(batch)


def coin(value: int) -> DealId:
    return DealId(value.to_bytes(32, "big"))


def moved(value: int, sender: Address, to: Address, block: int) -> RawLog:
    topics = [TRANSFER, *("0x" + account[2:].lower().rjust(64, "0") for account in (sender, to))]
    return {
        "address": ALICE, "topics": topics, "data": "0x" + coin(value).hex(), "blockNumber": hex(block),
        "blockTimestamp": hex(block), "blockHash": "0x" + "00" * 32, "transactionHash": "0x" + "11" * 32,
        "logIndex": "0x0",
    }  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


@pytest.fixture
def coins(journal: Journal) -> Coins:
    return Coins(journal, linger=0.0)


async def lived_and_died(coins: Coins) -> None:
    """Coin 1 is minted in block 10 and burned in block 20; coin 2 is minted and stays."""
    await coins.read(10, moved(1, ZERO_ADDRESS, ALICE, 10), moved(2, ZERO_ADDRESS, BOB, 10))
    coins.note(coin(1), memory="kept")
    await coins.read(20, moved(1, ALICE, ZERO_ADDRESS, 20))


async def test_thing__that_is_over__is_in_hand_as_long_as_its_end_may_be_undone(coins: Coins) -> None:
    await lived_and_died(coins)
    await coins.read(20 + REORG_DEPTH - 1)
    assert {thing.id for thing in coins} == {coin(1), coin(2)}
    await coins.read(15, rollback=Rollback(15))
    assert coins.get(coin(1)) == Coin(coin(1), ALICE)
    await coins.read(21, moved(1, ALICE, ZERO_ADDRESS, 21))
    await coins.read(20 + REORG_DEPTH)
    assert coin(1) in {thing.id for thing in coins}
    await coins.read(21 + REORG_DEPTH)
    assert [thing.id for thing in coins] == [coin(2)]


async def test_thing__from_its_beginning_on__is_told_of_each_time_it_moves(coins: Coins) -> None:
    mint = moved(1, ZERO_ADDRESS, ALICE, 10)
    here, there = Coin(coin(1), ALICE), Coin(coin(1), BOB)
    await coins.read(10, mint)
    await coins.read(11, moved(1, ALICE, BOB, 11))
    await coins.read(10, rollback=Rollback(10))
    await coins.read(9, rollback=Rollback(9))
    await coins.read(10, mint)
    assert coins.told == [(None, here), (here, there), (there, here), (here, None), (None, here)]


async def test_thing__that_is_long_over__is_read_from_the_journal(coins: Coins) -> None:
    await lived_and_died(coins)
    await coins.read(20 + REORG_DEPTH)
    assert coins.let_go == [Coin(coin(1), ZERO_ADDRESS)]
    assert coins.get(coin(1)) == Coin(coin(1), ZERO_ADDRESS)
    assert [name for name, _ in coins.transactions(coin(1))] == ["Transfer", "Transfer"]
    coins.note(coin(1), more=1)
    assert coins.notes(coin(1)) == {"memory": "kept", "more": 1}
    assert await coins.wait_for(coin(1)) == coins.get(coin(1))
    assert [thing.id for thing in coins] == [coin(2)]


async def test_start__with_a_long_past__has_in_hand_what_goes_on(coins: Coins, journal: Journal) -> None:
    await lived_and_died(coins)
    await coins.read(20 + REORG_DEPTH)
    coins.note(coin(1), more=1)
    again = Coins(journal, linger=0.0)
    assert [thing.id for thing in again] == [coin(2)]
    assert again.notes(coin(1)) == {"memory": "kept", "more": 1}


async def test_start__before_the_end_was_deep__lets_go_later(coins: Coins, journal: Journal) -> None:
    await lived_and_died(coins)
    again = Coins(journal, linger=0.0)
    assert {thing.id for thing in again} == {coin(1), coin(2)}
    await again.read(20 + REORG_DEPTH)
    assert [thing.id for thing in again] == [coin(2)]


async def test_thing__that_began_and_ended_in_one_batch__is_seen_by_who_looks_now_and_then(journal: Journal) -> None:
    """As after an outage: an offer's place is free again once its deal was seen, which is not at once."""
    coins = Coins(journal, LINGER_SECONDS)
    await coins.read(500, moved(1, ZERO_ADDRESS, ALICE, 10), moved(1, ALICE, ZERO_ADDRESS, 20))
    await coins.read(501)
    assert [thing.id for thing in coins] == [coin(1)]


async def test_things__that_ended_long_ago__do_not_wait_for_younger_ones(coins: Coins) -> None:
    for value in range(1, 4):
        await coins.read(value, moved(value, ZERO_ADDRESS, ALICE, value))
    for value in (2, 3, 1):
        await coins.read(10 * value, moved(value, ALICE, ZERO_ADDRESS, 100 - 10 * value))
    await coins.read(100 + REORG_DEPTH)
    assert list(coins) == []
    assert len(coins.let_go) == 3


class Forgetful(Coins):
    """Needs to ask the chain for more, which does not always answer."""

    answers: list[bool]

    async def _with_past(self, log: RawLog) -> list[RawLog]:
        if not self.answers.pop(0):
            raise ChainUnavailableError("no endpoint answers")
        return [log]


async def test_batch__whose_past_the_chain_does_not_tell__is_given_back_and_nothing_of_it_kept(
    journal: Journal,
) -> None:
    book = Forgetful(journal, linger=0.0)
    book.answers = [True, False]
    logs = moved(1, ZERO_ADDRESS, ALICE, 10), moved(2, ZERO_ADDRESS, BOB, 10)
    batch = Batch(10, 10, 10, 10, logs, None, journal.transaction, lambda tx: None)
    assert await book.absorb(batch) == []
    assert (batch.applied, str(batch.given_back)) == (False, "no endpoint answers")
    assert [*book] == []
    book.answers = [True, True]
    assert len(await book.read(10, *logs)) == 2
