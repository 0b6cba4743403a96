"""What anybody may do with the mediators' stakes and with a case, and what the model says must come of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import SILENCE, UNIT, Ballot
from lilypad.protocol.mediation import CANNOT_RUN, SILENT, tally, winner_of
from lilypad.types import Address
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import Case
from tests.contracts.mediation.den import NO_CONSENT, Den, Trick
from tests.contracts.mediation.town import EPOCH, HOUR, OTHER, RIGHT, WITH_APPEALS
from tests.invariants.evm import Receipt
from tests.invariants.ledger import Ledger, Open, appellant_of

COUNT = 14
"""Mediators with keys; one more is a contract."""
STAKE = 200_000
UNBONDING = 38 * 24 * HOUR
FOUND = st.sampled_from([RIGHT, RIGHT, RIGHT, OTHER, Claim(RIGHT.commitment, 1), Claim(bytes(32), 0), None])


class CourtSteps(RuleBasedStateMachine):
    house: Den
    ledger: Ledger
    people: list[Address]
    leaves_at: dict[Address, int]
    open: list[Open]
    trick: Trick

    # ------------------------------------------------------------ stakes

    def send(self, number: int, function: str, *arguments: Any) -> Receipt:
        """By that mediator, to the contract of the mediators."""
        if number == COUNT:
            return self.house.send_by(self.house.hostile, self.house.mediators, function, *arguments)
        return self.house.send(f"mediator {number}", self.house.mediators, function, *arguments)

    def stake(self, number: int, units: int) -> None:
        account = self.people[number]
        self.house.deposit(self.house.mediators, account, units * UNIT)
        self.send(number, "stake", units)
        self.house.reweigh(account)
        self.ledger.bind(account, units)

    def unstake(self, number: int, percent: int) -> None:
        account = self.people[number]
        units = (self.ledger.stake[account] - self.ledger.leaving[account]) * percent // 100
        self.send(number, "unstake", units)
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

    # ------------------------------------------------------------ a case

    def step(self, entry: Open, data: Any) -> None:
        now, time = self.house.evm.now, entry.case.time
        if entry.is_late(now):
            self.give_up(entry)
        elif entry.phase == "armed":
            self.draw(entry, data)
        elif entry.phase == "ruled":
            may_appeal = now <= time + WITH_APPEALS.appeal
            if may_appeal and data.draw(st.booleans()):
                self.appeal(entry, data.draw(st.sampled_from(["appellant", "mediator 0", "mediator 1"])))
            else:
                self.execute(entry)
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
        """All seals come with the draw; where the contract will not sign, without its own."""
        count = len(entry.case.docket.seats)
        found = data.draw(st.lists(FOUND.filter(bool), min_size=count, max_size=count))
        ballots = self.house.ballots(entry.case, *found)
        words = (case.terms.words(), b"")
        if not self.may_sign(entry.case):
            with refused("Mediation_BadSignature"):
                self.house.act("stranger", case, "drawAndCommit", *words, self.house.sealed(entry.case, ballots))
            entry.ballots = ballots = self.without_contract(entry.case, ballots)
            self.house.act("stranger", case, "drawAndCommit", *words, self.house.sealed(entry.case, ballots))
            return
        entry.ballots = ballots
        self.house.act("stranger", case, "drawAndCommit", *words, self.house.sealed(entry.case, ballots))
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
        if not self.may_sign(case):
            ballots = self.refuse(case, ballots)
        elif None not in found and data.draw(st.booleans()):
            self.counted(entry, ballots, self.house.tally(case, ballots, self.house.together(case, ballots)))
            return
        self.house.commit(case, ballots)
        entry.ballots = ballots
        cast = [i for i, ballot in enumerate(ballots) if ballot.is_cast]
        if len(cast) < count:
            self.house.evm.now = max(self.house.evm.now, case.time + WITH_APPEALS.commit + 1)
        opened = data.draw(st.lists(st.sampled_from(cast), unique=True)) if cast else []
        self.house.reveal(case, ballots, *opened)
        entry.revealed = set(opened)

    def may_sign(self, case: Case) -> bool:
        """Whether all who sit give their signatures."""
        return self.house.seat_of(case) is None or self.trick not in NO_CONSENT

    def without_contract(self, case: Case, ballots: list[Ballot]) -> list[Ballot]:
        return [SILENCE if i == self.house.seat_of(case) else ballot for i, ballot in enumerate(ballots)]

    def refuse(self, case: Case, ballots: list[Ballot]) -> list[Ballot]:
        """Nothing that needs the contract's signature passes."""
        if all(ballot.is_cast for ballot in ballots):
            with refused("Mediation_BadSignature"):
                self.house.tally(case, ballots, self.house.together(case, ballots))
        seat = self.house.seat_of(case)
        if seat is not None and ballots[seat].is_cast:
            with refused("Mediation_BadSignature"):
                self.house.commit(case, ballots)
        return self.without_contract(case, ballots)

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

    def appeal(self, entry: Open, who: str) -> None:
        """By a stranger, or by a mediator, whether it has a seat or might have had one."""
        case = self.house.appeal(entry.case, who)
        self.ledger.locked[appellant_of(case)] += int.from_bytes(case.docket.appellant, "big") >> 160
        entry.former.append((entry.case, case.docket.appellant))
        entry.move(case, "armed")

    def execute(self, entry: Open) -> None:
        self.house.execute(entry.case)
        self.ledger.settle(entry.case, entry.case.verdict, winner_of(entry.case.votes))
        entry.close(entry.case.verdict, winner_of(entry.case.votes))

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
