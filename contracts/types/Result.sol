// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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

/// @notice Who disputes a result, and what it locked for that.
/// @param challenger anyone, the creator included.
/// @param fee what the mediators earn.
/// @param bond what the challenger loses when the result was right.
struct Challenge {
    address challenger;
    uint128 fee;
    uint128 bond;
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

/// @dev See Deal.digest for why 208 bits.
function digestOf(Result memory result) pure returns (bytes26) {
    return bytes26(keccak256(abi.encode(result)));
}

/// @dev Binds the challenge to the result it disputes.
function digestWith(Challenge memory challenge, Result memory result) pure returns (bytes26) {
    return bytes26(keccak256(abi.encode(result, challenge)));
}
