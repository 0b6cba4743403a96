"""All entry points, by several actors in any order, against the pure model, step by step. See README.md."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from eth_utils.crypto import keccak
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from lilypad.protocol import deal as life
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.matching import Parameters
from lilypad.protocol.offers import Netting
from lilypad.protocol.words import Windows
from tests.contracts.makers import ETHER, WINDOWS
from tests.invariants.actions import Actions
from tests.invariants.machine import ACTORS, NONCES, Machine
from tests.invariants.network import ADDRESSES

EXAMPLES = int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "80"))
"""Each is up to STEPS calls."""
STEPS = 80

actors = st.sampled_from(ACTORS)
parties = st.permutations(ACTORS).map(lambda order: (order[0], order[1]))
picks = st.integers(0, 50)
amounts = st.one_of(st.integers(0, 40 * ETHER), st.sampled_from([0, 1, ETHER]))
counts = st.one_of(st.sampled_from([0, 1, 10**7, 2**64 - 1]), st.integers(0, 2 * 10**7))
claims = st.builds(Claim, st.sampled_from([keccak(b"a"), keccak(b"b")]), counts)
lies = st.sampled_from([False, False, False, True])
truths = lies.map(lambda lie: not lie)
jobs = st.fixed_dictionaries(
    {},
    optional={
        "solver_bps": st.sampled_from([0, 1, 211, 500, 9_000]),
        "payment_ceiling": amounts,
        "price_per_instruction": st.sampled_from([0, 10**12, 2**128 - 1]),
        "collateral": st.just(0),
        "windows": st.sampled_from([WINDOWS, Windows(0, 1, 1, 7_200), replace(WINDOWS, mediate=1)]),
    },
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "price_per_instruction": st.sampled_from([0, 1, 10**12 + 7, 2**128 - 1]),
        "minimum_payment": amounts,
        "collateral": amounts,
        "late_penalty": amounts,
        "shares_bps": st.sampled_from([500, 1_000, 1_500, 65_535]),
        "windows": st.just(Windows(0, 1, 2**32 - 1, 7_200)),
    },
)


class NetworkMachine(Actions):
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

    @rule(protocol=st.sampled_from([0, 127, 1_000]), floor=st.sampled_from([1_000, 1_000, 20_000, 20_001]))
    def set_parameters(self, protocol: int, floor: int) -> None:
        self.both(
            lambda: self.model.set_parameters(Parameters(protocol, floor)),
            self.call("governor", "setParameters", protocol, floor),
        )

    # ------------------------------------------------------------ agreement

    @rule(who=actors, nonce=st.sampled_from(NONCES))
    def cancel_one(self, who: str, nonce: int) -> None:
        self.both(lambda: self.model.cancel(ADDRESSES[who], nonce), self.call(who, "cancelNonce", nonce))

    @rule(pair=parties, solver=actors, by=actors, job=jobs, resource=resources, good=st.tuples(truths, truths))
    def agree(
        self,
        pair: tuple[str, str],
        solver: str,
        by: str,
        job: dict[str, Any],
        resource: dict[str, Any],
        good: tuple[bool, bool],
    ) -> None:
        self.bring(pair, {"solver": ADDRESSES[solver], **job}, resource, by, good)

    @rule(pair=parties, nonces=st.tuples(st.sampled_from(NONCES), st.sampled_from(NONCES)))
    def agree_plainly(self, pair: tuple[str, str], nonces: tuple[int, int]) -> None:
        """Most of the offers above do not fit; these do, unless their nonces or the funds are used up."""
        self.bring(pair, {"nonce": nonces[0]}, {"nonce": nonces[1]}, pair[0])

    # ------------------------------------------------------------ without a deal in storage, and many at once

    @rule(pair=parties, by=actors, claim=claims, job=jobs, resource=resources, good=st.tuples(truths, truths))
    def finish_at_once(
        self,
        pair: tuple[str, str],
        by: str,
        claim: Claim,
        job: dict[str, Any],
        resource: dict[str, Any],
        good: tuple[bool, bool],
    ) -> None:
        self.instant(*self.offers(pair, job, resource), by, claim, good)

    @rule(pair=parties, by=actors, nonce=st.sampled_from(NONCES), amount=amounts, left=st.sampled_from([-1, 0, 9]))
    def net_many(self, pair: tuple[str, str], by: str, nonce: int, amount: int, left: int) -> None:
        creator, provider = (ADDRESSES[name] for name in pair)
        netting = Netting(creator, provider, amount, 64, bytes(32), self.evm.now + left, nonce)
        self.net_deals(netting, by, is_signed=nonce != NONCES[0])

    @rule(by=actors, several=st.lists(st.tuples(parties, jobs, resources, st.tuples(truths, truths)), max_size=4))
    def agree_many(self, by: str, several: list[Any]) -> None:
        pairs = [(*self.offers(pair, job, resource), good) for pair, job, resource, good in several]
        self.agree_batch(by, pairs)

    @precondition(Machine.has_deals)
    @rule(by=actors, several=st.lists(st.tuples(picks, claims, lies, st.tuples(truths, truths)), max_size=4))
    def settle_many(self, by: str, several: list[Any]) -> None:
        deals = [(self.pick(pick), claim, lie, signed) for pick, claim, lie, signed in several]
        self.settle_batch(by, [(deal.id, self.claim(deal, c, lie), signed) for deal, c, lie, signed in deals])

    # ------------------------------------------------------------ anything to any deal

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, submits=st.booleans())
    def provider_acts(self, pick: int, lie: bool, who: str, claim: Claim, submits: bool) -> None:
        deal, by = self.party(pick, "provider", lie, who)
        if submits:
            self.submit(deal, by, claim)
        else:
            self.decline(deal, by)

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims)
    def creator_accepts(self, pick: int, lie: bool, who: str, claim: Claim) -> None:
        deal, by = self.party(pick, "creator", lie, who)
        self.accept(deal, by, self.claim(deal, claim, lie))

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, signed=st.tuples(truths, truths))
    def anyone_settles(self, pick: int, who: str, claim: Claim, lie: bool, signed: tuple[bool, bool]) -> None:
        deal = self.pick(pick)
        self.settle(deal, who, self.claim(deal, claim, lie), signed)

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, call=st.sampled_from(["finalize", "challenge"]))
    def anyone_answers_a_result(self, pick: int, lie: bool, who: str, claim: Claim, call: str) -> None:
        deal = self.pick(pick)
        getattr(self, call)(deal, who, self.claim(deal, claim, lie))

    @precondition(Machine.has_deals)
    @rule(pick=picks, who=actors)
    def anyone_calls_it_late(self, pick: int, who: str) -> None:
        self.late(self.pick(pick), who)

    @precondition(Machine.has_deals)
    @rule(
        pick=picks,
        lie=lies,
        who=actors,
        claim=claims,
        verdict=st.sampled_from(Verdict),
        call=st.sampled_from(["decide", "decide", "decide_without_right", "expire"]),
    )
    def a_dispute_ends(self, pick: int, lie: bool, who: str, claim: Claim, verdict: Verdict, call: str) -> None:
        deal = self.pick(pick)
        claim, dispute = self.own_dispute(deal, claim)
        dispute = replace(dispute, bond=0) if lie else dispute
        if call == "decide":
            self.decide(deal, claim, dispute, verdict)
        elif call == "expire":
            self.expire(deal, who, claim, dispute)
        else:
            self.decide_without_right(deal, who, claim, dispute, verdict)

    # ------------------------------------------------------------ whole lives, so that no end is rare

    @rule(
        pair=parties,
        who=actors,
        claim=claims,
        way=st.sampled_from(["decline", "late", "settle", "accept", "finalize", "expire", *Verdict]),
        resource=resources,
        pause=st.sampled_from([0, 1, 600, 601, 1_800, 1_801, 3_601]),
    )
    def a_whole_life(
        self,
        pair: tuple[str, str],
        who: str,
        claim: Claim,
        way: str | Verdict,
        resource: dict[str, Any],
        pause: int,
    ) -> None:
        deal_id = self.bring(pair, {}, resource, who)
        if deal_id is None:
            return
        self.evm.now += pause
        if way in ("decline", "settle"):
            deal = self.model.deals[deal_id]
            return self.decline(deal, pair[1]) if way == "decline" else self.settle(deal, who, claim, (True, True))
        if way != "late":
            self.submit(self.model.deals[deal_id], pair[1], claim)
        self.evm.now += pause
        if way == "accept":
            return self.accept(self.model.deals[deal_id], pair[0], claim)
        if way == "expire" or isinstance(way, Verdict):
            self.challenge(self.model.deals[deal_id], who, claim)
        self.evm.now += pause
        deal = self.model.deals[deal_id]
        if isinstance(way, Verdict):
            self.decide(deal, *self.own_dispute(deal, claim), way)
        else:
            self.way_out(deal)


TestNetwork = NetworkMachine.TestCase
TestNetwork.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # takes minutes here
    suppress_health_check=list(HealthCheck),
)
