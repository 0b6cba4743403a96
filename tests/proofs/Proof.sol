// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface Halmos {
    function assume(bool condition) external pure;
}

/// @notice What proofs need: nothing but to say for which inputs they hold.
abstract contract Proof {
    Halmos private constant HALMOS = Halmos(address(uint160(uint256(keccak256("hevm cheat code")))));

    function assume(bool condition) internal pure {
        HALMOS.assume(condition);
    }
}
