// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a deal is recorded: one of its creator's own places, which the job offer names. Lowest bits first:
/// creator (160), number (64).
///
/// A lane holds one deal at a time. Once that deal has ended, its record stays until the creator signs another offer
/// for the same lane; who wants a record for ever never names its lane again, who wants the next deal to cost 17,100
/// less does.
type Lane is bytes32;

function toLane(address creator, uint256 number) pure returns (Lane) {
    return Lane.wrap(bytes32(uint256(uint160(creator)) | (number << 160)));
}
