// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a job needs or a machine offers, one lane of 32 bits each, lowest bits first:
/// cpu (thousandths of a core), gpu (devices), ram (MiB), vram (MiB), disk (MiB). The highest bit of each lane is zero.
type Resources is uint160;

using {fitsIn} for Resources global;

/// @dev The highest bit of each lane.
uint256 constant RESOURCE_GUARDS = 0x008000000080000000800000008000000080000000;

/// @notice Whether `available` has at least as much in every lane; never where a lane's highest bit is set.
/// @dev All five comparisons at once: a lane with its guard set lends to no other, and keeps the guard exactly if it
/// was not the smaller one.
function fitsIn(Resources needed, Resources available) pure returns (bool) {
    uint256 a = Resources.unwrap(needed);
    uint256 b = Resources.unwrap(available);
    if ((a | b) & RESOURCE_GUARDS != 0) return false;
    // Safe: see above; the highest lane has its guard as well.
    unchecked {
        return ((b | RESOURCE_GUARDS) - a) & RESOURCE_GUARDS == RESOURCE_GUARDS;
    }
}
