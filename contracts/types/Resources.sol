// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a job needs or a machine offers, one 32-bit lane each, lowest bits first:
/// cpu (thousandths of a core), gpu (devices), ram (MiB), vram (MiB), disk (MiB). The rest is zero.
type Resources is uint256;

using {fitsIn} for Resources global;

/// @notice Whether `available` has at least as much in every lane.
/// @dev Bits above the five lanes must be zero in both, so that every word has one meaning.
function fitsIn(Resources needed, Resources available) pure returns (bool) {
    uint256 a = Resources.unwrap(needed);
    uint256 b = Resources.unwrap(available);
    if ((a | b) >> 160 != 0) return false;
    for (uint256 lane = 0; lane < 160; lane += 32) {
        if (uint32(a >> lane) > uint32(b >> lane)) return false;
    }
    return true;
}
