// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who takes which part of the cost before the provider, in basis points, 16 bits each, lowest bits first:
/// solver, royalty, protocol.
type Shares is uint48;

using {solverBps, royaltyBps, protocolBps, totalBps, isNone} for Shares global;

uint256 constant BPS = 10_000;

function toShares(uint256 solver_, uint256 royalty_, uint256 protocol_) pure returns (Shares) {
    return Shares.wrap(uint48(solver_ | (royalty_ << 16) | (protocol_ << 32)));
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
    // Safe: three numbers of 16 bits.
    unchecked {
        return s.solverBps() + s.royaltyBps() + s.protocolBps();
    }
}

/// @notice Whether the provider has all of the cost.
function isNone(Shares s) pure returns (bool) {
    return Shares.unwrap(s) == 0;
}
