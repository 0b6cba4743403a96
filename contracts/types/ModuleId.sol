// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {hashOf} from "./Hash.sol";

/// @notice Names one immutable module version: who wrote it, what it earns and what it is, in one hash. So nobody can
/// take another's name, and whoever knows the three needs no look-up to be sure of them.
type ModuleId is bytes32;

function toModuleId(address author, uint16 royaltyBps, bytes32 manifest) pure returns (ModuleId) {
    return ModuleId.wrap(hashOf(bytes32(uint256(uint160(author))), bytes32(uint256(royaltyBps)), manifest));
}
