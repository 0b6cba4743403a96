"""The court in any order by anybody, against the pure model: money is conserved, nothing is paid twice, and everything
that was opened can be ended and leaves nothing bound.

LILYPAD_INVARIANT_EXAMPLES says how many lives are lived; 40 by default.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import SILENCE
from lilypad.protocol.mediation import CANNOT_RUN, SILENT, tally, winner_of
from lilypad.protocol.settlement import BURNED
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.ledger import Ledger, Open, appellant_of
from tests.contracts.mediation.town import EPOCH, HOUR, OTHER, RIGHT, WITH_APPEALS

COUNT = 14
STAKE = 200_000
UNBONDING = 38 * 24 * HOUR
FOUND = st.sampled_from([RIGHT, RIGHT, RIGHT, OTHER, Claim(RIGHT.commitment, 1), Claim(bytes(32), 0), None])
PARTIES = ("creator", "provider", "challenger")


class CourtMachine(RuleBasedStateMachine):
    @initialize()
    def set_up(self) -> None:
        self.house = CourtHouse(WITH_APPEALS, stakes=(STAKE,) * COUNT)
        self.ledger = Ledger()
        self.people = [self.house.address(f"mediator {i}") for i in range(COUNT)]
        for account in self.people:
            self.ledger.bind(account, STAKE)
        self.leaves_at: dict[str, int] = {}
        self.open: list[Open] = []

    # ------------------------------------------------------------ stakes

    @rule(number=st.integers(0, COUNT - 1), action=st.integers(0, 3), units=st.integers(1, 2 * STAKE))
    def change_stake(self, number: int, action: int, units: int) -> None:
        if action == 0:
            self.stake(number, units)
        elif action == 1:
            self.unstake(number, units % 100 + 1)
        elif action == 2:
            self.release(number)
        else:
            self.collect(number)

    def stake(self, number: int, units: int) -> None:
        self.house.join(f"mediator {number}", units)
        self.ledger.bind(self.people[number], units)

    def unstake(self, number: int, percent: int) -> None:
        account = self.people[number]
        units = (self.ledger.stake[account] - self.ledger.leaving[account]) * percent // 100
        self.house.send(f"mediator {number}", self.house.mediators, "unstake", units)
        self.house.reweigh(account)
        self.ledger.leaving[account] += units
        self.leaves_at[account] = self.house.evm.now + UNBONDING

    def release(self, number: int) -> None:
        account = self.people[number]
        ripe = self.house.evm.now > self.leaves_at.get(account, 0)
        possible = ripe and min(self.ledger.leaving[account], self.ledger.stake[account] - self.ledger.risk[account])
        if possible:
            self.house.send("stranger", self.house.mediators, "release", account)
            assert self.ledger.release(account) == possible
        else:
            with refused("Mediators_NothingToRelease"):
                self.house.send("stranger", self.house.mediators, "release", account)

    def collect(self, number: int) -> None:
        account = self.people[number]
        before = self.house.balance(self.house.controller, account)[0]
        self.house.send("stranger", self.house.mediation, "collect", account)
        assert self.house.balance(self.house.controller, account)[0] - before == self.ledger.owed.pop(account, 0)

    @rule(hours=st.sampled_from([0, 1, 2, 5]))
    def wait(self, hours: int) -> None:
        self.house.evm.now += hours * HOUR

    @precondition(lambda self: sum(self.ledger.leaving.values()) > 0 and all(e.phase == "closed" for e in self.open))
    @rule()
    def wait_for_unbonding(self) -> None:
        self.house.evm.now += UNBONDING + 1

    # ------------------------------------------------------------ cases

    @precondition(lambda self: sum(entry.phase != "closed" for entry in self.open) < 3)
    @rule(claim=st.sampled_from([RIGHT, OTHER]), mediators=st.sampled_from([3, 1, 3]), days=st.sampled_from([20, 3]))
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

    def step(self, entry: Open, data: Any) -> None:
        now, time = self.house.evm.now, entry.case.time
        if entry.is_late(now):
            self.give_up(entry)
        elif entry.phase == "armed":
            self.draw(entry, data)
        elif entry.phase == "ruled":
            may_appeal = now <= time + WITH_APPEALS.appeal
            (self.appeal if may_appeal and data.draw(st.booleans()) else self.execute)(entry)
        elif not entry.ballots and now <= time + WITH_APPEALS.commit and data.draw(st.integers(0, 5)):
            self.vote(entry, data)
        else:
            self.count(entry)

    def draw(self, entry: Open, data: Any) -> None:
        house, case = self.house, entry.case
        if house.evm.now > case.ticket + HOUR or house.evm.now // EPOCH > case.ticket // EPOCH:
            entry.move(case := house.rearmed(case, house.act("stranger", case, "rearm", b"")), "armed")
        house.wait_for_seed(case)
        if house.evm.now > case.docket.stage.deadline - WITH_APPEALS.voting_time:
            return
        if len(house.predicted(case)) == case.docket.wanted:
            is_sealed = data.draw(st.booleans())
            entry.move(house.foreseen(case) if is_sealed else house.drawn(case), "voting")
            self.ledger.seat(entry.case)
            if is_sealed:
                self.seal(entry, case, data)
        else:
            self.again(entry, house.act("stranger", case, "draw", case.terms.words(), b""))

    def seal(self, entry: Open, case: Case, data: Any) -> None:
        """All seals come with the draw."""
        count = len(entry.case.docket.seats)
        found = data.draw(st.lists(FOUND.filter(bool), min_size=count, max_size=count))
        entry.ballots = ballots = self.house.ballots(entry.case, *found)
        sealed = self.house.sealed(entry.case, ballots)
        self.house.act("stranger", case, "drawAndCommit", case.terms.words(), b"", sealed)
        entry.case = replace(entry.case, seals=tuple(self.house.seals(entry.case, ballots)))
        entry.revealed = set(data.draw(st.lists(st.integers(0, count - 1), unique=True)))
        self.house.reveal(entry.case, ballots, *entry.revealed)

    def vote(self, entry: Open, data: Any) -> None:
        """All at once, or sealed now and some of them opened."""
        case, count = entry.case, len(entry.case.docket.seats)
        if entry.ballots or self.house.evm.now > min(case.time + WITH_APPEALS.commit, case.docket.stage.deadline):
            return
        found = data.draw(st.lists(FOUND, min_size=count, max_size=count))
        fetched = data.draw(st.booleans())
        ballots = self.house.ballots(case, *found, fetched=fetched)
        if None not in found and data.draw(st.booleans()):
            self.counted(entry, ballots, self.house.tally(case, ballots, self.house.together(case, ballots)))
            return
        self.house.commit(case, ballots)
        entry.ballots = ballots
        if None in found:
            self.house.evm.now = max(self.house.evm.now, case.time + WITH_APPEALS.commit + 1)
        cast = [i for i, ballot in enumerate(ballots) if ballot.is_cast]
        opened = data.draw(st.lists(st.sampled_from(cast), unique=True)) if cast else []
        self.house.reveal(case, ballots, *opened)
        entry.revealed = set(opened)

    def count(self, entry: Open) -> None:
        case, now = entry.case, self.house.evm.now
        until = case.time + WITH_APPEALS.commit + WITH_APPEALS.reveal
        if entry.ballots and all(ballot.is_cast for ballot in entry.ballots) and now <= until:
            ballots = list(entry.ballots)
        else:
            self.house.evm.now = max(now, until + 1)
            ballots = entry.silenced() if entry.ballots else [SILENCE] * len(case.docket.seats)
        self.counted(entry, ballots, self.house.tally(case, ballots))

    def counted(self, entry: Open, ballots: Any, receipt: Any) -> None:
        votes, winner, verdict = tally(entry.case.docket, ballots)
        case = self.house.with_ruling(entry.case, votes, verdict)
        events = dict(receipt.events)
        if winner == SILENT:
            self.ledger.void(case, votes)
            self.again(entry, receipt)
        elif "CaseDecided" in events:
            self.ledger.settle(case, verdict, winner)
            entry.close(verdict, SILENT if winner == CANNOT_RUN else winner)
        else:
            assert verdict is not Verdict.UNDECIDED
            entry.move(case, "ruled")

    def again(self, entry: Open, receipt: Any) -> None:
        case = entry.case
        if "CaseArmed" in dict(receipt.events):
            entry.move(self.house.redrawn(case, receipt), "armed")
            return
        self.ledger.refund(case)
        entry.close(case.docket.stage.standing, case.docket.standing)

    def appeal(self, entry: Open) -> None:
        case = self.house.appeal(entry.case)
        self.ledger.locked[appellant_of(case)] += int.from_bytes(case.docket.appellant, "big") >> 160
        entry.former.append((entry.case, case.docket.appellant))
        entry.move(case, "armed")

    def execute(self, entry: Open) -> None:
        self.house.execute(entry.case)
        self.ledger.settle(entry.case, entry.case.verdict, winner_of(entry.case.votes))
        entry.close(entry.case.verdict, winner_of(entry.case.votes))

    @precondition(lambda self: any(entry.phase == "closed" and entry.former for entry in self.open))
    @rule(data=st.data())
    def settle_former(self, data: Any) -> None:
        entry = data.draw(st.sampled_from([e for e in self.open if e.phase == "closed" and e.former]))
        self.settle_round(entry, data.draw(st.integers(0, len(entry.former) - 1)))

    def settle_round(self, entry: Open, index: int) -> None:
        former, appellant = entry.former.pop(index)
        verdict, winner = entry.end or (Verdict.UNDECIDED, SILENT)
        arguments = (list(former.votes), former.verdict, appellant, verdict, winner)
        self.house.act("stranger", former, "settleRound", *arguments)
        self.ledger.settle(former, verdict, winner, self.house.account_of(appellant))

    def give_up(self, entry: Open) -> None:
        case, now = entry.case, self.house.evm.now
        self.house.act("stranger", case, "abandon", case.terms.words(), list(case.votes or case.seals), case.verdict)
        if entry.phase == "voting":
            votes = entry.votes_when_abandoned(now)
            case = self.house.with_ruling(case, votes, Verdict.UNDECIDED)
        self.ledger.settle(case, Verdict.UNDECIDED, SILENT)
        entry.close(Verdict.UNDECIDED, SILENT)

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


EXAMPLES = int(os.environ.get("LILYPAD_INVARIANT_EXAMPLES", "40"))
CourtMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == 40,
)
test_court__in_any_order__keeps_the_books = CourtMachine.TestCase
