"""Rules for money, nonces and time, and for everything that is done without a deal on record, or many at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim
from lilypad.protocol.matching import Parameters
from lilypad.protocol.offers import Netting
from tests.invariants.actions import Actions, Way, Ways
from tests.invariants.chance import (
    actors,
    amounts,
    claims,
    instants,
    jobs,
    lies,
    masks,
    nonce_words,
    nonces,
    parties,
    picks,
    resources,
    way,
    ways,
)
from tests.invariants.machine import NAMES, Machine
from tests.invariants.network import ADDRESSES


class Shortcuts(Actions):
    # ------------------------------------------------------------ money and time

    @rule(who=actors, to=actors, amount=amounts)
    def deposit(self, who: str, to: str, amount: int) -> None:
        self.net.send("governor", self.net.token, "transfer", ADDRESSES[who], amount)
        self.net.send(who, self.net.token, "approve", self.net.payments.address, amount)
        account = ADDRESSES[to]
        self.both(lambda: self.model.deposit(account, amount), self.vault(who, "deposit", account, amount))

    @rule(who=actors, amount=amounts)
    def withdraw(self, who: str, amount: int) -> None:
        self.both(lambda: self.model.withdraw(ADDRESSES[who], amount), self.vault(who, "withdraw", amount))

    @rule(who=actors, to=actors, amount=amounts)
    def move(self, who: str, to: str, amount: int) -> None:
        self.both(
            lambda: self.model.move(ADDRESSES[who], ADDRESSES[to], amount),
            self.vault(who, "move", ADDRESSES[to], amount),
        )

    @rule(seconds=st.sampled_from([1, 60, 599, 1_800, 3_600]))
    def wait(self, seconds: int) -> None:
        self.evm.now += seconds

    @precondition(Machine.has_deals)
    @rule(pick=picks, shift=st.sampled_from([-1, 0, 1, 1]))
    def wait_for_a_deadline(self, pick: int, shift: int) -> None:
        deadline = life.deadline(self.pick(pick))
        if deadline is not None:
            self.evm.now = max(self.evm.now, deadline + shift)

    @rule(protocol=st.sampled_from([0, 127, 127, 127, 1_000]), floor=st.sampled_from([1_000, 1_000, 20_000, 20_001]))
    def set_parameters(self, protocol: int, floor: int) -> None:
        self.both(
            lambda: self.model.set_parameters(Parameters(protocol, floor)),
            self.call("governor", "setParameters", protocol, floor),
        )

    # ------------------------------------------------------------ nonces

    @rule(who=actors, nonce=nonces)
    def cancel_one(self, who: str, nonce: int) -> None:
        self.both(lambda: self.model.cancel(ADDRESSES[who], [nonce]), self.vault(who, "cancelNonce", nonce))

    @rule(who=actors, word=nonce_words, mask=masks)
    def cancel_several(self, who: str, word: int, mask: int) -> None:
        self.cancel_nonces(who, word, mask)

    # ------------------------------------------------------------ without a deal on record

    @rule(pair=parties, solver=actors, by=actors, claim=claims, changes=instants, how=ways)
    def finish_at_once(
        self, pair: tuple[str, str], solver: str, by: str, claim: Claim, changes: dict[str, Any], how: Ways
    ) -> None:
        creator, provider, solving = (ADDRESSES[name] for name in (*pair, solver))
        deal = self.maker.instant(creator=creator, provider=provider, solver=solving, **changes)
        told = replace(deal, commitment=claim.commitment, instruction_count=claim.instruction_count)
        self.finish(told, by, how)

    @rule(pair=parties, nonce=nonces, amount=amounts, left=st.sampled_from([-1, 0, 9]))
    def finish_around_the_expiry(self, pair: tuple[str, str], nonce: int, amount: int, left: int) -> None:
        creator, provider = (ADDRESSES[name] for name in pair)
        deal = self.maker.instant(
            creator=creator, provider=provider, nonce=nonce, cost=amount, expiry=self.evm.now + left
        )
        self.finish(deal, pair[1], ("signed", "sent"))

    @rule(
        pair=parties,
        by=actors,
        nonce=nonces,
        amount=amounts,
        left=st.sampled_from([-1, 0, 9]),
        share=st.sampled_from([0, 127, 1_000]),
        how=way,
    )
    def net_many(
        self, pair: tuple[str, str], by: str, nonce: int, amount: int, left: int, share: int, how: Way
    ) -> None:
        creator, provider = (ADDRESSES[name] for name in pair)
        netting = Netting(creator, provider, amount, 64, bytes(32), share, self.evm.now + left, nonce)
        self.net_deals(netting, by, how)

    # ------------------------------------------------------------ many at once

    @rule(by=actors, several=st.lists(st.tuples(parties, jobs, resources, ways), max_size=4))
    def agree_many(self, by: str, several: list[Any]) -> None:
        pairs = [(*self.offers(pair, job, resource), how) for pair, job, resource, how in several]
        self.agree_batch(by, pairs)

    @precondition(Machine.has_brought)
    @rule(by=actors, picked=st.lists(picks, min_size=1, max_size=3))
    def agree_many_again(self, by: str, picked: list[int]) -> None:
        """The same offers as ever, several times among them."""
        pairs = [self.brought[pick % len(self.brought)] for pick in picked]
        self.agree_batch(by, [(*pair, ("signed", "signed")) for pair in pairs])

    @precondition(Machine.has_deals)
    @rule(by=actors, several=st.lists(st.tuples(picks, claims, lies, way), max_size=4))
    def settle_many(self, by: str, several: list[Any]) -> None:
        deals = [(self.pick(pick), claim, lie, how) for pick, claim, lie, how in several]
        self.settle_batch(by, [(deal, self.claim(deal, c, lie), how) for deal, c, lie, how in deals])

    @precondition(Machine.has_deals)
    @rule(pick=picks, claim=claims, how=way, repeats=st.booleans())
    def settle_all_of_a_provider(self, pick: int, claim: Claim, how: Way, repeats: bool) -> None:
        """Whatever it may claim to be agreed, the first with the creator's word or without."""
        provider = self.pick(pick).terms.provider
        mine = [deal for deal in self.model.deals.values() if deal.terms.provider == provider][-6:]
        entries = [(deal, claim, how if index == 0 else "signed") for index, deal in enumerate(mine)]
        self.settle_batch(NAMES[provider], entries * 2 if repeats else entries)
