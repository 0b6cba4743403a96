"""The court in any order by anybody, against the pure model: money is conserved, nothing is paid twice, and everything
that was opened can be ended and leaves nothing bound.

LILYPAD_INVARIANT_EXAMPLES says how many lives are lived, four times over; 40 by default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import Docket
from lilypad.protocol.settlement import BURNED
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.den import Den, Trick
from tests.contracts.mediation.town import HOUR, OTHER, RIGHT, WITH_APPEALS
from tests.invariants.court_steps import COUNT, STAKE, UNBONDING, CourtSteps
from tests.invariants.evm import RevertError, calldata
from tests.invariants.ledger import Ledger, Open

PARTIES = ("creator", "provider", "challenger")
LIES: dict[str, Callable[[Docket, str], Docket]] = {
    "seats": lambda docket, crony: docket.seated([crony] * 3),
    "former": lambda docket, crony: replace(docket, former=(*docket.former, crony)),
    "settings": lambda docket, _: replace(docket, settings=replace(docket.settings, penalty=2_001)),
    "claim": lambda docket, _: replace(docket, claim=Claim(docket.claim.commitment, 7)),
    "bond": lambda docket, _: replace(docket, dispute=replace(docket.dispute, bond=docket.dispute.bond + 1)),
    "deadline": lambda docket, _: replace(docket, stage=replace(docket.stage, deadline=docket.stage.deadline - 1)),
    "round": lambda docket, _: replace(docket, stage=replace(docket.stage, round=docket.stage.round ^ 1)),
    "standing": lambda docket, _: replace(docket, standing=b"\x07" * 32),
    "appellant": lambda docket, _: replace(docket, appellant=b"\x01" * 32),
}
"""What is told of a case instead of what is on record."""


class CourtMachine(CourtSteps):
    @initialize()
    def set_up(self) -> None:
        self.house = Den(WITH_APPEALS, stakes=(STAKE,) * COUNT)
        self.ledger = Ledger()
        self.people = [*(self.house.address(f"mediator {i}") for i in range(COUNT)), self.house.hostile.address]
        for account in self.people:
            self.ledger.bind(account, STAKE)
        self.leaves_at = {}
        self.open = []
        self.trick = Trick.AGREE

    # ------------------------------------------------------------ stakes

    @rule(number=st.integers(0, COUNT), action=st.integers(0, 3), units=st.integers(1, 2 * STAKE))
    def change_stake(self, number: int, action: int, units: int) -> None:
        if action == 0:
            self.stake(number, units)
        elif action == 1:
            self.unstake(number, units % 100 + 1)
        elif action == 2:
            self.release(number)
        else:
            self.collect(number)

    @rule(hours=st.sampled_from([0, 1, 2, 5]))
    def wait(self, hours: int) -> None:
        self.house.evm.now += hours * HOUR

    @precondition(lambda self: sum(self.ledger.leaving.values()) > 0 and all(e.phase == "closed" for e in self.open))
    @rule()
    def wait_for_unbonding(self) -> None:
        self.house.evm.now += UNBONDING + 1

    # ------------------------------------------------------------ cases

    @precondition(lambda self: sum(entry.phase != "closed" for entry in self.open) < 3)
    @rule(claim=st.sampled_from([RIGHT, OTHER]), mediators=st.sampled_from([3, 1, 3, 5]), days=st.sampled_from([20, 3]))
    def challenge(self, claim: Claim, mediators: int, days: int) -> None:
        case = self.house.challenged(claim, mediate=days * 24 * HOUR, mediators=mediators)
        self.open.append(Open(case))

    @precondition(lambda self: any(entry.phase != "closed" for entry in self.open))
    @rule(data=st.data(), steps=st.integers(1, 6))
    def move_on(self, data: Any, steps: int) -> None:
        """Some open case, by steps that are possible."""
        entry = data.draw(st.sampled_from([entry for entry in self.open if entry.phase != "closed"]))
        for _ in range(steps):
            if entry.phase != "closed":
                self.step(entry, data)

    @precondition(lambda self: any(entry.phase == "closed" and entry.former for entry in self.open))
    @rule(data=st.data())
    def settle_former(self, data: Any) -> None:
        entry = data.draw(st.sampled_from([e for e in self.open if e.phase == "closed" and e.former]))
        self.settle_round(entry, data.draw(st.integers(0, len(entry.former) - 1)))

    # ------------------------------------------------------------ malice

    @rule(trick=st.sampled_from(Trick), victim=st.integers(0, COUNT - 1))
    def contract_changes_its_mind(self, trick: Trick, victim: int) -> None:
        """About how it answers. Calling back, it tries to collect for somebody, which anybody may at other times."""
        self.trick = trick
        self.house.play(trick, calldata(self.house.mediation, "collect", self.people[victim]))

    @precondition(lambda self: any(entry.phase != "closed" for entry in self.open))
    @rule(data=st.data(), lie=st.sampled_from(sorted(LIES)), late=st.booleans())
    def anyone_tells_another_case(self, data: Any, lie: str, late: bool) -> None:
        entry = data.draw(st.sampled_from([entry for entry in self.open if entry.phase != "closed"]))
        case = entry.case
        forged = replace(case, docket=LIES[lie](case.docket, self.house.address("stranger")))
        votes, terms = list(case.votes or case.seals), case.terms.words()
        call = data.draw(
            st.sampled_from(["draw", "rearm", "commit", "reveal", "tally", "appeal", "execute", "abandon"])
        )
        arguments: dict[str, tuple[Any, ...]] = {
            "draw": (terms, b""), "rearm": (b"",), "commit": ([],), "reveal": (list(case.seals), [], []),
            "tally": (terms, list(case.seals), [], []), "appeal": (votes, case.verdict),
            "execute": (terms, votes, case.verdict), "abandon": (terms, votes, case.verdict),
        }  # fmt: skip
        now = self.house.evm.now
        self.house.evm.now = max(now, case.docket.stage.deadline + 1) if late else now
        with pytest.raises(RevertError) as caught:
            self.house.act("stranger", forged, call, *arguments[call])
        assert caught.value.name in ("Mediation_WrongDocket", "Mediation_WrongPhase", "Mediation_TooEarly")
        self.house.evm.now = now

    @rule(who=st.sampled_from(["stranger", "creator", "mediator 0"]), number=st.integers(0, COUNT))
    def anyone_plays_the_court(self, who: str, number: int) -> None:
        account = self.people[number]
        funds = bytes(11) + b"\x01" + bytes.fromhex(account[2:])
        for function, argument in (("takeOwed", account), ("refund", funds), ("bond", funds), ("setMinStake", 1)):
            with refused("Mediators_NotCourt"):
                self.house.send(who, self.house.mediators, function, argument)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        for account in self.people:
            stake, risk, leaving, _, owed = self.house.mediator(account)
            ledger = self.ledger
            expected = (ledger.stake[account], ledger.risk[account], ledger.leaving[account], ledger.owed[account])
            assert (stake, risk, leaving, owed) == expected
            assert risk <= stake
            assert leaving <= stake
        for account in (*self.people, self.house.address("appellant"), BURNED):
            free, locked = self.house.balance(self.house.mediators, account)
            assert (free, locked) == (self.ledger.free[account], self.ledger.locked[account])

    @invariant()
    def tokens_are_the_sum_of_all_balances(self) -> None:
        house = self.house
        accounts = [*house.weights, *map(house.address, (*PARTIES, "appellant")), BURNED, house.mediation.address]
        compartments = (house.controller, house.mediators)
        total = sum(sum(house.balance(where, account)) for where in compartments for account in accounts)
        assert house.evm.read(house.token, "balanceOf", house.payments.address) == total

    @invariant()
    def fees_that_are_owed_are_there(self) -> None:
        owed = sum(self.ledger.owed.values())
        waiting = self.house.balance(self.house.controller, self.house.mediation.address)[0]
        unsettled = sum(
            former.docket.dispute.fee
            for entry in self.open
            for former, _ in entry.former
            if entry.end is not None and entry.end[0] is not Verdict.UNDECIDED and former.docket.stage.round == 0
        )
        assert waiting == owed + unsettled

    def teardown(self) -> None:
        """Whatever was left open can be ended by anyone, and then nothing is bound."""
        if not hasattr(self, "house"):
            return
        house = self.house
        for entry in self.open:
            if entry.phase != "closed":
                house.evm.now = max(house.evm.now, entry.case.docket.stage.deadline + 1)
                self.give_up(entry)
            while entry.former:
                self.settle_round(entry, 0)
        self.everybody_has_what_the_model_says()
        self.tokens_are_the_sum_of_all_balances()
        self.fees_that_are_owed_are_there()
        assert house.nothing_is_bound()
        for party in map(house.address, (*PARTIES, "appellant")):
            assert not any(house.balance(where, party)[1] for where in (house.controller, house.mediators))


EXAMPLES = max(40, int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "160")) // 4)
CourtMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == 40,
)
TestCourt = CourtMachine.TestCase
