// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DealId} from "./DealId.sol";
import {Funds} from "./Funds.sol";
import {hashOf} from "./Hash.sol";

using {digestOf} for Result global;
using {digestWith} for Challenge global;

/// @notice What a provider answers.
/// @param commitment keccak256 of the output's content digest, the return value's digest, the exit status and the
/// digests of both logs.
/// @param instructionCount what is billed.
struct Result {
    bytes32 commitment;
    uint64 instructionCount;
}

/// @notice Who disputes a result before whom, and what it locked for that.
/// @param challenger anyone, the creator included; and the bond that it loses when the result was right.
/// @param mediation who decides, as the two sides agreed; and the fee that the mediators earn.
struct Challenge {
    Funds challenger;
    Funds mediation;
}

/// @notice What a mediation may decide.
/// Right: the provider is paid. Withheld: right, but the output could not be fetched from the provider, so that it
/// pays the mediators. Wrong: the provider is slashed. Undecided: everybody goes home whole.
enum Verdict {
    Right,
    Withheld,
    Wrong,
    Undecided
}

/// @dev What is on record of a deal with this result: see Deal.digest for why 208 bits.
function digestOf(Result calldata result, DealId id) pure returns (bytes26) {
    return bytes26(hashOf(DealId.unwrap(id), result.commitment, bytes32(uint256(result.instructionCount))));
}

/// @dev Binds the challenge to the deal and to the result it disputes.
function digestWith(Challenge memory challenge, DealId id, Result calldata result) pure returns (bytes26) {
    return bytes26(
        keccak256(
            abi.encode(id, result.commitment, result.instructionCount, challenge.challenger, challenge.mediation)
        )
    );
}
