"""The court of drawn, staked mediators, as one account uses it."""

from __future__ import annotations

from dataclasses import dataclass

from lilypad.agents.network import Actor, Network
from lilypad.chain.contracts import Contract, decode_event
from lilypad.chain.header import header_of
from lilypad.chain.receipts import Receipt
from lilypad.chain.rpc import to_hex
from lilypad.errors import FaultError
from lilypad.protocol.case import Case, FormerRound
from lilypad.protocol.deal import Deal, Verdict
from lilypad.protocol.docket import UNIT, Ballot, Settings
from lilypad.types import Address, DealId


@dataclass(frozen=True, slots=True)
class Stake:
    """What a mediator has at stake. Amounts in wei of the token."""

    staked: int
    at_risk: int
    """What cases that it sits in may take."""
    leaving: int
    leaves_at: int
    """Unix time from which on what is leaving may be released."""
    owed: int
    """Fees that it has not collected."""


@dataclass(frozen=True, slots=True)
class Slash:
    case: DealId
    mediator: Address
    amount: int
    """Wei of the token."""


class CourtRoom:
    """What can be asked of the court.

    Raises:
        FaultError: this network has none.
    """

    def __init__(self, network: Network) -> None:
        contracts = network.deployment.contracts
        if "LilypadMediation" not in contracts:
            raise FaultError("this network has no court of mediators", chain_id=network.deployment.chain_id)
        self.network = network
        self.mediation = Contract("LilypadMediation", contracts["LilypadMediation"])
        self.mediators = Contract("LilypadMediators", contracts["LilypadMediators"])

    async def settings(self) -> Settings:
        """For cases that are opened now."""
        return Settings.unpack(await self.mediation.call(self.network.rpc, "settings"))

    async def now(self) -> int:
        """By the chain's clock, which decides what may be done: the time of its newest block."""
        block = await self.network.rpc.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    async def stake_of(self, account: Address) -> Stake:
        found = await self.mediators.call(self.network.rpc, "mediatorOf", account)
        staked, at_risk, leaving, leaves_at, owed = found
        return Stake(staked * UNIT, at_risk * UNIT, leaving * UNIT, leaves_at, owed)

    async def free(self, account: Address) -> int:
        """In the compartment of the mediators: rewards, and what is to be staked. Wei of the token."""
        free, _ = await self.network.payments.call(self.network.rpc, "balanceOf", self.mediators.address, account)
        return int(free)

    async def slashes(self, mediator: Address | None = None) -> list[Slash]:
        """Everything that mediators ever lost, oldest first."""
        who = () if mediator is None else ("0x" + mediator[2:].lower().rjust(64, "0"),)
        topics = self.mediators.topic("MediatorSlashed"), None, *who
        events = map(decode_event, await self.network.logs(self.mediators, *topics))
        return [Slash(DealId(e.args["id"]), e.args["mediator"], e.args["units"] * UNIT) for e in events]

    async def seats_of(self, case: DealId) -> list[Address]:
        """Everybody who was ever drawn for it."""
        topics = self.mediation.topic("CaseDrawn"), to_hex(case)
        events = map(decode_event, await self.network.logs(self.mediation, *topics))
        return list(dict.fromkeys(seat for event in events for seat in event.args["seats"]))

    async def is_ripe(self, case: Case) -> bool:
        """Whether the block whose randomness draws the mediators is behind the chain's head."""
        head = int(await self.network.rpc.call("eth_blockNumber"), 16)
        return head > case.ticket

    async def proof(self, case: Case) -> bytes:
        """The header of that block; empty if the node has forgotten it."""
        block = await self.network.rpc.call("eth_getBlockByNumber", hex(case.ticket), False)
        return header_of(block) if block is not None else b""


