// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Resources} from "./Resources.sol";
import {Windows} from "./Windows.sol";

/// @notice What a job needs, or a provider has and insists on, in one word, lowest bits first:
/// resources (160), windows (96).
type Requirements is bytes32;

using {resources, windows} for Requirements global;

function resources(Requirements r) pure returns (Resources) {
    return Resources.wrap(uint160(uint256(Requirements.unwrap(r))));
}

function windows(Requirements r) pure returns (Windows) {
    return Windows.wrap(uint96(uint256(Requirements.unwrap(r)) >> 160));
}
