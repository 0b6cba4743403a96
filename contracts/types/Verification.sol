// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How a disputed result is decided, in one word that both offers must repeat exactly, lowest bits first:
/// mediation (160: the contract that judges), set (32: which mediators, zero = all), mediators (8: how many are
/// drawn, odd), level (8), toleranceBps (16: how far two measured instruction counts may differ).
type Verification is bytes32;

using {mediation, mediatorSet, mediators, level, toleranceBps, valid} for Verification global;

/// @dev The levels a deal may name. Direct acceptance (settle) is open at every level; the higher ones (proven,
/// zero-knowledge) come with their verifiers.
uint8 constant LEVEL_MEDIATED = 2;

function mediation(Verification v) pure returns (address) {
    return address(uint160(uint256(Verification.unwrap(v))));
}

function mediatorSet(Verification v) pure returns (uint32) {
    return uint32(uint256(Verification.unwrap(v)) >> 160);
}

function mediators(Verification v) pure returns (uint8) {
    return uint8(uint256(Verification.unwrap(v)) >> 192);
}

function level(Verification v) pure returns (uint8) {
    return uint8(uint256(Verification.unwrap(v)) >> 200);
}

function toleranceBps(Verification v) pure returns (uint16) {
    return uint16(uint256(Verification.unwrap(v)) >> 208);
}

/// @notice Whether the word names a level that exists and somebody who judges, and nothing in its unused bits.
function valid(Verification v) pure returns (bool) {
    return uint256(Verification.unwrap(v)) >> 224 == 0 && v.level() == LEVEL_MEDIATED && v.mediation() != address(0);
}
