"""Takes proposals through their life: propose, vote, queue, execute, each at its earliest second."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from tests.contracts.makers import ETHER

VOTING_DELAY, VOTING_PERIOD, TIMELOCK_DELAY = 10, 60, 120
THRESHOLD = 1_000_000 * ETHER
QUORUM_PERCENT = 4


class State(enum.IntEnum):
    """As IGovernor.ProposalState."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Vote(enum.IntEnum):
    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True)
class Action:
    """One call that a proposal makes."""

    target: ContractInstance
    data: bytes


def call(target: ContractInstance, function: str, *arguments: Any) -> Action:
    return Action(target, bytes(getattr(target, function).encode_input(*arguments)))


@dataclass(frozen=True)
class Proposal:
    id: int
    actions: Sequence[Action]
    description: str
    snapshot: int
    """The votes of this second count."""
    deadline: int
    """The last second of the vote."""

    @property
    def words(self) -> tuple[Any, ...]:
        """Targets, values and calldatas."""
        targets = [action.target.address for action in self.actions]
        return targets, [0] * len(targets), [action.data for action in self.actions]

    @property
    def hashed(self) -> tuple[Any, ...]:
        return *self.words, keccak(text=self.description)


class Council:
    def __init__(self, governor: ContractInstance, voter: AccountAPI, chain: Any) -> None:
        self.governor = governor
        self.voter = voter
        self._chain = chain
        self._numbers = count(1)

    def at(self, timestamp: int) -> None:
        """Now is this second, and the next transaction is in it or later."""
        self._chain.mine(timestamp=timestamp)

    def now(self) -> int:
        return int(self._chain.blocks.head.timestamp)

    def state(self, proposal: Proposal) -> State:
        return State(self.governor.state(proposal.id))

    def propose(self, *actions: Action, by: AccountAPI | None = None) -> Proposal:
        draft = Proposal(0, actions, f"proposal {next(self._numbers)}", 0, 0)
        receipt = self.governor.propose(*draft.words, draft.description, sender=by or self.voter)
        (event,) = self.governor.ProposalCreated.from_receipt(receipt)
        return Proposal(event.proposalId, actions, draft.description, event.voteStart, event.voteEnd)

    def vote(self, proposal: Proposal, support: Vote = Vote.FOR, by: AccountAPI | None = None) -> None:
        if self.now() <= proposal.snapshot:
            self.at(proposal.snapshot + 1)
        self.governor.castVote(proposal.id, support, sender=by or self.voter)

    def close(self, proposal: Proposal) -> State:
        """The vote is over."""
        self.at(proposal.deadline + 1)
        return self.state(proposal)

    def queue(self, proposal: Proposal) -> int:
        """Returns the first second of execution."""
        self.governor.queue(*proposal.hashed, sender=self.voter)
        return int(self.governor.proposalEta(proposal.id))

    def execute(self, proposal: Proposal, by: AccountAPI | None = None) -> ReceiptAPI:
        return self.governor.execute(*proposal.hashed, sender=by or self.voter)

    def queued(self, *actions: Action) -> tuple[Proposal, int]:
        """Voted and queued, with the first second of execution."""
        proposal = self.propose(*actions)
        self.vote(proposal)
        self.close(proposal)
        return proposal, self.queue(proposal)

    def decide(self, *actions: Action) -> ReceiptAPI:
        """A whole life."""
        proposal, ready = self.queued(*actions)
        self.at(ready)
        return self.execute(proposal)
