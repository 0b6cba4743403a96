// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Owns whatever has an owner, and does nothing that the governor did not announce `minDelay` seconds before.
/// @notice The governor alone proposes and cancels, anyone executes, and nobody but the timelock itself grants roles.
contract LilypadTimelock is TimelockController {
    constructor(uint256 minDelay, address governor)
        TimelockController(minDelay, _only(governor), _only(address(0)), address(0))
    {}

    /// @dev As executor, the zero address stands for everybody.
    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
