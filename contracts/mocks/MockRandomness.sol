// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRandomness} from "../interfaces/IRandomness.sol";

/// @dev A ticket is a unix time; the seed of each is whatever was set for it, known from then on for a while.
contract MockRandomness is IRandomness {
    uint256 public life = 1 hours;
    uint256 public immutable delay;
    mapping(uint256 ticket => bytes32) public seeds;

    constructor(uint256 delay_) {
        delay = delay_;
    }

    function set(uint256 ticket, bytes32 value) external {
        seeds[ticket] = value;
    }

    function setLife(uint256 life_) external {
        life = life_;
    }

    function arm(uint256 earliest) external view returns (uint256) {
        return earliest > block.timestamp + delay ? earliest : block.timestamp + delay;
    }

    function seed(uint256 ticket, bytes calldata) external view returns (bytes32 value, uint256 knownAt) {
        if (block.timestamp <= ticket) revert Randomness_NotYet(ticket, block.timestamp);
        if (isMissed(ticket)) revert Randomness_Missed(ticket, block.timestamp);
        value = seeds[ticket];
        return (value == bytes32(0) ? keccak256(abi.encode(ticket)) : value, ticket);
    }

    function isMissed(uint256 ticket) public view returns (bool) {
        return block.timestamp > ticket + life;
    }
}
