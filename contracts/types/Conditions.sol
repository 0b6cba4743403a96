// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Shares} from "./Shares.sol";
import {Windows} from "./Windows.sol";

/// @notice The small numbers of a deal in one word, lowest bits first: shares of the cost (48), the provider's penalty
/// for lateness and its fee for declining, both in basis points of its collateral (16 each), windows (96), and the
/// number of the creator's lane that the deal is recorded in (64).
type Conditions is bytes32;

using {shares, latePenaltyBps, declineFeeBps, windows, laneNumber} for Conditions global;

function toConditions(Shares shares_, uint256 latePenaltyBps_, uint256 declineFeeBps_, Windows windows_, uint256 lane_)
    pure
    returns (Conditions)
{
    return Conditions.wrap(
        bytes32(
            uint256(Shares.unwrap(shares_)) | (latePenaltyBps_ << 48) | (declineFeeBps_ << 64)
                | (uint256(Windows.unwrap(windows_)) << 80) | (lane_ << 176)
        )
    );
}

function shares(Conditions c) pure returns (Shares) {
    return Shares.wrap(uint48(uint256(Conditions.unwrap(c))));
}

function latePenaltyBps(Conditions c) pure returns (uint256) {
    return uint16(uint256(Conditions.unwrap(c)) >> 48);
}

function declineFeeBps(Conditions c) pure returns (uint256) {
    return uint16(uint256(Conditions.unwrap(c)) >> 64);
}

function windows(Conditions c) pure returns (Windows) {
    return Windows.wrap(uint96(uint256(Conditions.unwrap(c)) >> 80));
}

function laneNumber(Conditions c) pure returns (uint256) {
    return uint64(uint256(Conditions.unwrap(c)) >> 176);
}
