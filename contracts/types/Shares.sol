// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who takes which part of the cost before the provider, in basis points, 16 bits each, lowest bits first:
/// solver, royalty, protocol.
type Shares is uint256;

using {solverBps, royaltyBps, protocolBps, totalBps} for Shares global;

uint256 constant BPS = 10_000;

function toShares(uint16 solver_, uint16 royalty_, uint16 protocol_) pure returns (Shares) {
    return Shares.wrap(uint256(solver_) | (uint256(royalty_) << 16) | (uint256(protocol_) << 32));
}

function solverBps(Shares s) pure returns (uint256) {
    return uint16(Shares.unwrap(s));
}

function royaltyBps(Shares s) pure returns (uint256) {
    return uint16(Shares.unwrap(s) >> 16);
}

function protocolBps(Shares s) pure returns (uint256) {
    return uint16(Shares.unwrap(s) >> 32);
}

function totalBps(Shares s) pure returns (uint256) {
    return s.solverBps() + s.royaltyBps() + s.protocolBps();
}
