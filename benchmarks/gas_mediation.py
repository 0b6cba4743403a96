"""Measures what a dispute costs before drawn mediators, on a node of its own: and writes it to gas_mediation.json.

python -m benchmarks.gas_mediation

Steady state as in gas.py: every account and balance exists already. Ten mediators with equal stakes; the randomness is
that of real blocks, proven by their headers. By commit and reveal a dispute is three transactions: challenge; draw and
commit (the seals signed, and brought together); reveal, tally and verdict. Together it is two: challenge; draw, signed
reveals, tally and verdict. With "appealable", the verdict waits for an appeal and is one more transaction.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from eth_account import Account
from eth_typing import Hash32
from eth_utils.crypto import keccak

from benchmarks.gas import ADDRESSES, CHAIN_ID, ETHER, RESULT, Bench, Node, Open
from lilypad.chain.contracts import Contract, decode_events
from lilypad.chain.devnode import DevNode
from lilypad.chain.header import header_of
from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import UNIT, Ballot, Court, Docket, Settings, Stage
from lilypad.protocol.mediation import appeal_bond, appeal_fee, draw, tally
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.signing import compact
from lilypad.protocol.words import Verification, Windows, pack_funds
from lilypad.types import Address

TARGET = Path(__file__).with_name("gas_mediation.json")
EPOCH = 7_200
DELAY, BLOCK_TIME, SLACK = 3, 12, 8
WINDOWS = Windows(decline=600, submit=3_600, judge=1_800, mediate=20 * 24 * 3_600)
PLAIN = Settings(1_000, 2_000, 100_000, 20_000, 3_600, 3_600, 0, 50, 50, 2, 0)
APPEALABLE = replace(PLAIN, appeal=14_400, appeals=2)
STAKE = 200_000
KEYS = [Account.from_key(keccak(text=f"mediator {i}")) for i in range(10)]
MEDIATORS = {Address(key.address): key for key in KEYS}
WRONG = Claim(keccak(text="a wrong output"), RESULT.instruction_count)


@dataclass
class Dispute:
    deal: Open
    docket: Docket
    ticket: int
    gas: int
    """Of everything so far."""
    votes: Sequence[bytes] = ()
    verdict: Verdict = Verdict.UNDECIDED


class Mediated(Bench):
    settings = PLAIN

    # ------------------------------------------------------------ set-up

    async def set_up(self) -> None:
        await super().set_up()
        parts = (self.contracts[name].address for name in ("LilypadPayments", "LilypadController"))
        randao = await self.deploy("Randao", DELAY, BLOCK_TIME)
        court = await self.deploy("LilypadMediation", *parts, randao, EPOCH, PLAIN.word(), ADDRESSES["holder"])
        answer = await self.node.call("eth_call", {"to": court, "data": "0x" + self.court.encode("MEDIATORS").hex()})
        self.contracts["LilypadMediators"] = Contract("LilypadMediators", Address("0x" + answer[-40:]))
        for key in KEYS:
            await self.node.call("anvil_impersonateAccount", key.address)
            await self.node.call("anvil_setBalance", key.address, hex(10**18))
            ADDRESSES[key.address] = Address(key.address)
            await self.fund(key.address, 10 * STAKE * UNIT)
            await self.send(key.address, "LilypadMediators", "stake", STAKE)
        await self.fund(ADDRESSES["challenger"], 1_000 * ETHER)
        self.stakes = dict.fromkeys(MEDIATORS, STAKE)
        await self.next_epoch()

    async def fund(self, account: Address, amount: int) -> None:
        """In the compartment of the mediators."""
        where = self.contracts["LilypadMediators"].address
        await self.send("holder", "LilypadPayments", "deposit", where, account, amount)

    async def set(self, settings: Settings) -> None:
        self.settings = settings
        await self.send("holder", "LilypadMediation", "setSettings", settings.word())

    @property
    def court(self) -> Contract:
        return self.contracts["LilypadMediation"]

    def offers(self, shared: bool, lane: int = 1) -> tuple[JobOffer, ResourceOffer]:
        how = Verification(self.court.address)
        job, resource = super().offers(shared, lane)
        changes: dict[str, Any] = {"windows": WINDOWS, "verification": how}
        return replace(job, **changes), replace(resource, **changes)

    # ------------------------------------------------------------ time and randomness

    async def now(self) -> int:
        return int((await self.node.call("eth_getBlockByNumber", "latest", False))["timestamp"], 16)

    async def wait(self, seconds: int) -> None:
        await self.node.call("evm_increaseTime", seconds)
        await self.node.call("evm_mine")

    async def next_epoch(self) -> None:
        await self.wait(EPOCH - await self.now() % EPOCH + 2 * SLACK * BLOCK_TIME)

    async def seed(self, dispute: Dispute) -> tuple[bytes, bytes]:
        """Its proof, and itself."""
        await self.node.call("anvil_mine", hex(DELAY + SLACK + 1), hex(1))
        block = await self.node.call("eth_getBlockByNumber", hex(dispute.ticket), False)
        return header_of(block), bytes.fromhex(block["mixHash"][2:])

    # ------------------------------------------------------------ a dispute

    async def send_logged(self, who: str, function: str, *arguments: Any) -> tuple[int, dict[str, Any]]:
        """Gas, and the events by their names."""
        target = self.court
        if function == "challenge":
            target = self.contracts["LilypadController"]
        receipt = await self.node.transact(who, target.address, target.encode(function, *arguments))
        if receipt["status"] != "0x1":
            raise RuntimeError(f"{function} was reverted")
        events = decode_events(receipt["logs"])
        for event in events:
            if event.name == "MediatorSlashed":
                self.stakes[event.args["mediator"]] -= event.args["units"]
        return int(receipt["gasUsed"], 16), {event.name: event.args for event in events}

    async def disputed(self, claim: Claim = RESULT) -> Dispute:
        """Agreed, submitted and challenged; its gas is that of all three."""
        await self.next_epoch()
        deal, agree = await self.agree()
        deal = replace(deal, claim=(claim.commitment, claim.instruction_count))
        submit = await self.submit(deal)
        words = (deal.terms.words(), deal.agreement.words(), deal.claim, (1 << 96) - 1)
        challenge, events = await self.send_logged("challenger", "challenge", *words)
        self.gas["challenge_mediated"] = challenge
        s = self.settings
        how = Challenge(ADDRESSES["challenger"], s.bond * UNIT, self.court.address, 3 * s.fee * UNIT)
        stage = Stage(0, 0, Verdict.UNDECIDED, await self.now() + WINDOWS.mediate)
        docket = Docket(deal.terms.id, deal.agreement.verification, s, claim, how, stage)
        opened = events["CaseOpened"]
        if opened["deadline"] != stage.deadline:
            raise RuntimeError("the node's clock moved between two calls")
        return Dispute(deal, docket, opened["ticket"], agree + submit + challenge)

    def foreseen(self, dispute: Dispute, seed: bytes) -> Docket:
        former = dispute.docket.former
        seats = draw(
            list(self.stakes.items()), dispute.docket.draw_seed(seed), dispute.docket.wanted, lambda a: a not in former
        )
        return dispute.docket.seated(seats)

    def ballots(self, docket: Docket, *claims: Claim) -> list[Ballot]:
        filled = [*claims, *[claims[-1]] * (len(docket.seats) - len(claims))]
        return [Ballot(c.commitment, c.instruction_count, True, keccak(text=f"salt {i}")) for i, c in enumerate(filled)]

    def sign(self, docket: Docket, seat: int, digest: bytes) -> bytes:
        key = MEDIATORS[docket.seats[seat]]
        return compact(bytes(key.unsafe_sign_hash(Hash32(digest)).signature))

    def sealed(self, docket: Docket, ballots: Sequence[Ballot]) -> list[tuple[int, bytes, bytes]]:
        court = Court(CHAIN_ID, self.court.address)
        seals = [b.seal(docket.hash, seat) for b, seat in zip(ballots, docket.seats, strict=True)]
        digests = [court.commit_digest(docket.hash, seal) for seal in seals]
        return [(i, seal, self.sign(docket, i, digests[i])) for i, seal in enumerate(seals)]

    def together(self, docket: Docket, ballots: Sequence[Ballot]) -> list[bytes]:
        court = Court(CHAIN_ID, self.court.address)
        seals = [b.seal(docket.hash, seat) for b, seat in zip(ballots, docket.seats, strict=True)]
        digest = court.ballots_digest(docket.hash, seals)
        return [self.sign(docket, i, digest) for i in range(len(ballots))]

    async def by_commit_and_reveal(self, claim: Claim, *found: Claim) -> tuple[int, int, int]:
        """Gas from the agreement on, that of draw and commit, and that of reveal, tally and verdict."""
        dispute = await self.disputed(claim)
        proof, seed = await self.seed(dispute)
        docket, terms = self.foreseen(dispute, seed), dispute.deal.terms.words()
        ballots = self.ballots(docket, *found)
        words = (dispute.docket.words(), terms, proof, self.sealed(docket, ballots))
        first, _ = await self.send_logged("stranger", "drawAndCommit", *words)
        seals = [seal for _, seal, _ in self.sealed(docket, ballots)]
        words = (docket.words(), terms, seals, [b.words() for b in ballots], [])
        last, _ = await self.send_logged("stranger", "tally", *words)
        return dispute.gas + first + last, first, last

    async def all_together(self, claim: Claim, *found: Claim) -> tuple[int, int, Dispute]:
        """Gas from the agreement on, and that of the last transaction."""
        dispute = await self.disputed(claim)
        proof, seed = await self.seed(dispute)
        docket, terms = self.foreseen(dispute, seed), dispute.deal.terms.words()
        ballots = self.ballots(docket, *found)
        words = [ballot.words() for ballot in ballots]
        arguments = (dispute.docket.words(), terms, proof, words, self.together(docket, ballots))
        last, _ = await self.send_logged("stranger", "drawAndTally", *arguments)
        votes, _, verdict = tally(docket, ballots)
        ruled = replace(dispute, docket=docket, votes=votes, verdict=verdict)
        return dispute.gas + last, last, ruled

    # ------------------------------------------------------------ what is measured

    async def run_mediation(self) -> None:
        await self.set(PLAIN)
        gas, base = self.gas, self.gas["agree"] + self.gas["submit"]
        gas["mediated_accept_3"], gas["draw_commit_3"], gas["reveal_tally_3"] = await self.by_commit_and_reveal(
            RESULT, RESULT
        )
        gas["mediated_reject_3"], _, _ = await self.by_commit_and_reveal(WRONG, RESULT)
        gas["mediated_split_3"], _, _ = await self.by_commit_and_reveal(RESULT, WRONG, RESULT)
        gas["mediated_accept_3_together"], gas["draw_tally_3_together"], _ = await self.all_together(RESULT, RESULT)
        gas["mediated_reject_3_together"], _, _ = await self.all_together(WRONG, RESULT)
        gas["dispute_3"] = gas["mediated_accept_3"] - base
        gas["dispute_3_together"] = gas["mediated_accept_3_together"] - base
        await self.run_step_by_step()
        await self.run_appeal()

    async def run_step_by_step(self) -> None:
        """Each mediator for itself, so nobody depends on anybody."""
        dispute = await self.disputed()
        proof, seed = await self.seed(dispute)
        docket, terms = self.foreseen(dispute, seed), dispute.deal.terms.words()
        self.gas["draw_3"], _ = await self.send_logged("stranger", "draw", dispute.docket.words(), terms, proof)
        ballots = self.ballots(docket, RESULT)
        for seat, seal, _ in self.sealed(docket, ballots):
            who = docket.seats[seat]
            self.gas["commit"], _ = await self.send_logged(who, "commit", docket.words(), [(seat, seal, b"")])
        for seat, ballot in enumerate(ballots):
            arguments = (docket.words(), [], [seat], [ballot.words()])
            self.gas["reveal"], _ = await self.send_logged(docket.seats[seat], "reveal", *arguments)
        arguments = (docket.words(), terms, [], [b.words() for b in ballots], [])
        self.gas["tally_3"], _ = await self.send_logged("stranger", "tally", *arguments)
        dispute = await self.disputed()
        proof, seed = await self.seed(dispute)
        docket, terms = self.foreseen(dispute, seed), dispute.deal.terms.words()
        await self.send_logged("stranger", "draw", dispute.docket.words(), terms, proof)
        ballots = self.ballots(docket, RESULT)
        words = [ballot.words() for ballot in ballots]
        signed = (docket.words(), terms, [], words, self.together(docket, ballots))
        self.gas["tally_3_together"], _ = await self.send_logged("stranger", "tally", *signed)
        who = KEYS[0].address
        self.gas["stake"] = await self.send(who, "LilypadMediators", "stake", 10)
        self.gas["unstake"] = await self.send(who, "LilypadMediators", "unstake", 10)
        self.gas["collect"] = await self.send(who, "LilypadMediation", "collect", docket.seats[0])
        await self.next_epoch()

    async def run_appeal(self) -> None:
        await self.set(APPEALABLE)
        _, self.gas["draw_tally_3_together_appealable"], ruled = await self.all_together(RESULT, RESULT)
        await self.wait(APPEALABLE.appeal + 1)
        arguments = (ruled.docket.words(), ruled.deal.terms.words(), list(ruled.votes), ruled.verdict)
        self.gas["execute_3"], _ = await self.send_logged("stranger", "execute", *arguments)

        _, _, ruled = await self.all_together(RESULT, RESULT)
        await self.next_epoch()
        arguments = (ruled.docket.words(), list(ruled.votes), ruled.verdict)
        self.gas["appeal"], events = await self.send_logged("challenger", "appeal", *arguments)
        locked = appeal_fee(ruled.docket, 1) + appeal_bond(APPEALABLE, 1)
        funds = pack_funds(ADDRESSES["challenger"], locked)
        docket = ruled.docket.appealed(funds, ruled.verdict, ruled.votes[0])
        again = replace(ruled, docket=docket, ticket=events["CaseArmed"]["ticket"])
        proof, seed = await self.seed(again)
        docket, terms = self.foreseen(again, seed), again.deal.terms.words()
        ballots = self.ballots(docket, RESULT)
        words = [ballot.words() for ballot in ballots]
        signed = (again.docket.words(), terms, proof, words, self.together(docket, ballots))
        self.gas["draw_tally_7_together"], _ = await self.send_logged("stranger", "drawAndTally", *signed)
        await self.wait(APPEALABLE.appeal + 1)
        votes, _, verdict = tally(docket, ballots)
        self.gas["execute_7"], _ = await self.send_logged("stranger", "execute", docket.words(), terms, votes, verdict)
        former = (ruled.docket.words(), list(ruled.votes), ruled.verdict, funds, verdict, votes[0])
        self.gas["settle_round_3"], _ = await self.send_logged("stranger", "settleRound", *former)


async def measure() -> dict[str, int]:
    """The rows about mediation, to be merged into those of gas.py."""
    async with DevNode(extra=("--no-mining",)) as chain, aiohttp.ClientSession() as http:
        bench = Mediated(Node(http, chain.url))
        await bench.set_up()
        for _ in range(2):  # the first time only makes the state steady
            _, bench.gas["agree"] = deal = await bench.agree()
            bench.gas["submit"] = await bench.submit(deal[0])
            await bench.accept(deal[0])
            await bench.run_mediation()
        return {key: gas for key, gas in sorted(bench.gas.items()) if key not in ("agree", "submit")}


def main() -> None:
    rows = asyncio.run(measure())
    TARGET.write_text(json.dumps(rows, indent=2) + "\n")
    print(json.dumps(rows, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