class CourtActor(CourtRoom):
    """What one account can do before the court. Every transaction has a key that names its effect: see Sender."""

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor)
        self.actor = actor
        self.account = actor.account

    # ------------------------------------------------------------------ stakes

    async def fund(self, amount: int, key: str) -> None:
        """From the account's own tokens into its free balance with the mediators. Wei of the token."""
        await self.actor.deposit(amount, key, self.mediators)

    async def stake(self, amount: int, key: str) -> Receipt:
        return await self._send(self.mediators, "stake", amount // UNIT, key=f"stake:{key}")

    async def unstake(self, amount: int, key: str) -> Receipt:
        return await self._send(self.mediators, "unstake", amount // UNIT, key=f"unstake:{key}")

    async def release(self, key: str) -> Receipt:
        return await self._send(self.mediators, "release", self.account, key=f"release:{key}")

    async def withdraw(self, amount: int, key: str) -> Receipt:
        """Of what is free with the mediators, to the account's own hands."""
        return await self.actor.withdraw(amount, key, self.mediators)

    async def collect(self, key: str) -> Receipt:
        """Fees that are owed, into the account's free balance with the controller."""
        return await self._send(self.mediation, "collect", self.account, key=f"collect:{key}")

    # ------------------------------------------------------------------ votes

    async def commit(self, case: Case, seat: int, seal: bytes) -> Receipt:
        return await self._on_case("commit", case, [(seat, seal, b"")])

    async def reveal(self, case: Case, seat: int, ballot: Ballot) -> Receipt:
        return await self._on_case("reveal", case, list(case.seals), [seat], [ballot.words()])

    # ------------------------------------------------------------------ what anyone may do

    async def appeal(self, case: Case) -> Receipt:
        """Asks for a round of twice as many mediators and one more, paid from what is free with the mediators: see
        lilypad.agents.appealing."""
        return await self._on_case("appeal", case, list(case.votes), _verdict(case))

    async def draw(self, case: Case, deal: Deal, proof: bytes) -> Receipt:
        return await self._on_case("draw", case, deal.terms.words(), proof)

    async def rearm(self, case: Case, proof: bytes) -> Receipt:
        key = f"rearm:{case.docket.hash.hex()}:{case.ticket}"
        return await self._send(self.mediation, "rearm", case.docket.words(), proof, key=key)

    async def tally(self, case: Case, deal: Deal) -> Receipt:
        ballots = [ballot.words() for ballot in case.ballots()]
        return await self._on_case("tally", case, deal.terms.words(), list(case.seals), ballots, [])

    async def execute(self, case: Case, deal: Deal) -> Receipt:
        return await self._on_case("execute", case, deal.terms.words(), list(case.votes), _verdict(case))

    async def abandon(self, case: Case, deal: Deal) -> Receipt:
        votes = list(case.votes or case.seals)
        verdict = case.verdict if case.verdict is not None else Verdict.UNDECIDED
        return await self._on_case("abandon", case, deal.terms.words(), votes, int(verdict))

    async def settle_round(self, case: Case, former: FormerRound) -> Receipt:
        ruled = former.docket.words(), list(former.votes), int(former.verdict), former.appellant
        key = f"settleRound:{former.docket.hash.hex()}"
        return await self._send(self.mediation, "settleRound", *ruled, _verdict(case), case.winner, key=key)

    # ------------------------------------------------------------------ internal

    async def _on_case(self, function: str, case: Case, *arguments: object) -> Receipt:
        key = f"{function}:{case.docket.hash.hex()}"
        return await self._send(self.mediation, function, case.docket.words(), *arguments, key=key)

    async def _send(self, contract: Contract, function: str, *arguments: object, key: str) -> Receipt:
        return await self.actor.sender.send(contract.address, contract.encode(function, *arguments), key=key)


async def publishers(network: Network, deal: Deal) -> list[str]:
    """Base URLs of the mediators that publish what the provider withheld."""
    judge = network.deployment.contracts.get("LilypadMediation")
    if deal.verdict is not Verdict.WITHHELD or judge != deal.agreement.verification.mediation:
        return []
    seats = await CourtRoom(network).seats_of(deal.id)
    return [url for seat in seats if (url := await network.endpoint(seat))]


def _verdict(case: Case) -> int:
    if case.verdict is None:
        raise FaultError("this case has no ruling yet", case=case.id)
    return int(case.verdict)
