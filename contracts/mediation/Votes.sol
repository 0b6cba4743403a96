// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMediationEvents} from "../interfaces/ILilypadMediation.sol";
import {IRandomness} from "../interfaces/IRandomness.sol";
import {Tally} from "../libraries/Tally.sol";
import {DealId} from "../types/DealId.sol";
import {DealTerms, dealId} from "../types/DealTerms.sol";
import {Ballot, CasePhase, CaseSlot, Docket, SealedVote, toCase} from "../types/Docket.sol";
import {MediationSettings} from "../types/MediationSettings.sol";
import {SignedVotes} from "./SignedVotes.sol";

/// @notice The record of a case, and the votes of its round.
abstract contract Votes is SignedVotes, IMediationEvents {
    /// @dev Left over in every window that must fit the deal's, so that what is due can still be sent.
    uint256 internal constant MARGIN = 10 minutes;

    IRandomness public immutable RANDOMNESS;
    /// @notice Seconds. The mediators that count in one epoch's draws are those that were there when it began.
    uint256 public immutable EPOCH;
    /// @dev Of RANDOMNESS, which never changes it.
    uint256 private immutable _DELAY;

    mapping(DealId id => CaseSlot) internal _cases;
    /// @dev A seat's sealed vote, or the mark of what it revealed.
    mapping(bytes32 round => mapping(uint256 seat => bytes32)) internal _votes;

    constructor(IRandomness randomness, uint256 epoch) {
        RANDOMNESS = randomness;
        EPOCH = epoch;
        _DELAY = randomness.delay();
    }

    // ------------------------------------------------------------------ the record

    function _record(Docket memory docket, CasePhase phase, uint256 time, bytes32 digest) internal {
        _cases[docket.id] = toCase(phase, time, digest);
    }

    /// @return time that is on record.
    function _require(Docket memory docket, CasePhase phase, bytes32 digest) internal view returns (uint256 time) {
        CaseSlot slot = _cases[docket.id];
        if (slot.phase() != phase) revert Mediation_WrongPhase(docket.id, slot.phase(), phase);
        time = slot.time();
        if (CaseSlot.unwrap(slot) != CaseSlot.unwrap(toCase(phase, time, digest))) {
            revert Mediation_WrongDocket(docket.id);
        }
    }

    function _requireTerms(Docket memory docket, DealTerms calldata terms) internal pure {
        if (DealId.unwrap(dealId(terms)) != DealId.unwrap(docket.id)) revert Mediation_WrongDocket(docket.id);
    }

    function _requireUntil(DealId id, uint256 deadline) internal view {
        if (block.timestamp > deadline) revert Mediation_TooLate(id, deadline, block.timestamp);
    }

    function _requireAfter(DealId id, uint256 deadline) internal view {
        if (block.timestamp <= deadline) revert Mediation_TooEarly(id, deadline, block.timestamp);
    }

    // ------------------------------------------------------------------ waiting for randomness

    function _epochStart() internal view returns (uint256) {
        return block.timestamp / EPOCH * EPOCH;
    }

    /// @return seconds that a round takes at most, as long as somebody does what is due.
    function _roundTime(MediationSettings settings_) internal view returns (uint256) {
        return _DELAY + EPOCH + settings_.votingTime() + MARGIN;
    }

    /// @dev The moment lies in the first half of an epoch, so that the other half is left to draw.
    function _await(Docket memory docket) internal returns (uint256 ticket) {
        uint256 earliest = block.timestamp + _DELAY;
        if (earliest % EPOCH > EPOCH / 2) earliest = (earliest / EPOCH + 1) * EPOCH;
        ticket = RANDOMNESS.arm(earliest);
        _record(docket, CasePhase.Armed, ticket, docket.hash());
    }

    function _arm(Docket memory docket) internal {
        uint256 ticket = _await(docket);
        emit CaseArmed(docket.id, docket.stage.round(), docket.stage.redrawn(), uint40(ticket));
    }

    // ------------------------------------------------------------------ votes

    function _commit(Docket memory docket, bytes32 round, SealedVote[] calldata votes) internal {
        for (uint256 i = 0; i < votes.length; ++i) {
            (uint256 seat, bytes32 hash) = (votes[i].seat, _sealOf(docket, round, votes[i]));
            if (_votes[round][seat] != 0) revert Mediation_AlreadyCommitted(docket.id, seat);
            _votes[round][seat] = hash;
            emit VoteCommitted(docket.id, docket.seats[seat], hash);
        }
    }

    /// @return seals of all seats, which are not stored one by one.
    function _sealAll(Docket memory docket, bytes32 round, SealedVote[] calldata votes)
        internal
        returns (bytes32[] memory seals)
    {
        seals = new bytes32[](votes.length);
        for (uint256 i = 0; i < votes.length; ++i) {
            if (votes[i].seat != i) revert Mediation_NotSeated(docket.id, msg.sender, votes[i].seat);
            seals[i] = _sealOf(docket, round, votes[i]);
        }
        emit VotesSealed(docket.id, seals);
    }

    function _sealedDigest(bytes32 round, bytes32[] memory seals) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(round, seals));
    }

    /// @dev With the consent of the seat's mediator.
    function _sealOf(Docket memory docket, bytes32 round, SealedVote calldata vote) private view returns (bytes32 hash) {
        hash = vote.hash & ~bytes32(uint256(1));
        if (hash == 0) revert Mediation_WrongBallot(docket.id, vote.seat);
        address mediator = _mediatorOf(docket, vote.seat);
        if (vote.signature.length != 0) _requireCommit(round, mediator, hash, vote.signature);
        else if (mediator != msg.sender) revert Mediation_NotSeated(docket.id, msg.sender, vote.seat);
    }

    /// @return drawnAt when the round was drawn, whose votes are open.
    function _requireVoting(Docket memory docket, bytes32 round, bytes32[] memory seals)
        internal
        view
        returns (uint256 drawnAt)
    {
        if (seals.length == 0) return _require(docket, CasePhase.Voting, round);
        return _require(docket, CasePhase.Sealed, _sealedDigest(round, seals));
    }

    function _reveal(
        Docket memory docket,
        bytes32 round,
        bytes32[] calldata seals,
        uint256 seat,
        Ballot memory ballot
    ) internal {
        address mediator = _mediatorOf(docket, seat);
        bytes32 kept = _keptOf(round, seals, seat);
        if (!ballot.isCast || kept == 0 || kept != _seal(round, mediator, ballot)) {
            revert Mediation_WrongBallot(docket.id, seat);
        }
        _votes[round][seat] = _mark(ballot);
        emit VoteRevealed(docket.id, mediator, ballot.commitment, ballot.instructionCount, ballot.isFetched);
    }

    function _haveAllCommitted(Docket memory docket, bytes32 round, bytes32[] calldata seals)
        internal
        view
        returns (bool)
    {
        if (seals.length != 0) return true;
        for (uint256 i = 0; i < docket.seats.length; ++i) {
            if (_votes[round][i] == 0) return false;
        }
        return true;
    }

    /// @return kept a seat's seal, or the mark of what it revealed; zero without either.
    function _keptOf(bytes32 round, bytes32[] memory seals, uint256 seat) internal view returns (bytes32 kept) {
        kept = _votes[round][seat];
        if (kept == 0 && seals.length != 0) kept = seals[seat];
    }

    /// @param until end of the reveal window.
    /// @return votes the class of each.
    function _countRevealed(
        Docket memory docket,
        bytes32 round,
        bytes32[] calldata seals,
        uint256 until,
        Ballot[] calldata ballots
    ) internal returns (bytes32[] memory votes) {
        _requireOneEach(docket, ballots.length);
        votes = new bytes32[](ballots.length);
        for (uint256 i = 0; i < ballots.length; ++i) {
            Ballot memory ballot = ballots[i];
            bytes32 kept = _keptOf(round, seals, i);
            if (uint256(kept) & 1 == 1) {
                if (!ballot.isCast || _mark(ballot) != kept) revert Mediation_WrongBallot(docket.id, i);
            } else if (ballot.isCast) {
                // Every other seat must have committed, or this one reveals too early: that is so, since a seat that has
                // not cannot be counted in the time in which this one can.
                _requireUntil(docket.id, until);
                if (kept == 0 || kept != _seal(round, docket.seats[i], ballot)) {
                    revert Mediation_WrongBallot(docket.id, i);
                }
            } else {
                _requireAfter(docket.id, until);
            }
            if (_votes[round][i] != 0) delete _votes[round][i];
            votes[i] = _classOf(docket, ballot);
        }
    }

    /// @return votes the class of each; all have signed that they saw the seals of all.
    function _countSigned(Docket memory docket, bytes32 round, Ballot[] calldata ballots, bytes[] calldata signatures)
        internal
        view
        returns (bytes32[] memory votes)
    {
        _requireOneEach(docket, ballots.length);
        _requireOneEach(docket, signatures.length);
        votes = new bytes32[](ballots.length);
        bytes32[] memory seals = new bytes32[](ballots.length);
        for (uint256 i = 0; i < ballots.length; ++i) {
            Ballot memory ballot = ballots[i];
            if (!ballot.isCast) revert Mediation_WrongBallot(docket.id, i);
            seals[i] = _seal(round, docket.seats[i], ballot);
            votes[i] = _classOf(docket, ballot);
        }
        bytes32 digest = _ballotsDigest(round, seals);
        for (uint256 i = 0; i < signatures.length; ++i) {
            _requireSigned(docket.seats[i], digest, signatures[i]);
        }
    }

    function _classOf(Docket memory docket, Ballot memory ballot) private pure returns (bytes32) {
        return Tally.classOf(ballot, docket.result, docket.verification.toleranceBps());
    }

    function _requireOneEach(Docket memory docket, uint256 given) private pure {
        if (given != docket.seats.length) revert Mediation_WrongCount(docket.id, given, docket.seats.length);
    }

    function _mediatorOf(Docket memory docket, uint256 seat) private view returns (address) {
        if (seat >= docket.seats.length) revert Mediation_NotSeated(docket.id, msg.sender, seat);
        return docket.seats[seat];
    }
}
