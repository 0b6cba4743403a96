"""Lanes: the lowest one that nothing needs any more, as the contracts see it, and never the same one twice."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from lilypad.agents.creator.lanes import Lanes
from lilypad.protocol.deal import DealStatus
from lilypad.protocol.terms import DealTerms, derive_terms
from lilypad.protocol.words import Shares
from lilypad.types import Address
from tests.contracts.makers import PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS
from tests.invariants.network import ADDRESSES, Network, deploy

CREATOR = ADDRESSES["creator"]
TAKER = Path(__file__).with_name("lane_taker.py")


@dataclass(frozen=True)
class OnEvm:
    """What an agent asks of the contracts, asked of contracts inside this process."""

    net: Network

    async def is_nonce_used(self, account: Address, nonce: int) -> bool:
        net = self.net
        return bool(net.evm.read(net.payments, "isNonceUsed", net.controller.address, account, nonce))

    async def lane_status(self, creator: Address, lane: int) -> DealStatus:
        net = self.net
        return DealStatus(net.evm.read(net.storage, "dealOf", net.controller.address, creator, lane)[0])

    def agree(self, nonce: int, lane: int) -> DealTerms:
        maker, net = self.net.maker, self.net
        job, resource = maker.job(nonce=nonce, lane=lane), maker.resource(nonce=nonce)
        net.send("stranger", net.controller, "agree", *maker.pair(job, resource))
        shares = Shares(SOLVER_BPS, ROYALTY_BPS, PROTOCOL_BPS)
        return derive_terms(maker.domain, job, resource, ADDRESSES["author"], shares)

    def decline(self, terms: DealTerms) -> None:
        self.net.send("provider", self.net.controller, "decline", terms.words())


@pytest.fixture
def chain() -> OnEvm:
    net = deploy()
    for who in ("creator", "provider"):
        net.fund(who)
    return OnEvm(net)


def installation(chain: OnEvm, folder: Path) -> Lanes:
    return Lanes(cast(Any, chain), CREATOR, folder / "lanes.json")


@pytest.fixture
def lanes(chain: OnEvm, tmp_path: Path) -> Lanes:
    return installation(chain, tmp_path)


def soon() -> int:
    return int(time.time()) + 600


async def test_take__while_earlier_offers_may_make_deals__is_another_each_time(lanes: Lanes) -> None:
    assert [await lanes.take(nonce, soon()) for nonce in range(3)] == [1, 2, 3]


async def test_take__by_another_command__knows_the_leases(chain: OnEvm, tmp_path: Path) -> None:
    assert await installation(chain, tmp_path).take(0, soon()) == 1
    assert await installation(chain, tmp_path).take(1, soon()) == 2


async def test_take__after_the_offer_expired_unused__is_the_same_lane(lanes: Lanes) -> None:
    assert await lanes.take(0, int(time.time()) - 1) == 1
    assert await lanes.take(1, soon()) == 1


async def test_take__after_the_offer_was_cancelled__is_the_same_lane(chain: OnEvm, lanes: Lanes) -> None:
    assert await lanes.take(0, soon()) == 1
    net = chain.net
    net.send("creator", net.payments, "cancelNonce", net.controller.address, 0)
    assert await lanes.take(1, soon()) == 1


async def test_take__while_the_deal_is_open__is_another_and_the_same_when_it_has_ended(
    chain: OnEvm, lanes: Lanes
) -> None:
    lane = await lanes.take(0, soon())
    terms = chain.agree(nonce=0, lane=lane)
    assert await lanes.take(1, soon()) == 2
    chain.decline(terms)
    assert await lanes.take(2, soon()) == 1
    chain.agree(nonce=2, lane=1)


async def test_take__with_an_expired_offer_whose_deal_is_open__is_another(chain: OnEvm, lanes: Lanes) -> None:
    await lanes.take(0, int(time.time()) - 1)
    chain.agree(nonce=0, lane=1)
    assert await lanes.take(1, soon()) == 2


async def test_take__with_a_deal_of_another_installation__leaves_its_lane_alone(
    chain: OnEvm, lanes: Lanes, tmp_path: Path
) -> None:
    terms = chain.agree(nonce=7, lane=1)
    assert await lanes.take(8, soon()) == 2
    chain.decline(terms)
    assert await installation(chain, tmp_path / "fresh").take(9, soon()) == 1


async def test_take__after_a_command_died_while_it_wrote__asks_the_chain(
    chain: OnEvm, lanes: Lanes, tmp_path: Path
) -> None:
    await lanes.take(0, soon())
    chain.agree(nonce=0, lane=1)
    (tmp_path / "lanes.json").write_text("")
    assert await lanes.take(1, soon()) == 2


async def test_take__many_at_once_in_one_command__are_all_different(lanes: Lanes) -> None:
    taken = await asyncio.gather(*(lanes.take(nonce, soon()) for nonce in range(20)))
    assert sorted(taken) == list(range(1, 21))


async def test_take__by_many_commands_at_once__are_all_different(tmp_path: Path) -> None:
    file, each, commands = tmp_path / "lanes.json", 25, 4
    arguments = (str(TAKER), str(file), str(each))
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        for _ in range(commands)
    ]
    outputs = [(await process.communicate())[0] for process in processes]
    taken = [int(line) for output in outputs for line in output.split()]
    assert sorted(taken) == list(range(1, each * commands + 1))
    assert [process.returncode for process in processes] == [0] * commands
