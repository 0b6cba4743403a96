"""The life of a proposal on the real contracts: proposed, voted on, queued, and executed by anyone."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.matching import ModuleStatus
from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

from .council import QUORUM_PERCENT, THRESHOLD, TIMELOCK_DELAY, VOTING_DELAY, VOTING_PERIOD, Action, State, Vote, call

NO_STATE = bytes(32)


def only(*states: State) -> bytes:
    """As the governor tells which states it would have taken."""
    return sum(1 << state for state in states).to_bytes(32, "big")


def ready(operation: int = 2) -> bytes:
    """As the timelock does: 2 is Ready."""
    return (1 << operation).to_bytes(32, "big")


@pytest.fixture
def tighten(house: Any) -> Action:
    return call(house.protocol.controller, "setParameters", 400, 25_000)


def test_deployment__settings__are_those_that_were_given(governor: Any, timelock: Any, token: Any) -> None:
    assert (governor.votingDelay(), governor.votingPeriod()) == (VOTING_DELAY, VOTING_PERIOD)
    assert (governor.proposalThreshold(), governor.token()) == (THRESHOLD, token)
    assert (governor.quorumNumerator(), governor.quorumDenominator()) == (QUORUM_PERCENT, 100)
    assert timelock.getMinDelay() == TIMELOCK_DELAY
    assert governor.CLOCK_MODE() == token.CLOCK_MODE() == "mode=timestamp"


def test_proposal__for_the_parameters__passes_through_every_state(
    house: Any, council: Any, tighten: Any, stranger: Any
) -> None:
    controller = house.protocol.controller
    proposal = council.propose(tighten)
    assert council.state(proposal) is State.PENDING
    assert (proposal.snapshot, proposal.deadline - proposal.snapshot) == (council.now() + VOTING_DELAY, VOTING_PERIOD)
    council.vote(proposal)
    assert council.state(proposal) is State.ACTIVE
    assert council.close(proposal) is State.SUCCEEDED
    first_second = council.queue(proposal)
    assert (council.state(proposal), first_second) == (State.QUEUED, council.now() + TIMELOCK_DELAY)

    council.at(first_second)
    receipt = council.execute(proposal, by=stranger)

    (event,) = controller.ParametersChanged.from_receipt(receipt)
    assert (event.protocolBps, event.collateralFloorBps) == (400, 25_000)
    assert (controller.protocolBps(), controller.collateralFloorBps()) == (400, 25_000)
    assert council.state(proposal) is State.EXECUTED


def test_proposal__to_curate__sets_the_status(house: Any, council: Any, roles: Any) -> None:
    modules, manifest = house.protocol.modules, keccak(text="a new version")
    modules.publish(manifest, "cowsay", "2.0.0", 0, sender=roles.author)
    module = bytes(modules.moduleId(roles.author, 0, manifest))
    council.decide(call(modules, "curate", module, ModuleStatus.CURATED))
    assert modules.moduleOf(module).status == ModuleStatus.CURATED


def test_proposal__executed_past_the_governor__is_the_same(
    house: Any, council: Any, timelock: Any, tighten: Any, stranger: Any
) -> None:
    proposal, first_second = council.queued(tighten)
    council.at(first_second)
    salt = bytes(a ^ b for a, b in zip(_padded(house.governor), keccak(text=proposal.description), strict=True))
    timelock.executeBatch(*proposal.words, bytes(32), salt, sender=stranger)
    assert house.protocol.controller.protocolBps() == 400
    assert council.state(proposal) is State.EXECUTED


def _padded(contract: Any) -> bytes:
    return bytes.fromhex(contract.address[2:]).ljust(32, b"\0")


# ------------------------------------------------------------ defeat


def test_proposal__more_votes_against__is_defeated(council: Any, tighten: Any, roles: Any) -> None:
    proposal = council.propose(tighten)
    council.vote(proposal, Vote.FOR, by=roles.judge)
    council.vote(proposal, Vote.AGAINST)
    assert council.close(proposal) is State.DEFEATED
    with reverts_with(
        "GovernorUnexpectedProposalState",
        proposalId=proposal.id,
        current=State.DEFEATED,
        expectedStates=only(State.SUCCEEDED),
    ):
        council.queue(proposal)


def test_proposal__below_the_quorum__is_defeated(council: Any, governor: Any, tighten: Any, roles: Any) -> None:
    proposal = council.propose(tighten, by=roles.judge)
    council.vote(proposal, Vote.FOR, by=roles.judge)
    assert council.close(proposal) is State.DEFEATED
    assert governor.quorum(proposal.snapshot) == 40_000_000 * ETHER


def test_proposal__quorum_by_abstention__succeeds(council: Any, tighten: Any, roles: Any) -> None:
    proposal = council.propose(tighten)
    council.vote(proposal, Vote.FOR, by=roles.judge)
    council.vote(proposal, Vote.ABSTAIN)
    assert council.close(proposal) is State.SUCCEEDED


def test_vote__with_tokens_that_came_after_the_snapshot__counts_nothing(
    council: Any, token: Any, tighten: Any, roles: Any, governor: Any
) -> None:
    latecomer = roles.stranger
    token.invoke_transaction("delegate", latecomer, sender=latecomer)
    proposal = council.propose(tighten)
    council.at(proposal.snapshot + 1)
    token.transfer(latecomer, 500_000_000 * ETHER, sender=roles.holder)
    council.vote(proposal, Vote.FOR, by=latecomer)
    assert tuple(governor.proposalVotes(proposal.id)) == (0, 0, 0)


# ------------------------------------------------------------ out of turn


def test_propose__below_the_threshold__reverts(council: Any, tighten: Any, stranger: Any) -> None:
    with reverts_with("GovernorInsufficientProposerVotes", proposer=stranger, votes=0, threshold=THRESHOLD):
        council.propose(tighten, by=stranger)


def test_vote__before_the_snapshot_or_twice__reverts(council: Any, governor: Any, tighten: Any) -> None:
    proposal = council.propose(tighten)
    wrong = {"proposalId": proposal.id, "expectedStates": only(State.ACTIVE)}
    with reverts_with("GovernorUnexpectedProposalState", current=State.PENDING, **wrong):
        governor.castVote(proposal.id, Vote.FOR, sender=council.voter)
    council.vote(proposal)
    with reverts_with("GovernorAlreadyCastVote", voter=council.voter):
        council.vote(proposal, Vote.AGAINST)


def test_execute__before_it_is_queued__reverts(council: Any, tighten: Any) -> None:
    proposal = council.propose(tighten)
    council.vote(proposal)
    council.close(proposal)
    wrong = {"proposalId": proposal.id, "expectedStates": only(State.QUEUED)}
    with reverts_with("GovernorUnexpectedProposalState", current=State.SUCCEEDED, **wrong):
        council.execute(proposal)


def test_execute__inside_the_delay__reverts(house: Any, council: Any, timelock: Any, tighten: Any, at: Any) -> None:
    proposal, first_second = council.queued(tighten)
    salt = bytes(a ^ b for a, b in zip(_padded(house.governor), keccak(text=proposal.description), strict=True))
    operation = keccak(
        encode(
            ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"],
            [*proposal.words, bytes(32), salt],
        )
    )
    at(first_second - 1)
    with reverts_with("TimelockUnexpectedOperationState", operationId=operation, expectedStates=ready()):
        council.execute(proposal)
    at(first_second)
    council.execute(proposal)


def test_execute__again__reverts(council: Any, tighten: Any) -> None:
    proposal, first_second = council.queued(tighten)
    council.at(first_second)
    council.execute(proposal)
    wrong = {"proposalId": proposal.id, "expectedStates": only(State.QUEUED)}
    with reverts_with("GovernorUnexpectedProposalState", current=State.EXECUTED, **wrong):
        council.execute(proposal)


def test_execute__refused_by_the_target__reverts_with_its_reason(house: Any, council: Any) -> None:
    proposal, first_second = council.queued(call(house.protocol.controller, "setParameters", 1_001, 1_000))
    council.at(first_second)
    with reverts_with("Controller_ParameterOutOfBounds", value=1_001, low=0, high=1_000):
        council.execute(proposal)


# ------------------------------------------------------------ cancelling


def test_cancel__by_its_proposer_while_pending__ends_it(council: Any, governor: Any, tighten: Any) -> None:
    proposal = council.propose(tighten)
    governor.cancel(*proposal.hashed, sender=council.voter)
    assert council.state(proposal) is State.CANCELED


def test_cancel__by_anyone_else_or_later__reverts(council: Any, governor: Any, tighten: Any, roles: Any) -> None:
    proposal = council.propose(tighten)
    with reverts_with("GovernorUnableToCancel", proposalId=proposal.id, account=roles.judge):
        governor.cancel(*proposal.hashed, sender=roles.judge)
    council.vote(proposal)
    with reverts_with("GovernorUnableToCancel", proposalId=proposal.id, account=council.voter):
        governor.cancel(*proposal.hashed, sender=council.voter)


# ------------------------------------------------------------ governance of governance


def test_proposal__for_its_own_settings__changes_them(house: Any, council: Any, governor: Any, timelock: Any) -> None:
    council.decide(
        call(governor, "setVotingPeriod", 600),
        call(governor, "updateQuorumNumerator", 10),
        call(timelock, "updateDelay", 240),
    )
    assert (governor.votingPeriod(), governor.quorumNumerator(), timelock.getMinDelay()) == (600, 10, 240)
