// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ballot} from "../types/Docket.sol";
import {Result, Verdict} from "../types/Result.sol";
import {BPS} from "../types/Shares.sol";

/// @notice What a round of votes says: pure rules, mirrored in offchain/lilypad/protocol/mediation.py.
///
/// Each cast vote belongs to one class: it UPHOLDS the result (same commitment, and the counted instructions within the
/// tolerance), it finds another BILL (same commitment, another count), or it names another commitment, which is then the
/// name of its class; zero says that the job CANNOT_RUN. A class wins with more than half of all seats, silent ones included; there is no ruling without.
/// So right and wrong need the same majority, and where the tolerance is zero the count is voted on exactly.
library Tally {
    /// @dev Classes. No hash is as small as these.
    bytes32 internal constant SILENT = bytes32(0);
    bytes32 internal constant UPHOLDS = bytes32(uint256(1));
    bytes32 internal constant BILL = bytes32(uint256(2));
    bytes32 internal constant CANNOT_RUN = bytes32(uint256(3));

    function classOf(Ballot memory ballot, Result memory result, uint256 toleranceBps) internal pure returns (bytes32) {
        if (!ballot.isCast) return SILENT;
        // First, so that a provider that commits to zero is not upheld by those who could not run the job.
        if (uint256(ballot.commitment) <= uint256(CANNOT_RUN)) return CANNOT_RUN;
        if (ballot.commitment != result.commitment) return ballot.commitment;
        return isWithin(result.instructionCount, ballot.instructionCount, toleranceBps) ? UPHOLDS : BILL;
    }

    /// @return whether `billed` differs from what a mediator counted by no more than the tolerance, as a share of that.
    function isWithin(uint256 billed, uint256 counted, uint256 toleranceBps) internal pure returns (bool) {
        uint256 difference = billed > counted ? billed - counted : counted - billed;
        return difference * BPS <= counted * toleranceBps;
    }

    /// @return winner the class of more than half of all seats; SILENT without one.
    function winnerOf(bytes32[] memory votes) internal pure returns (bytes32 winner) {
        uint256 lead;
        // Whoever has more than half is the one that is left (Boyer and Moore); whether it has is counted afterwards.
        for (uint256 i = 0; i < votes.length; ++i) {
            if (lead == 0) (winner, lead) = (votes[i], 1);
            else if (votes[i] == winner) ++lead;
            else --lead;
        }
        if (countOf(votes, winner) * 2 <= votes.length) winner = SILENT;
    }

    function countOf(bytes32[] memory votes, bytes32 class) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < votes.length; ++i) {
            if (votes[i] == class) ++count;
        }
    }

    /// @param unfetched how many of those who uphold the result could not fetch its output.
    function verdictOf(bytes32 winner, uint256 upholding, uint256 unfetched) internal pure returns (Verdict) {
        if (winner == UPHOLDS) return unfetched * 2 > upholding ? Verdict.Withheld : Verdict.Right;
        return winner == SILENT || winner == CANNOT_RUN ? Verdict.Undecided : Verdict.Wrong;
    }
}
