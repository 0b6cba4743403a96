"""All entry points, by several actors in any order, against the pure model, step by step. See README.md."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from lilypad.protocol.deal import Claim, Deal, DealStatus, Verdict
from tests.contracts.makers import ANY_PRICE, BOND, MEDIATION_FEE
from tests.invariants.actions import SIGNED, Way, Ways, with_other_terms
from tests.invariants.chance import (
    actors,
    claims,
    fitting,
    jobs,
    lanes,
    lies,
    nonces,
    parties,
    picks,
    resources,
    way,
    ways,
)
from tests.invariants.machine import Machine
from tests.invariants.network import ADDRESSES
from tests.invariants.shortcuts import Shortcuts

EXAMPLES = int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "80"))
"""Each is up to STEPS calls."""
STEPS = 80


class NetworkMachine(Shortcuts):
    # ------------------------------------------------------------ agreement

    @rule(pair=parties, solver=actors, by=actors, job=jobs, resource=resources, how=ways)
    def agree(
        self, pair: tuple[str, str], solver: str, by: str, job: dict[str, Any], resource: dict[str, Any], how: Ways
    ) -> None:
        self.agree_on(*self.offers(pair, {"solver": ADDRESSES[solver], **job}, resource), by, how)

    @rule(pair=parties, used=st.tuples(nonces, nonces), lane=lanes, resource=fitting)
    def agree_plainly(self, pair: tuple[str, str], used: tuple[int, int], lane: int, resource: dict[str, Any]) -> None:
        """Most of the offers above do not fit; these do, unless nonces, lane or funds are used up."""
        offers = self.offers(pair, {"nonce": used[0], "lane": lane}, {"nonce": used[1], **resource})
        self.agree_on(*offers, pair[0])

    @precondition(Machine.has_brought)
    @rule(pick=picks, by=actors)
    def agree_again(self, pick: int, by: str) -> None:
        """On offers that were brought before, whatever became of them."""
        self.agree_on(*self.brought[pick % len(self.brought)], by)

    # ------------------------------------------------------------ anything to any deal

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, submits=st.booleans())
    def provider_acts(self, pick: int, lie: bool, who: str, claim: Claim, submits: bool) -> None:
        deal, by = self.party(pick, DealStatus.AGREED, "provider", lie, who)
        if submits:
            self.submit(deal, by, claim)
        else:
            self.decline(deal, by)

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims)
    def creator_accepts(self, pick: int, lie: bool, who: str, claim: Claim) -> None:
        deal, by = self.party(pick, DealStatus.SUBMITTED, "creator", lie, who)
        self.accept(deal, by, self.claim(deal, claim, lie))

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, how=way)
    def anyone_brings_the_creator_s_word(self, pick: int, lie: bool, who: str, claim: Claim, how: Way) -> None:
        deal = self.pick(pick, DealStatus.SUBMITTED)
        self.accept_signed(deal, who, self.claim(deal, claim, lie), how)

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, how=ways)
    def anyone_settles(self, pick: int, who: str, claim: Claim, lie: bool, how: Ways) -> None:
        deal = self.pick(pick, DealStatus.AGREED)
        self.settle(deal, who, self.claim(deal, claim, lie), how)

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims)
    def anyone_finalizes(self, pick: int, lie: bool, who: str, claim: Claim) -> None:
        deal = self.pick(pick, DealStatus.SUBMITTED)
        self.finalize(deal, who, self.claim(deal, claim, lie))

    @precondition(Machine.has_deals)
    @rule(pick=picks, lie=lies, who=actors, claim=claims, misread=lies, spared=st.sampled_from([0, 0, 1]))
    def anyone_challenges(self, pick: int, lie: bool, who: str, claim: Claim, misread: bool, spared: int) -> None:
        deal = self.pick(pick, DealStatus.SUBMITTED)
        told = replace(deal.agreement, job_digest=bytes(32)) if misread else deal.agreement
        most = MEDIATION_FEE + BOND - spared if lie else ANY_PRICE
        self.challenge(deal, who, self.claim(deal, claim, lie), told, most)

    @precondition(Machine.has_deals)
    @rule(pick=picks, who=actors)
    def anyone_calls_it_late(self, pick: int, who: str) -> None:
        self.late(self.pick(pick, DealStatus.AGREED), who)

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
        deal = self.pick(pick, DealStatus.CHALLENGED)
        claim, dispute = self.own_dispute(deal, claim)
        dispute = replace(dispute, bond=0) if lie else dispute
        if call == "decide":
            self.decide(deal, claim, dispute, verdict)
        elif call == "expire":
            self.expire(deal, who, claim, dispute)
        else:
            self.decide_without_right(deal, who, claim, dispute, verdict)

    @precondition(Machine.has_deals)
    @rule(
        pick=picks,
        who=actors,
        claim=claims,
        change=st.sampled_from(["payment_ceiling", "collateral", "minimum_payment", "lane"]),
        call=st.sampled_from(["late", "finalize", "settle", "challenge"]),
    )
    def anyone_tells_other_terms(self, pick: int, who: str, claim: Claim, change: str, call: str) -> None:
        deal = self.pick(pick)
        told = with_other_terms(deal, **{change: getattr(deal.terms, change) ^ 1})
        if call == "late":
            self.late(told, who)
        else:
            getattr(self, call)(told, who, self.claim(deal, claim, lie=False))

    # ------------------------------------------------------------ whole lives, so that no end is rare

    @rule(
        pair=parties,
        who=actors,
        claim=claims,
        end=st.sampled_from(
            ["decline", "late", "settle", "settle_batch", "accept", "accept_signed", "finalize", "expire", *Verdict]
        ),
        solver=actors,
        resource=fitting,
        pause=st.sampled_from([0, 1, 600, 601, 1_800, 1_801, 3_601]),
    )
    def a_whole_life(
        self,
        pair: tuple[str, str],
        who: str,
        claim: Claim,
        end: str | Verdict,
        solver: str,
        resource: dict[str, Any],
        pause: int,
    ) -> None:
        deal_id = self.agree_on(*self.offers(pair, {"solver": ADDRESSES[solver]}, resource), who)
        if deal_id is None:
            return
        self.evm.now += pause
        if end in ("decline", "settle", "settle_batch"):
            self._end_at_once(self.model.deals[deal_id], pair, who, claim, str(end))
            return
        if end != "late":
            self.submit(self.model.deals[deal_id], pair[1], claim)
        self.evm.now += pause
        deal = self.model.deals[deal_id]
        if end == "accept":
            self.accept(deal, pair[0], claim)
        elif end == "accept_signed":
            self.accept_signed(deal, who, claim, "signed")
        else:
            self._end_by_a_third(deal, who, claim, end, pause)

    def _end_at_once(self, deal: Deal, pair: tuple[str, str], who: str, claim: Claim, end: str) -> None:
        if end == "decline":
            self.decline(deal, pair[1])
        elif end == "settle":
            self.settle(deal, who, claim, SIGNED)
        else:
            self.settle_batch(pair[1], [(deal, claim, "signed")])

    def _end_by_a_third(self, deal: Deal, who: str, claim: Claim, end: str | Verdict, pause: int) -> None:
        if end == "expire" or isinstance(end, Verdict):
            self.challenge(deal, who, claim)
        self.evm.now += pause
        deal = self.model.deals[deal.id]
        if isinstance(end, Verdict):
            self.decide(deal, *self.own_dispute(deal, claim), end)
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
