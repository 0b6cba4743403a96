// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The small numbers of a job offer in one word, lowest bits first: expiry (40), nonce (32), the solver's share
/// in basis points (16), the number of the creator's lane (64).
type JobTicket is bytes32;

using {expiry, nonce, solverBps, laneNumber} for JobTicket global;

function expiry(JobTicket t) pure returns (uint256) {
    return uint40(uint256(JobTicket.unwrap(t)));
}

function nonce(JobTicket t) pure returns (uint32) {
    return uint32(uint256(JobTicket.unwrap(t)) >> 40);
}

function solverBps(JobTicket t) pure returns (uint256) {
    return uint16(uint256(JobTicket.unwrap(t)) >> 72);
}

function laneNumber(JobTicket t) pure returns (uint256) {
    return uint64(uint256(JobTicket.unwrap(t)) >> 88);
}
