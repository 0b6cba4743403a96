// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The small numbers of a resource offer in one word, lowest bits first: expiry (40), nonce (32), and in basis
/// points (16 each) the most that solver, author and protocol may take together, the penalty for lateness and the fee
/// for declining.
type ResourceTicket is bytes32;

using {expiry, nonce, sharesBps, latePenaltyBps, declineFeeBps} for ResourceTicket global;

function expiry(ResourceTicket t) pure returns (uint256) {
    return uint40(uint256(ResourceTicket.unwrap(t)));
}

function nonce(ResourceTicket t) pure returns (uint32) {
    return uint32(uint256(ResourceTicket.unwrap(t)) >> 40);
}

function sharesBps(ResourceTicket t) pure returns (uint256) {
    return uint16(uint256(ResourceTicket.unwrap(t)) >> 72);
}

function latePenaltyBps(ResourceTicket t) pure returns (uint256) {
    return uint16(uint256(ResourceTicket.unwrap(t)) >> 88);
}

function declineFeeBps(ResourceTicket t) pure returns (uint256) {
    return uint16(uint256(ResourceTicket.unwrap(t)) >> 104);
}
