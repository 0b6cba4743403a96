"""Every call of a case, and what the model says must come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import UNIT, Ballot, Court, Docket, Stage
from lilypad.protocol.mediation import appeal_bond, appeal_fee, draw, tally, winner_of
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.signing import compact
from lilypad.protocol.terms import DealTerms, agreement_of, derive_terms
from lilypad.protocol.words import Shares, Verification, Windows, pack_funds
from lilypad.types import ZERO_ADDRESS, Address, Digest, Resources
from tests.contracts.mediation.town import ANY_PRICE, ETHER, HOUR, MEDIATE, RIGHT, Town
from tests.invariants.evm import CHAIN_ID, Receipt


@dataclass(frozen=True)
class Case:
    terms: DealTerms
    docket: Docket
    ticket: int
    time: int = 0
    votes: tuple[bytes, ...] = ()
    verdict: Verdict = Verdict.UNDECIDED
    seals: tuple[bytes, ...] = ()
    """Of all seats, when they came with the draw."""

    @property
    def round(self) -> bytes:
        return self.docket.hash


class CourtHouse(Town):
    # ------------------------------------------------------------ deals

    def submitted(self, claim: Claim = RIGHT, mediate: int = MEDIATE, **verification: Any) -> tuple[DealTerms, Any]:
        self.lane += 1
        how = Verification(self.mediation.address, **verification)
        windows = Windows(decline=600, submit=HOUR, judge=HOUR, mediate=mediate)
        job = JobOffer(
            *(self.address("creator"), ZERO_ADDRESS, ZERO_ADDRESS, 0, 2**40 - 1, self.lane, self.lane, self.module),
            *(Digest(keccak(text="inputs")), Resources(cpu_milli=1_000), 10**12, 10 * ETHER, 20 * ETHER),
            *(windows, how),
        )
        resource = ResourceOffer(
            *(self.address("provider"), 1_000, 2**40 - 1, self.lane, bytes(32), Resources(cpu_milli=1_000)),
            *(10**12, ETHER, 20 * ETHER, 1_000, 0, windows, how),
        )
        domain = Domain(CHAIN_ID, self.controller.address)
        agreement = agreement_of(domain, job, resource)
        signatures = [
            compact(bytes(self.keys[maker].unsafe_sign_hash(Hash32(digest)).signature))
            for maker, digest in ((job.creator, agreement.job_digest), (resource.provider, agreement.resource_digest))
        ]
        arguments = (job.words(), resource.words(), how.word(), [], *signatures)
        self.send("stranger", self.controller, "agree", *arguments)
        terms = derive_terms(domain, job, resource, self.address("author"), Shares())
        answer = (claim.commitment, claim.instruction_count)
        self.send("provider", self.controller, "submitResult", terms.words(), answer)
        return terms, (agreement, claim, answer)

    def challenged(self, claim: Claim = RIGHT, mediate: int = MEDIATE, **verification: Any) -> Case:
        return self.challenge(*self.submitted(claim, mediate, **verification))

    def challenge(self, terms: DealTerms, deal: Any) -> Case:
        agreement, claim, answer = deal
        arguments = (terms.words(), agreement.words(), answer, ANY_PRICE)
        receipt = self.send("challenger", self.controller, "challenge", *arguments)
        opened = dict(receipt.events)["CaseOpened"]
        how = agreement.verification
        fee, bond = self.settings.fee * how.mediators * UNIT, self.settings.bond * UNIT
        dispute = Challenge(self.address("challenger"), bond, self.mediation.address, fee)
        stage = Stage(0, 0, Verdict.UNDECIDED, self.evm.now + terms.windows.mediate)
        docket = Docket(terms.id, how, self.settings, claim, dispute, stage)
        return Case(terms, docket, opened["ticket"])

    # ------------------------------------------------------------ a case

    def act(self, who: str, case: Case, function: str, *arguments: Any) -> Receipt:
        return self.send(who, self.mediation, function, case.docket.words(), *arguments)

    def wait_for_seed(self, case: Case) -> None:
        self.evm.now = max(self.evm.now, case.ticket + 1)

    def predicted(self, case: Case) -> list[Address]:
        seed = self.evm.read(self.randomness, "seeds", case.ticket)
        if not any(seed):
            seed = keccak(case.ticket.to_bytes(32, "big"))
        barred = {*(self.address(who) for who in ("creator", "provider", "challenger")), *case.docket.former}
        barred.add(_account(case.docket.appellant))

        def may_serve(account: Address) -> bool:
            stake, at_risk, *_ = self.mediator(account)
            return account not in barred and stake - at_risk >= case.docket.settings.penalty

        return draw(self.leaves(), case.docket.draw_seed(seed), case.docket.wanted, may_serve)

    def drawn(self, case: Case) -> Case:
        """Draws, and checks that the model would have drawn the same."""
        self.wait_for_seed(case)
        expected = self.predicted(case)
        receipt = self.act("stranger", case, "draw", case.terms.words(), b"")
        return self._drawn(case, receipt, expected)

    def predicted_after_waiting(self, case: Case) -> list[Address]:
        self.wait_for_seed(case)
        return self.predicted(case)

    def foreseen(self, case: Case) -> Case:
        """With those who will be drawn on their seats: once the seed is known, everybody can tell."""
        self.wait_for_seed(case)
        return replace(case, docket=case.docket.seated(self.predicted(case)), time=self.evm.now)

    def undrawn(self, case: Case) -> Case:
        return replace(case, docket=case.docket.seated(()))

    def rearmed(self, case: Case, receipt: Receipt) -> Case:
        return replace(case, ticket=dict(receipt.events)["CaseArmed"]["ticket"])

    def set_life(self, seconds: int) -> None:
        """How long seeds can be shown from now on."""
        self.send("stranger", self.randomness, "setLife", seconds)

    def forged(self, case: Case, crony: Address) -> Case:
        """With somebody on a seat who was not drawn."""
        return replace(case, docket=case.docket.seated([crony] * 3))

    def _drawn(self, case: Case, receipt: Receipt, expected: Sequence[Address]) -> Case:
        seats = [Address(seat) for seat in dict(receipt.events)["CaseDrawn"]["seats"]]
        assert [seat.lower() for seat in seats] == [seat.lower() for seat in expected]
        return replace(case, docket=case.docket.seated(tuple(expected)), time=self.evm.now)

    def open(self, claim: Claim = RIGHT, **verification: Any) -> Case:
        """Challenged and drawn."""
        return self.drawn(self.challenged(claim, **verification))

    def ballots(self, case: Case, *claims: Claim | None, fetched: bool = True) -> list[Ballot]:
        """One for each seat: what each found, None for silence; the last stands for the rest."""
        filled = [*claims, *[claims[-1]] * (len(case.docket.seats) - len(claims))]
        return [
            Ballot(c.commitment, c.instruction_count, fetched, keccak(text=f"salt {i}")) if c else Ballot(is_cast=False)
            for i, c in enumerate(filled)
        ]

    def seals(self, case: Case, ballots: Sequence[Ballot]) -> list[bytes]:
        return [b.seal(case.round, seat) for b, seat in zip(ballots, case.docket.seats, strict=True)]

    def signed(self, case: Case, seat: int, digest: bytes) -> bytes:
        key = self.keys[case.docket.seats[seat]]
        return compact(bytes(key.unsafe_sign_hash(Hash32(digest)).signature))

    @property
    def domain(self) -> Court:
        return Court(CHAIN_ID, self.mediation.address)

    def sealed(self, case: Case, ballots: Sequence[Ballot]) -> list[tuple[int, bytes, bytes]]:
        """Signed commits of all who are not silent."""
        seals = self.seals(case, ballots)
        digests = [self.domain.commit_digest(case.round, seal) for seal in seals]
        cast = [i for i, ballot in enumerate(ballots) if ballot.is_cast]
        return [(i, seals[i], self.signed(case, i, digests[i])) for i in cast]

    def commit(self, case: Case, ballots: Sequence[Ballot]) -> Receipt:
        return self.act("stranger", case, "commit", self.sealed(case, ballots))

    def reveal(self, case: Case, ballots: Sequence[Ballot], *seats: int) -> Receipt:
        return self.act("stranger", case, "reveal", list(case.seals), list(seats), [ballots[i].words() for i in seats])

    def together(self, case: Case, ballots: Sequence[Ballot]) -> list[bytes]:
        """The signatures of all under the seals of all."""
        digest = self.domain.ballots_digest(case.round, self.seals(case, ballots))
        return [self.signed(case, i, digest) for i in range(len(ballots))]

    def tally(self, case: Case, ballots: Sequence[Ballot], signatures: Sequence[bytes] = ()) -> Receipt:
        """Tallies, and checks that the model says the same."""
        votes, winner, verdict = tally(case.docket, ballots)
        words = [ballot.words() for ballot in ballots]
        receipt = self.act("stranger", case, "tally", case.terms.words(), list(case.seals), words, list(signatures))
        tallied = dict(receipt.events)["RoundTallied"]
        assert ([bytes(v) for v in tallied["votes"]], bytes(tallied["winner"])) == (votes, winner)
        assert tallied["verdict"] == verdict
        assert list(tallied["bills"]) == [b.instruction_count | b.is_fetched << 64 for b in ballots]
        return receipt

    def ruled(self, case: Case, ballots: Sequence[Ballot]) -> Case:
        """Votes are in and counted, with all signatures."""
        votes, _, verdict = tally(case.docket, ballots)
        self.tally(case, ballots, self.together(case, ballots))
        return self.with_ruling(case, votes, verdict)

    def with_ruling(self, case: Case, votes: Sequence[bytes], verdict: Verdict) -> Case:
        return replace(case, time=self.evm.now, votes=tuple(votes), verdict=verdict)

    def appeal(self, case: Case, who: str = "appellant") -> Case:
        round_ = case.docket.stage.round + 1
        locked = appeal_fee(case.docket, round_) + appeal_bond(case.docket.settings, round_)
        self.deposit(self.mediators, self.address(who), locked)
        receipt = self.act(who, case, "appeal", list(case.votes), case.verdict)
        winner = winner_of(case.votes)
        docket = case.docket.appealed(pack_funds(self.address(who), locked), case.verdict, winner)
        return Case(case.terms, docket, dict(receipt.events)["CaseArmed"]["ticket"])

    def execute(self, case: Case) -> Receipt:
        self.evm.now = max(self.evm.now, case.time + case.docket.settings.appeal + 1)
        return self.act("stranger", case, "execute", case.terms.words(), list(case.votes), case.verdict)

    def account_of(self, funds: bytes) -> Address:
        return Address(to_checksum_address(funds[12:]))

    def redrawn(self, case: Case, receipt: Receipt) -> Case:
        armed = dict(receipt.events)["CaseArmed"]
        return Case(case.terms, case.docket.redrawn(), armed["ticket"])

    def phase(self, case: Case) -> int:
        return self.evm.read(self.mediation, "caseOf", case.docket.id)[0]

    def status(self, case: Case) -> int:
        """Of the deal."""
        terms = case.terms
        arguments = (self.controller.address, terms.creator, terms.lane)
        return self.evm.read(self.storage, "dealOf", *arguments)[0]

    def nothing_is_bound(self) -> bool:
        """No mediator risks anything, and what is locked in the vault is exactly what they have staked."""
        for account in self.weights:
            stake, at_risk, *_ = self.mediator(account)
            if at_risk or self.balance(self.mediators, account)[1] != stake * UNIT:
                return False
        return True


def _account(funds: bytes) -> Address:
    return Address("0x" + funds[12:].hex())
